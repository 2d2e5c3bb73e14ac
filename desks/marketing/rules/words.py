"""Words that are not written, on proselint's types of rules: terms and their capitals, words to avoid, inclusive words, tone."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from proselint.registry.checks import Check, Padding
from proselint.registry.checks.engine import Fast, RegexOptions
from proselint.registry.checks.types import Existence, PreferredForms

from desks.marketing.copy.text import Copy
from desks.marketing.models.brand import Brand, Term, WordRule
from desks.marketing.models.flag import Flag
from desks.marketing.models.occasion import Occasion
from desks.marketing.rules.patterns import is_whole, phrase
from desks.marketing.rules.rule import Rule, flag, is_within, quotes_in
from dispatch.models.work.severity import Severity

_ANY_CASE: Final = Fast(RegexOptions(case_insensitive=True))
_WORD_PARTS: Final = 3
_MOST_IN_ONE: Final = 100


@dataclass(frozen=True)
class Words:
    """A word that the brand does not write, with what it writes instead; of `words`, `inclusive` or `tone`."""

    name: str
    entry: WordRule

    @cached_property
    def _check(self) -> Check:
        patterns = [phrase(word) for word in self.entry.not_]
        if forms := self._forms(patterns):
            return Check(PreferredForms(forms, Padding.SAFE_JOIN), _ANY_CASE, self.name)
        return Check(Existence(tuple(patterns), Padding.SAFE_JOIN), _ANY_CASE, self.name)

    def _forms(self, patterns: Sequence[str]) -> dict[str, str]:
        """Return what is written for each word: the one, or the one beside it where there are as many; else nothing."""
        use = self.entry.use
        if len(use) == 1:
            return dict.fromkeys(patterns, use[0])
        return dict(zip(patterns, use, strict=True)) if len(use) == len(patterns) else {}

    def check(self, copy: Copy, occasion: Occasion) -> Iterator[Flag]:
        """Yield each place where one of the words stands, but not inside a longer word or a quotation."""
        entry = self.entry
        if entry.channels and occasion.channel and occasion.channel not in entry.channels:
            return
        if entry.language is not None and entry.language != occasion.language:
            return
        found_at = {tuple(one.span): one.replacements for one in self._check.check(copy.text)}
        quoted = quotes_in(copy) if found_at else ()
        last = -1
        # Of two that begin at one place the longer: 'e-mails' is not 'e-mail' with an s.
        for (start, end), replacement in sorted(found_at.items(), key=lambda one: (one[0][0], -one[0][1])):
            if start < last or not is_whole(copy.text, start, end) or is_within((start, end), quoted):
                continue
            last = end
            found = copy.text[start:end]
            use = [in_case_of(found, word) for word in ((replacement,) if replacement else entry.use)]
            told = f"write {' or '.join(f'“{word}”' for word in use)}" if use else "leave it out"
            why = f": {entry.why}" if entry.why else ""
            yield flag(
                copy,
                self.name,
                (start, end),
                f"“{found}” is not our word; {told}{why}",
                severity=entry.severity,
                replacement=use[0] if len(use) == 1 else None,
                certain=len(use) == 1 and entry.fix and not _is_hyphenated(copy.text, start, end),
            )


@dataclass(frozen=True)
class Terms:
    """A name of the brand in another spelling than its one."""

    term: Term
    name: str = "term.capitals"

    @cached_property
    def _check(self) -> Check:
        parts = self.term.write.split()
        # 'KestrelCloud' and 'Kestrel-Cloud' are spellings of 'Kestrel Cloud'.
        own = (
            r"[\s-]?".join(phrase(part) for part in parts)
            if len(parts) <= _WORD_PARTS
            else phrase(self.term.write)
        )
        forms = [] if self.term.any_capitals else [own]
        forms += [phrase(word) for word in self.term.never]
        return Check(
            PreferredForms(dict.fromkeys(forms, self.term.write), Padding.SAFE_JOIN), _ANY_CASE, self.name
        )

    def check(self, copy: Copy, occasion: Occasion) -> Iterator[Flag]:
        """Yield each place where the name is spelt otherwise; text that is all in capitals has the name in capitals."""
        del occasion
        right = self.term.write
        spans = sorted(
            {tuple(result.span) for result in self._check.check(copy.text)}, key=lambda s: (s[0], -s[1])
        )
        quoted = quotes_in(copy) if spans else ()
        last = -1
        for start, end in spans:
            found = copy.text[start:end]
            if start < last or " ".join(found.split()) == right or not is_whole(copy.text, start, end):
                continue
            if copy.text[start:end].isupper() and _is_shouted(copy, start):
                continue
            last = end
            yield flag(
                copy,
                self.name,
                (start, end),
                f"“{found}” is written “{right}”",
                severity=Severity.MINOR,
                replacement=right,
                certain=not is_within((start, end), quoted) and not _is_hyphenated(copy.text, start, end),
            )


def word_rules(brand: Brand) -> Sequence[Rule]:
    """Return the rules of a brand's terms and words."""
    groups = (("word.avoid", brand.words), ("word.inclusive", brand.inclusive), ("word.tone", brand.tone))
    return (
        *(Terms(term) for term in brand.terms),
        *(Words(name, entry) for name, entries in groups for entry in entries),
    )


def in_case_of(found: str, word: str) -> str:
    """Return a replacement with the capitals of what it replaces; its own capitals stay."""
    letters = [char for char in found if char.isalpha()]
    if len(letters) > 1 and all(char.isupper() for char in letters) and word.islower():
        return word.upper()
    if letters and letters[0].isupper() and word[:1].islower():
        return word[:1].upper() + word[1:]
    return word


def _is_hyphenated(text: str, start: int, end: int) -> bool:
    return "-" in {text[start - 1 : start], text[end : end + 1]}


def _is_shouted(copy: Copy, place: int) -> bool:
    block = copy.block_at(place)
    return block is not None and copy.of(block)[:_MOST_IN_ONE].upper() == copy.of(block)[:_MOST_IN_ONE]

"""Runs one rule of a style over copy."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from desks.marketing.copy.text import BETWEEN_BLOCKS, PLACEHOLDER, Copy
from desks.marketing.models.flag import Flag
from desks.marketing.models.occasion import Occasion
from desks.marketing.rules.patterns import Match, Pattern
from desks.marketing.rules.rule import flag
from desks.marketing.rules.vale.capitalization import Check
from desks.marketing.rules.vale.mending import mended
from desks.marketing.rules.vale.model import StyleRule
from desks.marketing.rules.vale.scopes import Part, Scope
from dispatch.models.work.severity import Severity

_SEVERITY: Final = {"suggestion": Severity.MINOR, "warning": Severity.MINOR, "error": Severity.MAJOR}
_MOST: Final = 100


@dataclass(frozen=True)
class _OfStyle:
    """What all kinds have: the rule, its name and its scopes; `fixes` if its replacement is put in."""

    spec: StyleRule
    name: str
    scopes: tuple[Scope, ...]
    fixes: bool

    def check(self, copy: Copy, occasion: Occasion) -> Iterator[Flag]:
        """Yield what breaks the rule, each place once; at most 100 places, or the rule's own limit."""
        del occasion
        seen: set[tuple[int, int]] = set()
        for found in self.found(copy):
            if (found.start, found.end) in seen and found.end:
                continue
            seen.add((found.start, found.end))
            yield found
            if len(seen) >= (self.spec.limit or _MOST):
                return

    def found(self, copy: Copy) -> Iterator[Flag]:
        """Yield what breaks the rule; of each kind its own."""
        raise NotImplementedError

    def parts(self, copy: Copy) -> Iterator[Part]:
        """Yield the parts of the copy that the rule looks at."""
        for scope in self.scopes:
            yield from scope.parts(copy)

    def matches(self, pattern: Pattern, copy: Copy) -> Iterator[Match]:
        """Yield the matches in the parts, with places of the whole prose."""
        for part in self.parts(copy):
            for match in pattern.finditer(copy.text[part.start : part.end]):
                if PLACEHOLDER not in copy.text[part.start + match.start : part.start + match.end]:
                    yield Match(match.start + part.start, match.end + part.start, match.group)

    def flagged(self, copy: Copy, place: tuple[int, int], words: Sequence[str], expected: str = "") -> Flag:
        """Return the flag of a place; `words` fill in the message's %s, in order."""
        replacement = mended(self.spec.action, copy.text[place[0] : place[1]], expected)
        return flag(
            copy,
            self.name,
            place,
            filled(self.spec.message, words),
            severity=_SEVERITY[self.spec.level],
            replacement=replacement,
            certain=self.fixes and replacement is not None,
        )

    def is_excepted(self, text: str) -> bool:
        """Return whether a text is one of the rule's exceptions."""
        plain = text.strip()
        if self.spec.ignorecase:
            return plain.lower() in {exception.lower() for exception in self.spec.exceptions}
        return plain in self.spec.exceptions


def filled(message: str, words: Sequence[str]) -> str:
    """Return a message with each %s filled in, as far as there are words; a percent sign alone stays."""
    for word in words:
        message = message.replace("%s", word.replace("%s", "% s"), 1)
    return message.replace("%s", "").strip()


@dataclass(frozen=True)
class Existence(_OfStyle):
    """Something stands that should not."""

    pattern: Pattern

    def found(self, copy: Copy) -> Iterator[Flag]:
        for match in self.matches(self.pattern, copy):
            text = copy.text[match.start : match.end]
            if not self.is_excepted(text):
                yield self.flagged(copy, (match.start, match.end), (text.strip(),))


@dataclass(frozen=True)
class Substitution(_OfStyle):
    """One thing is written, and another should be."""

    swaps: tuple[tuple[Pattern, str], ...]

    def found(self, copy: Copy) -> Iterator[Flag]:
        for pattern, expected in self.swaps:
            wanted = {each.lower() if self.spec.ignorecase else each for each in expected.split("|")}
            for match in self.matches(pattern, copy):
                text = copy.text[match.start : match.end]
                plain = text.strip().lower() if self.spec.ignorecase else text.strip()
                if plain in wanted or self.is_excepted(text):
                    continue
                if expected and _goes_on(copy.text, match, expected):
                    continue
                shown = expected.replace("|", "' or '")
                capital = text[:1].isupper() and (
                    match.start == 0 or copy.block_at(match.start - 1) is None or text.istitle()
                )
                written = (
                    expected[:1].upper() + expected[1:] if capital and self.spec.ignorecase else expected
                )
                yield self.flagged(copy, (match.start, match.end), (shown, text.strip()), written)


def _goes_on(text: str, match: Match, expected: str) -> bool:
    """Return whether what should be written stands there already, in longer words: 'a URL for' of 'URL'."""
    begin = max(match.start - len(expected), 0)
    around = text[begin : match.end + len(expected)].lower()
    place = around.find(expected.lower())
    return place >= 0 and begin + place <= match.start and begin + place + len(expected) >= match.end


@dataclass(frozen=True)
class Consistency(_OfStyle):
    """Of two spellings only one is used in a copy."""

    pairs: tuple[tuple[Pattern, Pattern], ...]

    def found(self, copy: Copy) -> Iterator[Flag]:
        for one, other in self.pairs:
            both = [list(self.matches(pattern, copy)) for pattern in (one, other)]
            if both[0] and both[1]:
                fewer = both[1] if len(both[1]) <= len(both[0]) else both[0]
                for match in fewer:
                    yield self.flagged(copy, (match.start, match.end), (copy.text[match.start : match.end],))


@dataclass(frozen=True)
class Occurrence(_OfStyle):
    """Something stands too often, or not often enough, in each part."""

    pattern: Pattern

    def found(self, copy: Copy) -> Iterator[Flag]:
        for part in self.parts(copy):
            text = copy.text[part.start : part.end]
            found = list(self.pattern.finditer(text))
            number = len(found)
            if self.spec.max is not None and number > self.spec.max:
                over = found[self.spec.max]
                place = (
                    (part.start, part.end)
                    if self.scopes[0].by_sentence
                    else (part.start + over.start, part.start + over.end)
                )
                yield self.flagged(copy, place, (str(number),))
            elif self.spec.min is not None and number < self.spec.min:
                yield self.flagged(copy, (part.start, part.end), (str(number),))


@dataclass(frozen=True)
class Capitalization(_OfStyle):
    """Parts are capitalised in one way."""

    holds: Check

    def found(self, copy: Copy) -> Iterator[Flag]:
        for part in self.parts(copy):
            text = copy.text[part.start : part.end]
            if not self.holds(text) and not self.is_excepted(text):
                yield self.flagged(copy, (part.start, part.end), (text,))


@dataclass(frozen=True)
class Conditional(_OfStyle):
    """Where one thing stands, another must stand too."""

    first: Pattern
    second: Pattern

    def found(self, copy: Copy) -> Iterator[Flag]:
        defined = {_group(copy, match) for match in self.second.finditer(copy.text)}
        for match in self.matches(self.first, copy):
            text = _group(copy, match)
            if text not in defined and not self.is_excepted(text):
                yield self.flagged(copy, (match.start, match.end), (text,))


def _group(copy: Copy, match: Match) -> str:
    return match.group or copy.text[match.start : match.end]


@dataclass(frozen=True)
class Repetition(_OfStyle):
    """A word stands twice in a row."""

    pattern: Pattern
    most: int = field(default=1)

    def found(self, copy: Copy) -> Iterator[Flag]:
        counts: Counter[str] = Counter()
        before: Match | None = None
        for match in self.matches(self.pattern, copy):
            text = copy.text[match.start : match.end]
            plain = text.lower() if self.spec.ignorecase else text
            if self.spec.alpha and not plain.isalpha():
                before = None
                continue
            between = copy.text[before.end : match.start] if before is not None else ""
            # Two headings of one word, one below the other, repeat nothing.
            beside = not between.strip() and BETWEEN_BLOCKS not in between
            same = before is not None and beside and plain == self._plain(copy, before)
            counts[plain] = counts[plain] + 1 if same else 1
            if counts[plain] > self.most and before is not None:
                yield self.flagged(copy, (before.start, match.end), (text,))
            before = match

    def _plain(self, copy: Copy, match: Match) -> str:
        text = copy.text[match.start : match.end]
        return text.lower() if self.spec.ignorecase else text

"""Names of people and companies: who has not agreed is not named, and some never are."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from desks.marketing.copy.text import Copy
from desks.marketing.models.brand import Brand
from desks.marketing.models.flag import Flag
from desks.marketing.models.occasion import Occasion
from desks.marketing.rules.patterns import Pattern, phrase
from desks.marketing.rules.rule import Rule, flag
from dispatch.models.work.severity import Severity

_PART: Final = r"[A-Z\u00c0-\u00de][\w'\u2019.-]{1,30}"
_NAME: Final = rf"{_PART}(?: (?:van |von |de |der |den |di |da |la |le )?{_PART}){{1,2}}"
_TITLED: Final = re.compile(rf"\b(?:Mr|Mrs|Ms|Mx|Dr|Prof|Herr|Frau)\.? (?P<name>{_PART}(?: {_PART})?)")
_SAID: Final = re.compile(rf"\b(?:says|said|sagt|sagte|explains|erklärt|adds|agrees) (?P<name>{_NAME})")
_ATTRIBUTED: Final = re.compile(
    rf"(?:[\u2014\u2013]|--|\u201d[,]?|\"[,]?) ?(?P<name>{_NAME}), (?:[\w-]{{1,20}} ){{0,3}}?(?i:ceo|cto|cfo|coo|founder|co-founder|owner|head|director|manager|"
    r"lead|leiter(?:in)?|gründer(?:in)?|geschäftsführer(?:in)?|inhaber(?:in)?|customer|kund(?:e|in)|editor|president|chef(?:in)?|designer(?:in)?|engineer)\b"
)
_COMPANY: Final = re.compile(
    rf"\b(?P<name>(?:{_PART} |{_PART}, ){{1,3}}(?:Inc|Ltd|LLC|GmbH|AG|SE|Corp|plc|KG|B\.V|S\.A|S\.p\.A)\b)\.?"
)
_NOT_NAMES: Final = frozenset({"The", "This", "These", "Our", "Your", "A", "An", "Die", "Der", "Das"})


@dataclass(frozen=True)
class Strangers:
    """A person or company that is named, with a title, as a speaker or with a legal form, and has not agreed."""

    brand: Brand
    name: str = "name.not_agreed"

    @cached_property
    def _allowed(self) -> frozenset[str]:
        own = (self.brand.brand, *self.brand.names.allowed, *(term.write for term in self.brand.terms))
        return frozenset(_plain(name) for name in own)

    def check(self, copy: Copy, occasion: Occasion) -> Iterator[Flag]:
        """Yield each different name once, where it stands first."""
        del occasion
        seen: set[str] = set()
        for pattern in (_TITLED, _SAID, _ATTRIBUTED, _COMPANY):
            for match in pattern.finditer(copy.text):
                found = match["name"].rstrip(".,")
                plain = _plain(found)
                if plain in seen or found.split()[0] in _NOT_NAMES or self._is_allowed(plain):
                    continue
                seen.add(plain)
                yield flag(
                    copy,
                    self.name,
                    (match.start("name"), match.start("name") + len(found)),
                    f"“{found}” is not among the names that have agreed; ask them, or leave the name out",
                    severity=Severity.MAJOR,
                )

    def _is_allowed(self, plain: str) -> bool:
        return any(
            plain == known or known.endswith(f" {plain}") or plain.startswith(f"{known} ")
            for known in self._allowed
        )


@dataclass(frozen=True)
class Never:
    """A name that copy never holds."""

    never: str
    name: str = "name.never"

    @cached_property
    def _pattern(self) -> Pattern:
        short = len(self.never) <= 4  # noqa: PLR2004 ('Arc' is a name and 'arc' a word)
        return Pattern(
            phrase(self.never), ignore_case=not short and not self.never.islower(), whole_words=True
        )

    def check(self, copy: Copy, occasion: Occasion) -> Iterator[Flag]:
        """Yield each place."""
        del occasion
        for match in self._pattern.finditer(copy.text):
            yield flag(
                copy,
                self.name,
                (match.start, match.end),
                f"“{copy.text[match.start : match.end]}” is never named; say it without the name",
                severity=Severity.MAJOR,
            )


def name_rules(brand: Brand) -> Sequence[Rule]:
    """Return the rules of names."""
    return (Strangers(brand), *(Never(name) for name in brand.names.never))


def _plain(name: str) -> str:
    return " ".join(name.replace(".", " ").replace(",", " ").split()).casefold()

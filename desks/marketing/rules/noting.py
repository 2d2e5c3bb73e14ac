"""Which exceptions a person is shown: the fewest that matter, ranked, with the rest counted."""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from desks.marketing.models.flag import Flag
from dispatch.models.work.severity import Severity

_RANK: Final = {Severity.CRITICAL: 0, Severity.MAJOR: 1, Severity.MINOR: 2}
_MOST_QUOTED: Final = 3
_ENDS: Final = (".", "!", "?", "”", "…")


class Exceptions(NamedTuple):
    """What is shown, and how many more kinds and places there are."""

    shown: tuple["Noted", ...]
    more: int


class Noted(NamedTuple):
    """All places that break one rule, told as one: the first, and how many others."""

    rule: str
    severity: Severity
    flags: tuple[Flag, ...]

    @property
    def first(self) -> Flag:
        """The place that is shown first: of the greatest severity, then in the order of the copy."""
        return self.flags[0]

    @property
    def in_words(self) -> str:
        """One sentence for a person, with further places quoted."""
        text = self.first.message.rstrip()
        if text[-1:] not in _ENDS:
            text += "."
        others = list(
            dict.fromkeys(one.quote for one in self.flags[1:] if one.quote and one.quote != self.first.quote)
        )
        if others:
            quoted = ", ".join(f"“{quote}”" for quote in others[:_MOST_QUOTED])
            more = len(others) - _MOST_QUOTED
            text += f" Likewise: {quoted}{f' and {more} more' if more > 0 else ''}."
        elif len(self.flags) > 1:
            text += f" It is there {len(self.flags)} times."
        return text


def noted(flags: Iterable[Flag]) -> tuple[Noted, ...]:
    """Return the flags by rule, the gravest first; what a replacement will mend without a person is not among them."""
    by_rule: dict[str, list[Flag]] = {}
    for one in flags:
        by_rule.setdefault(one.rule, []).append(one)
    found = [_noted(rule, each) for rule, each in by_rule.items()]
    return tuple(sorted(found, key=lambda one: (_RANK[one.severity], one.first.start, one.rule)))


def _noted(rule: str, flags: Sequence[Flag]) -> Noted:
    ordered = tuple(sorted(flags, key=lambda one: (_RANK[one.severity], one.start, one.end)))
    return Noted(rule, ordered[0].severity, ordered)


def fewest(flags: Iterable[Flag], most: int) -> Exceptions:
    """Return at most so many, those of the gravest severity first; every critical one is shown whatever `most` says."""
    every = noted(flags)
    critical = sum(one.severity is Severity.CRITICAL for one in every)
    shown = every[: max(most, critical)]
    return Exceptions(shown, len(every) - len(shown))

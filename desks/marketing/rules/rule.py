"""What every rule of the house is: a name, and what it finds in a copy for an occasion."""

from collections.abc import Iterable, Iterator
from typing import Final, Protocol

from desks.marketing.copy.text import BlockKind, Copy
from desks.marketing.models.flag import Flag, quoted
from desks.marketing.models.occasion import Occasion
from dispatch.models.work.severity import Severity

_QUOTE: Final = {"\u201c": "\u201d", "\u201e": "\u201c", "\u00ab": "\u00bb", "\u00bb": "\u00ab", '"': '"'}
_LONGEST_QUOTE: Final = 600


class Rule(Protocol):
    """One rule; `check` only computes, and depends on its arguments alone."""

    @property
    def name(self) -> str:
        """Its name, as a flag has it."""

    def check(self, copy: Copy, occasion: Occasion) -> Iterable[Flag]:
        """Yield what breaks it."""


def flag(
    copy: Copy,
    rule: str,
    place: tuple[int, int],
    message: str,
    *,
    severity: Severity = Severity.MINOR,
    replacement: str | None = None,
    certain: bool = False,
    regulated: bool = False,
) -> Flag:
    """Return the flag of `copy.text[start:end]`, with its place in the source.

    A replacement is certain only where the source holds the text just so: with markup inside, a person edits.
    """
    start, end = place
    span = copy.span(start, end)
    return Flag(
        rule=rule,
        severity=severity,
        start=span.start,
        end=span.end,
        quote=quoted(copy.text[start:end]),
        message=message,
        replacement=replacement,
        is_certain=certain and replacement is not None and copy.is_plain(start, end),
        is_regulated=regulated,
    )


def whole(
    rule: str,
    message: str,
    *,
    severity: Severity = Severity.MINOR,
    replacement: str | None = None,
) -> Flag:
    """Return a flag of the whole copy, which has no place."""
    return Flag(rule=rule, severity=severity, start=0, end=0, message=message, replacement=replacement)


def quotes_in(copy: Copy) -> tuple[tuple[int, int], ...]:
    """Return the places of what stands in quotation marks, and of quoted blocks: nobody edits another's words."""
    return tuple(_quotes(copy))


def _quotes(copy: Copy) -> Iterator[tuple[int, int]]:
    for block in copy.blocks:
        if block.kind is BlockKind.QUOTE:
            yield block.start, block.end
            continue
        place = block.start
        while place < block.end:
            closing = _QUOTE.get(copy.text[place])
            end = (
                copy.text.find(closing, place + 1, min(block.end, place + _LONGEST_QUOTE)) if closing else -1
            )
            if end > place:
                yield place, end + 1
                place = end
            place += 1


def is_within(place: tuple[int, int], spans: Iterable[tuple[int, int]]) -> bool:
    """Return whether a place overlaps one of some spans."""
    return any(place[0] < end and start < place[1] for start, end in spans)

"""Copy as its reader sees it: prose, with the place of each character in the source that it was written in.

Rules look at `text` alone. What is no prose (code, addresses, merge fields) is one placeholder character for each of its
characters there, so that no rule sees a word in it and no edit touches it.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Final, NamedTuple

PLACEHOLDER: Final = "\ufffc"
"""Stands for a character that is no prose; Unicode's own sign for an object in a text."""
BETWEEN_BLOCKS: Final = "\n\n"


class CopyForm(StrEnum):
    """What the source is written in; a DOCX file is read into plain text."""

    PLAIN = "plain"
    MARKDOWN = "markdown"
    HTML = "html"


MEDIA_TYPES: Final = {
    CopyForm.PLAIN: "text/plain",
    CopyForm.MARKDOWN: "text/markdown",
    CopyForm.HTML: "text/html",
}


class BlockKind(StrEnum):
    """What a block of prose is; a style's scope is made of these."""

    PARAGRAPH = "paragraph"
    HEADING = "heading"
    ENTRY = "list"
    QUOTE = "blockquote"
    CELL = "table"
    ALT = "alt"


class Block(NamedTuple):
    """A block of prose, at `text[start:end]`; `level` is that of a heading, else 0."""

    kind: BlockKind
    start: int
    end: int
    level: int = 0


class Link(NamedTuple):
    """A link: where it leads, and its place in the source."""

    url: str
    start: int
    end: int


class Span(NamedTuple):
    """A place in the source, in code points."""

    start: int
    end: int


@dataclass(frozen=True)
class Copy:
    """The prose of a source; `at` holds the place in the source of each of its characters, -1 between blocks."""

    form: CopyForm
    source: str
    text: str
    at: tuple[int, ...]
    blocks: tuple[Block, ...]
    links: tuple[Link, ...] = ()
    notes: tuple[str, ...] = ()

    def span(self, start: int, end: int) -> Span:
        """Return the place in the source of `text[start:end]`."""
        places = [place for place in self.at[start:end] if place >= 0]
        if not places:
            return Span(0, 0)
        return Span(places[0], places[-1] + 1)

    def is_plain(self, start: int, end: int) -> bool:
        """Return whether `text[start:end]` stands in the source just so, without markup inside."""
        place = self.span(start, end)
        return PLACEHOLDER not in self.text[start:end] and (
            self.source[place.start : place.end] == self.text[start:end]
        )

    @cached_property
    def shown(self) -> str:
        """The prose with what stands at placeholders in the source, for what is compared word by word."""
        return "".join(
            self.source[place] if char == PLACEHOLDER and 0 <= place < len(self.source) else char
            for char, place in zip(self.text, self.at, strict=True)
        )

    def block_at(self, place: int) -> Block | None:
        """Return the block that holds a place of `text`; None between blocks."""
        index = bisect_right(self._starts, place) - 1
        block = self.blocks[index] if index >= 0 else None
        return block if block is not None and place < block.end else None

    def blocks_of(self, *kinds: BlockKind) -> Iterator[Block]:
        """Yield the blocks of some kinds; of all, if none is named."""
        yield from (block for block in self.blocks if not kinds or block.kind in kinds)

    def of(self, block: Block) -> str:
        """Return a block's prose."""
        return self.text[block.start : block.end]

    @cached_property
    def _starts(self) -> tuple[int, ...]:
        return tuple(block.start for block in self.blocks)


class CopyBuilder:
    """Collects prose with its places, block by block."""

    def __init__(self, form: CopyForm, source: str) -> None:
        self._form, self._source = form, source
        self._text: list[str] = []
        self._at: list[int] = []
        self._blocks: list[Block] = []
        self._links: list[Link] = []
        self._begin = 0

    def add(self, text: str, place: int) -> None:
        """Add prose that stands in the source just so, from `place` on."""
        self._text.extend(text)
        self._at.extend(range(place, place + len(text)))

    def add_as(self, text: str, place: int, length: int) -> None:
        """Add prose that the source writes otherwise, such as an entity, in `length` characters from `place` on."""
        self._text.extend(text)
        self._at.extend([place] * (len(text) - 1) + [place + max(length, 1) - 1] if text else [])

    def link(self, url: str, start: int, end: int) -> None:
        """Note a link with its place in the source."""
        self._links.append(Link(url, start, end))

    def end_block(self, kind: BlockKind, level: int = 0) -> None:
        """End the current block; white space around it is left out, and an empty one is none."""
        first, last = self._begin, len(self._text)
        while first < last and self._text[first].isspace():
            first += 1
        while last > first and self._text[last - 1].isspace():
            last -= 1
        del self._text[last:], self._at[last:], self._text[self._begin : first], self._at[self._begin : first]
        if last == first:
            return
        self._blocks.append(Block(kind, self._begin, len(self._text), level))
        self._text.extend(BETWEEN_BLOCKS)
        self._at.extend([-1] * len(BETWEEN_BLOCKS))
        self._begin = len(self._text)

    def built(self, masked: Iterable[tuple[int, int]] = (), notes: tuple[str, ...] = ()) -> Copy:
        """Return the copy, with what is at `masked` places of its prose replaced by placeholders."""
        if self._blocks:
            del self._text[-len(BETWEEN_BLOCKS) :], self._at[-len(BETWEEN_BLOCKS) :]
        text = list(self._text)
        for start, end in masked:
            text[start:end] = PLACEHOLDER * (end - start)
        return Copy(
            self._form,
            self._source,
            "".join(text),
            tuple(self._at),
            tuple(self._blocks),
            tuple(dict.fromkeys(self._links)),
            notes,
        )

    def prose_ends_with_space(self) -> bool:
        """Return whether the current block is empty or ends with white space."""
        return len(self._text) == self._begin or self._text[-1].isspace()

    @property
    def prose(self) -> str:
        """The prose so far."""
        return "".join(self._text)

    @property
    def linked(self) -> list[tuple[int, int]]:
        """The places in the source of the links so far."""
        return [(link.start, link.end) for link in self._links]

    @property
    def places(self) -> list[int]:
        """The places so far."""
        return self._at

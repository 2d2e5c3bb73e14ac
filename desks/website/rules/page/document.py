"""A page's elements with the place of each in the source, from the spans of the HTML parser."""

from bisect import bisect_left
from collections.abc import Iterator
from functools import cached_property
from typing import Final, NamedTuple

import turbohtml
from turbohtml import Document, Element, TokenType

from desks.website.rules.page.source import PageError, Source

VOID: Final = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
)
INLINE: Final = frozenset(
    {
        *(
            "a",
            "abbr",
            "b",
            "bdi",
            "bdo",
            "big",
            "cite",
            "code",
            "data",
            "del",
            "dfn",
            "em",
            "font",
            "i",
            "ins",
            "kbd",
        ),
        *(
            "label",
            "mark",
            "nobr",
            "q",
            "s",
            "samp",
            "small",
            "span",
            "strike",
            "strong",
            "sub",
            "sup",
            "time",
            "tt",
        ),
        *("u", "var", "wbr", "acronym"),
    }
)
"""Elements inside of which, and around which, words go on."""
UNSEEN: Final = frozenset(
    {"script", "style", "template", "noscript", "head", "title", "textarea", "option", "svg", "math"}
)
"""Elements whose text is no running text of the page."""


MOST_ELEMENTS: Final = 50_000
MOST_ATTRIBUTES: Final = 500
"""Of one element. Pages made by people have far fewer; what is made to exhaust a reader is refused."""


class Placed(NamedTuple):
    """One element as the source has it; all places are code points of `Source.text`."""

    number: int
    tag: str
    attrs: dict[str, str]
    spans: dict[str, tuple[int, int]]
    start: int
    inner: int
    inner_end: int
    end: int
    parent: int
    """The number of the closest element around it that the source has; -1 for none."""
    sound: bool
    """Whether the source has it in one piece, inside its parent."""


class Piece(NamedTuple):
    """A stretch of text in the source, or one character reference, with what it reads as."""

    start: int
    end: int
    text: str
    is_reference: bool


class Tag(NamedTuple):
    """A start or end tag, a comment or a declaration in the source; `name` is empty for the latter."""

    start: int
    end: int
    name: str
    closes: bool


class Page:
    """A parsed page; everything is computed when it is first asked for."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.text = source.readable

    @cached_property
    def document(self) -> Document:
        return turbohtml.parse(self.text, source_locations=True)

    @cached_property
    def elements(self) -> tuple[Placed, ...]:
        """Return the elements that the source has a start tag of, in its order."""
        return tuple(_placed(self.document, len(self.text)))

    def check_size(self) -> None:
        """Raise PageError for a page with more elements or attributes than a page for people has."""
        for count, node in enumerate(self.document.iter_elements(), 1):
            if count > MOST_ELEMENTS:
                raise PageError(
                    f"the page has more than {MOST_ELEMENTS:,} elements, which is no page for people"
                )
            if len(node.attrs) > MOST_ATTRIBUTES:
                raise PageError(f"an element of the page has more than {MOST_ATTRIBUTES} attributes")

    @cached_property
    def by_start(self) -> dict[int, Placed]:
        """Return each element by the place of its start tag."""
        return {element.start: element for element in self.elements}

    @cached_property
    def tokens(self) -> tuple[Piece | Tag, ...]:
        """Return the source as the tokenizer cuts it, in order, without a gap."""
        return tuple(_tokens(self.text))

    def select(self, selector: str) -> tuple[Placed, ...]:
        """Return the elements that a CSS selector finds; raises ValueError for what is no selector."""
        found = (self.placed(node) for node in self.document.select(selector))
        return tuple(element for element in found if element is not None)

    def placed(self, node: Element) -> Placed | None:
        """Return where an element of the tree stands; None for one that the source does not have."""
        location = node.source_location
        return None if location is None else self.by_start.get(location.start_tag.start_offset)

    def ancestors(self, element: Placed) -> Iterator[Placed]:
        """Yield the elements around one, the closest first."""
        while element.parent >= 0:
            element = self.elements[element.parent]
            yield element

    def line(self, position: int) -> int:
        """Return the line, from 1, of a place."""
        return bisect_left(self._newlines, position) + 1

    @cached_property
    def _newlines(self) -> tuple[int, ...]:
        return tuple(i for i, char in enumerate(self.text) if char == "\n")


def _placed(document: Document, length: int) -> Iterator[Placed]:
    """Place each element, parents first; one without an end tag ends where the next begins, or its parent ends."""
    nodes = [node for node in document.iter_elements() if node.source_location is not None]
    starts = [_start_of(node) for node in nodes]
    order = {start: index for index, start in enumerate(starts)}
    made: list[Placed] = []
    for index, node in enumerate(nodes):
        location = node.source_location
        if location is None:
            continue
        parent = _parent(node, order)
        around = (made[parent].inner, made[parent].inner_end) if 0 <= parent < len(made) else (0, length)
        start, inner = location.start_tag.start_offset, location.start_tag.end_offset
        if location.end_tag is not None:
            inner_end, end = location.end_tag.start_offset, location.end_tag.end_offset
        elif node.tag in VOID or _closes_itself(node):
            inner_end = end = inner
        else:
            inner_end = end = max(inner, min(_next_start(node, around[1]), around[1]))
        sound = around[0] <= start <= inner <= inner_end <= end <= around[1] or parent < 0
        sound = sound and (index == 0 or starts[index - 1] < start)
        made.append(
            Placed(
                index,
                node.tag,
                {name: _value(value) for name, value in node.attrs.items()},
                {name: (span.start_offset, span.end_offset) for name, span in location.attrs.items()},
                start,
                inner,
                inner_end,
                end,
                parent,
                sound and (parent < 0 or made[parent].sound or made[parent].tag in {"html", "body"}),
            )
        )
    yield from made


def _start_of(node: Element) -> int:
    location = node.source_location
    return location.start_tag.start_offset if location is not None else -1


def _parent(node: Element, order: dict[int, int]) -> int:
    for around in node.ancestors:
        if isinstance(around, Element) and around.source_location is not None:
            return order.get(_start_of(around), -1)
    return -1


def _closes_itself(node: Element) -> bool:
    # In SVG and MathML '<path/>' has no end tag and holds nothing.
    return node.namespace is not turbohtml.Namespace.HTML and next(iter(node.children), None) is None


def _next_start(node: Element, otherwise: int) -> int:
    sibling = node.next_sibling
    while sibling is not None:
        if isinstance(sibling, Element) and sibling.source_location is not None:
            return sibling.source_location.start_tag.start_offset
        sibling = sibling.next_sibling
    return otherwise


def _value(value: str | list[str] | None) -> str:
    return " ".join(value) if isinstance(value, list) else value or ""


def _tokens(text: str) -> Iterator[Piece | Tag]:
    begins = [0]
    at = text.find("\n")
    while at >= 0:
        begins.append(at + 1)
        at = text.find("\n", at + 1)
    tokens = list(
        turbohtml.tokenize(text, resolve_references=False, capture_source=False, capture_attributes=False)
    )
    places = [begins[token.line - 1] + token.col for token in tokens] + [len(text)]
    if places[0] > 0:
        yield Tag(0, places[0], "", closes=False)
    for token, start, end in zip(tokens, places, places[1:], strict=False):
        if token.type is TokenType.TEXT:
            stop = min(end, start + len(token.data or ""))
            yield Piece(start, stop, text[start:stop], is_reference=False)
            if stop < end:
                # A tag that the page ends in is no token, and no text either.
                yield Tag(stop, end, "", closes=False)
        elif token.type is TokenType.CHARACTER_REFERENCE:
            yield Piece(start, end, token.data or text[start:end], is_reference=True)
        else:
            yield Tag(start, end, token.tag or "", token.type is TokenType.END_TAG)

"""Reads Markdown: only its text is prose; code, addresses, HTML and the marks themselves are none."""

import re
from collections.abc import Sequence
from functools import cache
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.token import Token

from desks.marketing.copy.masks import masked_in, note_links
from desks.marketing.copy.text import PLACEHOLDER, BlockKind, Copy, CopyBuilder, CopyForm

_FRONT_MATTER: Final = re.compile(r"---\r?\n.*?\n(?:---|\.\.\.)\s*(?:\n|\Z)", re.DOTALL)
_MOST_NESTING: Final = 100
_COMMENT: Final = re.compile(r"<!--.*?-->", re.DOTALL)


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"maxNesting": _MOST_NESTING}).enable(["table", "strikethrough"])
    # Each escape and entity stays a token of its own, which says how the source writes it.
    return parser.disable(["text_join"])


def read_markdown(source: str) -> Copy:
    """Return the prose of Markdown, in time linear in it; front matter, code and HTML are no prose."""
    front = _FRONT_MATTER.match(source)
    offset = front.end() if front else 0
    builder = CopyBuilder(CopyForm.MARKDOWN, source)
    reader = _Reader(source, offset, builder)
    reader.read(_parser().parse(source[offset:]))
    note_links(builder)
    hidden = _hidden(builder.prose)
    return builder.built([*masked_in(builder.prose), *hidden])


def _hidden(text: str) -> list[tuple[int, int]]:
    return [match.span() for match in _COMMENT.finditer(text)]


class _Reader:
    """Follows the tokens through the source: each text is looked for behind the one before it."""

    def __init__(self, source: str, offset: int, builder: CopyBuilder) -> None:
        self._source, self._builder = source, builder
        self._lines = [offset]
        position = source.find("\n", offset)
        while position >= 0:
            self._lines.append(position + 1)
            position = source.find("\n", position + 1)
        self._cursor = offset
        self._quotes = self._entries = 0

    def read(self, tokens: Sequence[Token]) -> None:
        kind, level = BlockKind.PARAGRAPH, 0
        for token in tokens:
            if token.type == "heading_open":
                kind, level = BlockKind.HEADING, int(token.tag[1:])
            elif token.type in {"th_open", "td_open"}:
                kind, level = BlockKind.CELL, 0
            elif token.type in {"heading_close", "th_close", "td_close"}:
                kind, level = BlockKind.PARAGRAPH, 0
            elif token.type in {"blockquote_open", "blockquote_close"}:
                self._quotes += 1 if token.nesting > 0 else -1
            elif token.type in {"list_item_open", "list_item_close"}:
                self._entries += token.nesting
            elif token.type == "inline" and token.map:
                self._cursor = max(self._cursor, self._lines[min(token.map[0], len(self._lines) - 1)])
                end = self._lines[token.map[1]] if token.map[1] < len(self._lines) else len(self._source)
                self._inline(token.children or [], end)
                self._builder.end_block(self._kind_of(kind), level)

    def _kind_of(self, kind: BlockKind) -> BlockKind:
        if kind is not BlockKind.PARAGRAPH:
            return kind
        if self._quotes:
            return BlockKind.QUOTE
        return BlockKind.ENTRY if self._entries else kind

    def _inline(self, children: Sequence[Token], end: int) -> None:
        opened: list[tuple[str, int]] = []
        for child in children:
            if child.type == "text":
                self._text(child.content, end)
            elif child.type == "text_special":
                self._special(child, end)
            elif child.type in {"softbreak", "hardbreak"}:
                place = self._find("\n", end)
                self._builder.add("\n", place)
            elif child.type == "code_inline":
                place = self._find(child.content, end)
                self._builder.add_as(PLACEHOLDER, place, len(child.content))
                self._skip_marks(child.markup, end)
            elif child.type == "link_open":
                opened.append((str(child.attrs.get("href", "")), self._cursor))
            elif child.type == "link_close" and opened:
                url, begin = opened.pop()
                self._end_link(child, end)
                self._builder.link(url, begin, self._cursor)
            elif child.type == "image":
                self._image(child, end)
            elif child.type == "html_inline":
                self._find(child.content, end)

    def _text(self, content: str, end: int) -> None:
        if content:
            self._builder.add(content, self._find(content, end))

    def _special(self, token: Token, end: int) -> None:
        place = self._find(token.markup, end)
        self._builder.add_as(token.content, place, len(token.markup))

    def _find(self, content: str, end: int) -> int:
        """Return where content stands, and go behind it; what is not found stands where the reader is."""
        place = self._source.find(content, self._cursor, end)
        if place < 0:
            return self._cursor
        self._cursor = place + len(content)
        return place

    def _skip_marks(self, markup: str, end: int) -> None:
        if self._source.startswith(markup, self._cursor) and self._cursor + len(markup) <= end:
            self._cursor += len(markup)

    def _end_link(self, token: Token, end: int) -> None:
        """Go behind a link's address, so that no prose is looked for inside it."""
        if token.markup == "autolink":
            self._find(">", end)
            return
        close = self._source.find("]", self._cursor, end)
        if close < 0:
            return
        self._cursor = close + 1
        following = self._source[self._cursor : self._cursor + 1]
        if following == "(":
            self._cursor = _closing(self._source, self._cursor, end)
        elif following == "[":
            self._find("]", end)

    def _image(self, token: Token, end: int) -> None:
        begin = self._source.find("![", self._cursor, end)
        if begin < 0:
            return
        self._cursor = begin + 2
        alt = token.content
        place = self._source.find(alt, self._cursor, end) if alt else -1
        self._cursor = place + len(alt) if place >= 0 else self._cursor
        self._end_link(token, end)
        self._builder.add_as(PLACEHOLDER, begin, max(self._cursor - begin, 1))


def _closing(source: str, start: int, end: int) -> int:
    """Return the place behind the parenthesis that closes the one at `start`."""
    depth, place = 0, start
    while place < end:
        char = source[place]
        if char == "\\":
            place += 1
        elif char == "(":
            depth += 1
        elif char == ")":
            depth -= 1
            if depth == 0:
                return place + 1
        place += 1
    return end

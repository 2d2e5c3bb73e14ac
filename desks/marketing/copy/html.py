"""Reads HTML: what a browser shows is prose; scripts, styles, comments and hidden elements never are.

The tokens are turbohtml's, which reads HTML as browsers do, in linear time; each says where it begins in the source.
"""

import re
from collections import Counter
from typing import Final

from turbohtml import Token, TokenType, tokenize

from desks.marketing.copy.masks import masked_in, note_links
from desks.marketing.copy.text import PLACEHOLDER, BlockKind, Copy, CopyBuilder, CopyForm

_UNSEEN: Final = frozenset(
    {
        "script",
        "style",
        "head",
        "template",
        "noscript",
        "object",
        "iframe",
        "svg",
        "math",
        "textarea",
        "select",
    }
)
_VOID: Final = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
)
_CODE: Final = frozenset({"code", "pre", "kbd", "samp", "var"})
_INLINE: Final = frozenset(
    {
        "a",
        "abbr",
        "b",
        "bdi",
        "bdo",
        "big",
        "br",
        "cite",
        "del",
        "dfn",
        "em",
        "font",
        "i",
        "img",
        "ins",
        "label",
    }
    | {"mark", "q", "s", "small", "span", "strike", "strong", "sub", "sup", "time", "tt", "u", "wbr", *_CODE}
) - {"pre"}
_HEADINGS: Final = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_HIDDEN: Final = re.compile(
    r"display:none|visibility:hidden|font-size:0(?![.\d])|opacity:0(?![.\d])|mso-hide:all"
)
_ENTITY: Final = re.compile(r"&(?:#\d{1,7}|#x[0-9a-f]{1,6}|[a-z][a-z0-9]{1,31});?", re.IGNORECASE)
_MOST_DEPTH: Final = 2_000


def read_html(source: str) -> Copy:
    """Return the prose of HTML, in time linear in it; `<title>` counts as no prose, deleted text neither."""
    reader = _Reader(source)
    for token in tokenize(source):
        reader.take(token)
    return reader.result()


class _Reader:
    def __init__(self, source: str) -> None:
        self._source, self._builder = source, CopyBuilder(CopyForm.HTML, source)
        self._lines = [0]
        position = source.find("\n")
        while position >= 0:
            self._lines.append(position + 1)
            position = source.find("\n", position + 1)
        self._open: list[tuple[str, bool]] = []
        self._number: Counter[str] = Counter()
        self._hidden = 0
        self._link: tuple[str, int] | None = None

    def take(self, token: Token) -> None:
        tag = token.tag or ""
        if token.type is TokenType.TEXT:
            self._text(token)
        elif token.type is TokenType.START_TAG:
            self._start(tag, dict(token.attrs or ()), self._place(token))
            if token.self_closing and tag not in _VOID:
                self._end(tag, self._place(token))
        elif token.type is TokenType.END_TAG:
            self._end(tag, self._place(token))

    def _place(self, token: Token) -> int:
        line = min(max(token.line, 1), len(self._lines))
        return min(self._lines[line - 1] + token.col, len(self._source))

    def _start(self, tag: str, given: dict[str, str | None], place: int) -> None:
        if tag not in _INLINE:
            self._break()
        if tag == "br" and not self._hidden:
            self._builder.add_as("\n", place, 1)
        elif tag == "img" and not self._hidden:
            self._builder.add_as(PLACEHOLDER, place, 1)
        elif tag == "a":
            self._link = (given.get("href") or "", place)
        if tag in _VOID or len(self._open) >= _MOST_DEPTH:
            return
        style = "".join((given.get("style") or "").lower().split())
        hidden = tag in {*_UNSEEN, "del", "s", "strike"} or "hidden" in given or bool(_HIDDEN.search(style))
        self._open.append((tag, hidden))
        self._number[tag] += 1
        self._hidden += hidden

    def _end(self, tag: str, place: int) -> None:
        if tag == "a" and self._link is not None:
            url, begin = self._link
            self._link = None
            end = self._source.find(">", place) + 1 or len(self._source)
            if url and not self._hidden:
                self._builder.link(url, begin, end)
        if not self._number[tag]:
            return
        if tag not in _INLINE:
            self._break()
        while self._open:
            opened, hidden = self._open.pop()
            self._number[opened] -= 1
            self._hidden -= hidden
            if opened == tag:
                break

    def _text(self, token: Token) -> None:
        data = token.data or ""
        if self._hidden or not data:
            return
        place = self._place(token)
        in_code = any(self._number[tag] for tag in _CODE)
        # The source of this text, as far as it goes: each of its characters is that one, or an entity.
        for char in data:
            if place < len(self._source) and self._source[place] == char and char != "&":
                length = 1
            elif place < len(self._source) and self._source.startswith("\r\n", place) and char == "\n":
                length = 2
            elif entity := _ENTITY.match(self._source, place):
                length = entity.end() - place
            else:
                length = 1
            shown = PLACEHOLDER if in_code else (" " if char in "\t\r\n\x0c" else char)
            self._add(shown, place, length)
            place += length

    def _add(self, char: str, place: int, length: int) -> None:
        # A browser shows white space once.
        if char == " " and self._builder.prose_ends_with_space():
            return
        if length == 1 and place < len(self._source) and self._source[place] == char:
            self._builder.add(char, place)
        else:
            self._builder.add_as(char, place, length)

    def _break(self) -> None:
        heading = next((tag for tag, _ in reversed(self._open) if tag in _HEADINGS), None)
        if heading:
            self._builder.end_block(BlockKind.HEADING, int(heading[1]))
        elif self._number["blockquote"]:
            self._builder.end_block(BlockKind.QUOTE)
        elif self._number["li"]:
            self._builder.end_block(BlockKind.ENTRY)
        elif self._number["td"] or self._number["th"]:
            self._builder.end_block(BlockKind.CELL)
        else:
            self._builder.end_block(BlockKind.PARAGRAPH)

    def result(self) -> Copy:
        """End the last block and return all."""
        self._break()
        note_links(self._builder)
        return self._builder.built(masked_in(self._builder.prose))

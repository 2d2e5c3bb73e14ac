"""HTML mail as plain text: what a reader would see, with paragraphs, list entries, quotes and links kept.

The tokens are turbohtml's, which reads HTML as browsers do, in linear time. The text is made here, and not by its
own `to_text`: that shows what a mail hides from its reader, says nothing of it, and marks quotes by indentation alone.
"""

import re
from collections import Counter
from typing import Final, NamedTuple

from turbohtml import Token, TokenType, tokenize

_PARAGRAPHS: Final = frozenset(
    {"p", "h1", "h2", "h3", "h4", "h5", "h6", "table", "ul", "ol", "blockquote", "pre", "section", "article"}
    | {"header", "footer"}
)
_LINES: Final = frozenset({"div", "tr", "li", "br", "hr", "dt", "dd", "address", "center", "form"})
_CELLS: Final = frozenset({"td", "th"})
_UNSEEN: Final = frozenset(
    {"script", "style", "head", "title", "template", "noscript", "object", "iframe", "svg"}
)
_VOID: Final = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
)
_HIDDEN_STYLE: Final = re.compile(
    r"display:none|visibility:hidden|font-size:0(?![.\d])|opacity:0(?![.\d])|mso-hide:all"
)
_MAX_QUOTE_MARKS: Final = 3
_LINK: Final = re.compile(r"(?:https?://|mailto:)", re.IGNORECASE)
_MAX_LINK: Final = 2_000


class Converted(NamedTuple):
    """The text; `notes` say what a reader would not have seen and was left out."""

    text: str
    notes: tuple[str, ...]


def text_of(html: str) -> Converted:
    """Convert HTML to text; never raises, in time linear in the HTML."""
    converter = _Converter()
    for token in tokenize(_ended(html)):
        converter.take(token)
    notes = ("text that the mail hides from its reader was left out",) if converter.hid_text else ()
    return Converted(converter.result(), notes)


def _ended(html: str) -> str:
    """Make text of a comment and of tags that never end: a browser drops them with all that stands behind."""
    unended = html.find("<!--", html.rfind("-->") + 1)
    if unended >= 0:
        html = html[:unended] + html[unended:].replace("<!--", "")
    ended, end, rest = html.rpartition(">")
    return ended + end + rest.replace("<", "&lt;")


class _Line:
    """The line that is being written, in pieces: put together one by one it would take quadratic time."""

    def __init__(self) -> None:
        self.pieces: list[str] = []
        self.is_blank = True

    def add(self, text: str) -> None:
        if text:
            self.pieces.append(text)
            self.is_blank = self.is_blank and text.isspace()

    def strip_end(self) -> None:
        while self.pieces:
            if stripped := self.pieces.pop().rstrip():
                self.pieces.append(stripped)
                return

    @property
    def wants_space(self) -> bool:
        return bool(self.pieces) and not self.pieces[-1].endswith(" ")


class _Converter:
    def __init__(self) -> None:
        self._lines: list[str] = []
        self._line = _Line()
        self._open: list[tuple[str, bool]] = []
        self._number: Counter[str] = Counter()
        self._hidden = self._unseen = self._quotes = 0
        self._link: tuple[str, int] | None = None
        self.hid_text = False

    def take(self, token: Token) -> None:
        tag = token.tag or ""
        if token.type is TokenType.TEXT:
            self._take_text(token.data or "")
        elif token.type is TokenType.START_TAG:
            self._start(tag, dict(token.attrs or ()))
            if token.self_closing and tag not in _VOID:
                self._end(tag)
        elif token.type is TokenType.END_TAG:
            self._end(tag)

    def _start(self, tag: str, given: dict[str, str | None]) -> None:
        if tag not in _VOID:
            self._open.append((tag, hidden := tag in _UNSEEN or _is_hidden(given)))
            self._count(tag, 1, hidden=hidden)
        if tag in _PARAGRAPHS:
            self._break(paragraph=True)
            self._quotes += tag == "blockquote"
        elif tag in _LINES:
            self._break()
            self._line.add("- " if tag == "li" else "")
        elif tag in _CELLS and not self._line.is_blank:
            self._line.add("  ")
        elif tag == "a":
            self._link = (given.get("href") or "", len(self._line.pieces))

    def _count(self, tag: str, number: int, *, hidden: bool) -> None:
        self._number[tag] += number
        self._hidden += number * hidden
        self._unseen += number * (tag in _UNSEEN)

    def _end(self, tag: str) -> None:
        if tag == "a":
            self._end_link()
        if not self._number[tag]:
            return
        while self._open:
            name, hidden = self._open.pop()
            self._count(name, -1, hidden=hidden)
            if name == "blockquote":
                self._break(paragraph=True)
                self._quotes -= 1
            if name == tag:
                break
        if tag in _PARAGRAPHS or tag in _LINES:
            self._break(paragraph=tag in _PARAGRAPHS)

    def _take_text(self, data: str) -> None:
        if self._hidden:
            self.hid_text = self.hid_text or (not self._unseen and bool(data.strip()))
            return
        if self._number["pre"]:
            first, *rest = data.split("\n")
            self._line.add(first)
            for line in rest:
                self._break()
                self._line.add(line)
            return
        words = " ".join(data.split())
        before = " " if data[:1].isspace() and self._line.wants_space else ""
        after = " " if words and data[-1:].isspace() else ""
        self._line.add(before + words + after)

    def _end_link(self) -> None:
        if self._link is None:
            return
        target, start = self._link
        self._link = None
        if self._hidden or not _LINK.match(target):
            return
        shown = "".join(self._line.pieces[start:]).strip()
        plain = target.removeprefix("mailto:")[:_MAX_LINK]
        if shown.rstrip("/") != plain.rstrip("/"):
            if shown:
                self._line.strip_end()
            self._line.add(f" ({plain})" if shown else plain)

    def _break(self, *, paragraph: bool = False) -> None:
        line = "".join(self._line.pieces).strip()
        if line and line != "-":
            marks = "> " * min(max(self._quotes, 0), _MAX_QUOTE_MARKS)
            self._lines.append(marks + line)
        self._line = _Line()
        if paragraph and self._lines and self._lines[-1]:
            self._lines.append("")

    def result(self) -> str:
        """Return the text so far."""
        self._break()
        return "\n".join(self._lines).strip()


def _is_hidden(given: dict[str, str | None]) -> bool:
    style = "".join((given.get("style") or "").lower().split())
    return "hidden" in given or _HIDDEN_STYLE.search(style) is not None

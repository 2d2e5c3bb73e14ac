"""Converts HTML mail to the text that a reader would see, with paragraphs, list entries, quotes and links.

The tokens are turbohtml's, which reads HTML as browsers do, in linear time. The text is made here, and not by its
own `to_text`: that shows hidden text without a mark, and marks quotes only by indentation.
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
# What mail programs call an earlier mail and a signature; the web version of Outlook puts x_ before each.
_QUOTE_NAMES: Final = frozenset(
    {
        "gmail_attr",
        "moz-cite-prefix",
        "yahoo_quoted",
        "protonmail_quote",
        "zmail_extra",
        "quote",
        "mail_quote",
    }
    | {"ms-outlook-mobile-reference-message", "olk_src_body_section", "gmail_signature", "moz-signature"}
    | {"ms-outlook-mobile-signature", "applemailsignature", "protonmail_signature_block"}
)
_FRAME_NAMES: Final = frozenset({"gmail_quote", "gmail_quote_container"})
_REST_IS_QUOTED: Final = frozenset(
    {"appendonsend", "divrplyfwdmsg", "zwchr", "mail-editor-reference-message-container"}
)
_LINK: Final = re.compile(r"(?:https?://|mailto:)", re.IGNORECASE)
_MAX_LINK: Final = 2_000
_MAX_NAMES: Final = 200


class Converted(NamedTuple):
    """The text; `notes` name hidden parts that were left out."""

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
    """Convert unclosed comments and tags to text: a browser drops them with everything behind them."""
    unended = html.find("<!--", html.rfind("-->") + 1)
    if unended >= 0:
        html = html[:unended] + html[unended:].replace("<!--", "")
    ended, end, rest = html.rpartition(">")
    return ended + end + rest.replace("<", "&lt;")


class _Line:
    """The current line, in pieces: repeated concatenation would take quadratic time."""

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


class _Element(NamedTuple):
    tag: str
    hidden: bool
    is_named_quote: bool


class _Converter:
    def __init__(self) -> None:
        self._lines: list[str] = []
        self._line = _Line()
        self._open: list[_Element] = []
        self._number: Counter[str] = Counter()
        self._hidden = self._unseen = self._quotes = 0
        self._link: tuple[str, int] | None = None
        self._frames: list[int] = []
        self._named_quotes = 0
        self._rest_is_quoted = False
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
        names = _names(given)
        if tag not in _VOID:
            self._begin(tag, names, hidden=tag in _UNSEEN or _is_hidden(given))
        if names & _REST_IS_QUOTED:
            self._break()
            self._rest_is_quoted = True
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

    def _begin(self, tag: str, names: frozenset[str], *, hidden: bool) -> None:
        is_named_quote = bool(names & _QUOTE_NAMES) and tag != "blockquote"
        self._break(paragraph=tag in _PARAGRAPHS) if is_named_quote or names & _FRAME_NAMES else None
        if tag != "blockquote" and names & _FRAME_NAMES:
            self._frames.append(len(self._open))
        self._named_quotes += is_named_quote
        self._open.append(_Element(tag, hidden, is_named_quote))
        self._count(tag, 1, hidden=hidden)

    def _end_quote(self, element: _Element) -> None:
        if element.tag == "blockquote":
            self._break(paragraph=True)
            self._quotes -= 1
            # Text after a quote in the same frame is an answer between the lines, or below.
            self._frames.clear()
        elif element.is_named_quote:
            self._break()
            self._named_quotes -= 1
        elif self._frames and self._frames[-1] == len(self._open):
            self._break()
            self._frames.pop()

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
            element = self._open.pop()
            self._count(element.tag, -1, hidden=element.hidden)
            self._end_quote(element)
            if element.tag == tag:
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
            is_quoted = self._named_quotes > 0 or bool(self._frames) or self._rest_is_quoted
            marks = "> " * min(max(self._quotes, int(is_quoted)), _MAX_QUOTE_MARKS)
            self._lines.append(marks + line)
        self._line = _Line()
        if paragraph and self._lines and self._lines[-1]:
            self._lines.append("")

    def result(self) -> str:
        """Return the text so far."""
        self._break()
        return "\n".join(self._lines).strip()


def _names(given: dict[str, str | None]) -> frozenset[str]:
    """Return an element's id, classes and name, in lower case."""
    words = " ".join((given.get(key) or "")[:_MAX_NAMES] for key in ("id", "class", "name")).lower().split()
    return frozenset(word.removeprefix("x_") for word in words)


def _is_hidden(given: dict[str, str | None]) -> bool:
    style = "".join((given.get("style") or "").lower().split())
    return "hidden" in given or _HIDDEN_STYLE.search(style) is not None

"""HTML mail as plain text: what a reader would see, with paragraphs, list entries, quotes and links kept."""

import re
from html.parser import HTMLParser
from typing import Final, NamedTuple

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
_MAX_OPEN: Final = 500

# html.parser takes quadratic time over tags and comments that never end (minutes for 100 KB of '<a '); what does not
# end within its bounds is text.
_UNENDED_TAG: Final = re.compile(r"<(?![^<>]{1,4000}>)")


class Converted(NamedTuple):
    """The text; `notes` say what a reader would not have seen and was left out."""

    text: str
    notes: tuple[str, ...]


def text_of(html: str) -> Converted:
    """Convert HTML to text; never raises, in time linear in the HTML."""
    converter = _Converter()
    converter.feed(_UNENDED_TAG.sub("&lt;", _without_comments(html)))
    converter.close()
    notes = ("text that the mail hides from its reader was left out",) if converter.hid_text else ()
    return Converted(converter.result(), notes)


def _without_comments(html: str) -> str:
    kept: list[str] = []
    position = 0
    while (start := html.find("<!--", position)) >= 0:
        kept.append(html[position:start])
        end = html.find("-->", start + 4)
        if end < 0:
            position = start + 4
            break
        position = end + 3
    # '<!' and '<?' begin declarations, which hold nothing for a reader.
    return re.sub(r"<[!?][^<>]{0,4000}>", "", "".join(kept) + html[position:])


class _Converter(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._lines: list[str] = []
        self._line = ""
        self._open: list[tuple[str, bool]] = []
        self._unseen = 0
        self._quotes = 0
        self._link: tuple[str, int] | None = None
        self.hid_text = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag not in _VOID:
            if len(self._open) >= _MAX_OPEN:
                return
            hidden = tag in _UNSEEN or _is_hidden(given)
            self._open.append((tag, hidden))
            self._unseen += hidden
        if tag in _PARAGRAPHS:
            self._break(paragraph=True)
            self._quotes += tag == "blockquote"
        elif tag in _LINES:
            self._break()
            self._line += "- " if tag == "li" else ""
        elif tag in _CELLS and self._line.strip():
            self._line += "  "
        elif tag == "a":
            self._link = (given.get("href") or "", len(self._line))

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":
            self._end_link()
        if not any(name == tag for name, _ in self._open):
            return
        while self._open:
            name, hidden = self._open.pop()
            self._unseen -= hidden
            if name == "blockquote":
                self._break(paragraph=True)
                self._quotes -= 1
            if name == tag:
                break
        if tag in _PARAGRAPHS or tag in _LINES:
            self._break(paragraph=tag in _PARAGRAPHS)

    def handle_data(self, data: str) -> None:
        if self._unseen:
            seen_by_nobody = not any(hidden and tag in _UNSEEN for tag, hidden in self._open)
            self.hid_text = self.hid_text or (seen_by_nobody and bool(data.strip()))
            return
        if any(tag == "pre" for tag, _ in self._open[-3:]):
            first, *rest = data.split("\n")
            self._line += first
            for line in rest:
                self._break()
                self._line = line
            return
        words = " ".join(data.split())
        before = " " if data[:1].isspace() and self._line and not self._line.endswith(" ") else ""
        after = " " if words and data[-1:].isspace() else ""
        self._line += before + words + after

    def _end_link(self) -> None:
        if self._link is None:
            return
        target, start = self._link
        self._link = None
        shown = self._line[min(start, len(self._line)) :].strip()
        if self._unseen or not re.match(r"(?:https?://|mailto:)", target, re.IGNORECASE):
            return
        plain = target.removeprefix("mailto:")
        if shown.rstrip("/") != plain.rstrip("/"):
            self._line = f"{self._line.rstrip()} ({plain})" if shown else f"{self._line}{plain}"

    def _break(self, *, paragraph: bool = False) -> None:
        line = self._line.strip()
        if line and line != "-":
            marks = "> " * min(max(self._quotes, 0), _MAX_QUOTE_MARKS)
            self._lines.append(marks + line)
        self._line = ""
        if paragraph and self._lines and self._lines[-1]:
            self._lines.append("")

    def result(self) -> str:
        """Give the text so far."""
        self._break()
        return "\n".join(self._lines).strip()


def _is_hidden(given: dict[str, str | None]) -> bool:
    style = "".join((given.get("style") or "").lower().split())
    return "hidden" in given or _HIDDEN_STYLE.search(style) is not None

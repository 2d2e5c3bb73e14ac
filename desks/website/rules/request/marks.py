"""Takes what is quoted or named out of a request's words, so that no rule reads inside it.

Each quotation, address, page, file, selector and amount becomes one character of a private range.
"""

import re
from typing import Final, NamedTuple

QUOTE: Final = "quote"
URL: Final = "url"
PAGE: Final = "page"
FILE: Final = "file"
SELECTOR: Final = "selector"
AMOUNT: Final = "amount"

_FIRST: Final = 0xE000
_MOST: Final = 0x0C00
MARK: Final = "[\ue000-\uebff]"
"""A regular expression's class of the characters that stand for what was taken out."""

_TAGS: Final = (
    r"(?:h[1-6]|p|li|ul|ol|dl|dt|dd|div|span|img|main|nav|header|footer|section|article|aside|table|thead|tbody|tr|td|th|"
    r"button|form|label|input|figure|figcaption|blockquote|strong|em|small|body)"
)
_AREAS: Final = r"(?:main|header|footer|nav|aside|article|section|table|ul|ol)"
_NAME: Final = r"-?[a-zA-Z_][\w-]*"
_SIMPLE: Final = rf"(?:#{_NAME}|\.{_NAME}|\[[\w-]+(?:[~|^$*]?=[^\]\s]{{1,80}})?\]|:(?:nth-child|nth-of-type)\(\d{{1,3}}\)|:(?:first|last)-child)"
_COMPOUND: Final = rf"(?:{_TAGS}?{_SIMPLE}{{1,6}}|{_TAGS}(?![\w-]))"
_PATTERNS: Final = (
    (
        QUOTE,
        re.compile(
            r'"(?P<a>[^"]{1,4000})"|\u201c(?P<b>[^\u201c\u201d]{1,4000})\u201d|\u201e(?P<c>[^\u201e\u201c\u201d"]{1,4000})[\u201c\u201d"]'
            r"|\u00ab(?P<d>[^\u00ab\u00bb]{1,4000})\u00bb|\u00bb(?P<e>[^\u00ab\u00bb]{1,4000})\u00ab|`(?P<f>[^`\n]{1,4000})`"
            r"|\u2018(?P<g>[^\u2018\u2019\n]{1,1000})\u2019|(?<!\w)'(?P<h>[^'\n]{1,1000})'(?!\w)"
        ),
    ),
    (URL, re.compile(r"\b(?:https?://|mailto:|tel:)[^\s<>\"\ue000-\uebff]{1,1500}")),
    (PAGE, re.compile(r"(?<![\w./@-])/?(?:[\w~%-]+/)*[\w~%-]+\.x?html?\b(?:#[\w-]+)?", re.IGNORECASE)),
    (
        FILE,
        re.compile(
            r"(?<![\w./@-])/?(?:[\w~%-]+/)*[\w~%.-]+\.(?:png|jpe?g|gif|svg|webp|avif|ico|pdf|css|js|mp4|webm|zip|docx?)\b",
            re.IGNORECASE,
        ),
    ),
    (
        SELECTOR,
        re.compile(
            rf"(?<![\w&/.#])(?:{_TAGS}?{_SIMPLE}{{1,6}}(?:\s*[>+~]\s*{_COMPOUND}|\s{_COMPOUND}){{0,6}}"
            rf"|{_AREAS}(?:\s*[>+~]\s*{_COMPOUND}|\s{_COMPOUND}){{1,6}})"
        ),
    ),
    (PAGE, re.compile(r"(?<![\w./:<-])/(?:[\w~%-]+/)*(?:[\w~%-]+)?(?![\w/])")),
    (
        AMOUNT,
        re.compile(
            r"(?<![\w.])(?:(?:EUR|USD|GBP|CHF|[\u20ac$\u00a3])\s?\d(?:[\d.,']{0,18}\d)?|\d(?:[\d.,']{0,18}\d)?\s?(?:EUR|USD|GBP|CHF|[\u20ac$\u00a3%]))(?![\w])"
        ),
    ),
)


class Mark(NamedTuple):
    """Something that was quoted or named; `text` without its quotation marks."""

    kind: str
    text: str
    said: str


class Marked(NamedTuple):
    """A text with one character for each mark."""

    text: str
    marks: tuple[Mark, ...]

    def mark(self, char: str) -> Mark:
        return self.marks[ord(char) - _FIRST]

    def said(self, text: str) -> str:
        """Return a part of the text as it was written."""
        return re.sub(MARK, lambda found: self.mark(found[0]).said, text)

    def kinds(self, *kinds: str) -> str:
        """Return a regular expression's class of the marks of these kinds; one that never matches where there is none."""
        chars = "".join(chr(_FIRST + i) for i, mark in enumerate(self.marks) if mark.kind in kinds)
        return f"[{chars}]" if chars else r"(?!)"


def marked(text: str) -> Marked:
    """Take out what is quoted or named; of more than 3,000 marks the rest stays as it is."""
    plain = re.sub("[\ue000-\uf8ff]", " ", text)
    marks: list[Mark] = []

    for kind, pattern in _PATTERNS:

        def put(found: re.Match[str], kind: str = kind) -> str:
            said = found[0]
            inner = next((group for group in found.groups() if group is not None), said)
            tail = ""
            if kind in (URL, PAGE, FILE, AMOUNT, SELECTOR):
                inner = said = said.rstrip(".,;:!?)")
                tail = found[0][len(said) :]
            if len(marks) >= _MOST or not inner.strip() or re.search(MARK, inner):
                return found[0]
            marks.append(Mark(kind, inner.strip(), said))
            return chr(_FIRST + len(marks) - 1) + tail

        plain = pattern.sub(put, plain)
    return Marked(plain, tuple(marks))

"""What stands in prose and is none: addresses, merge fields, hashtags, handles, version numbers and file names."""

import re
from collections.abc import Iterator
from typing import Final

from desks.marketing.copy.text import CopyBuilder

_TLD: Final = r"(?:com|org|net|eu|de|at|ch|uk|io|dev|app|info|shop|example|edu|gov|co)"
_URL: Final = re.compile(
    rf"(?:https?://|www\.)[^\s<>\"'`\ufffc]{{1,2000}}|\b[a-z0-9](?:[a-z0-9.-]{{0,60}}[a-z0-9])?\.{_TLD}(?:/[^\s<>\"'`]{{0,500}})?(?![\w@-])",
    re.IGNORECASE,
)
_TRAILING: Final = ".,;:!?)]}\u201d\u2019*_"
_MAIL: Final = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}")
_FIELD: Final = re.compile(
    r"\{\{[^{}\n]{1,80}\}\}|\{%[^%\n]{1,120}%\}|\{[a-zA-Z_][\w.]{0,40}\}|%%?[A-Z][A-Z0-9_]{1,40}%%?|\*\|[^|\n]{1,60}\|\*|\$\{[^{}\n]{1,60}\}|<%=?[^%\n]{1,80}%>"
)
_TAG: Final = re.compile(r"(?<![\w&/])[#@][A-Za-z_\u00c0-\u024f][\w\u00c0-\u024f.-]{0,60}")
_FILE: Final = re.compile(
    r"(?<![\w/])(?:~?/)?[\w.-]{1,60}(?:/[\w.-]{0,59}[\w-]){1,8}/?(?!\w)|(?<!\w)[\w-]{1,60}\.(?:py|js|ts|md|txt|rst|json|ya?ml|toml|cfg|ini|html?|css|pdf|docx?|png|jpe?g|gif|svg|zip|tar|gz|csv|xml|sh|exe|dll|so|rs|go|c|h|cpp|java)\b"
)
_SLASHED_WORDS: Final = re.compile(r"[^\W\d_]{1,20}/[^\W\d_]{1,20}")


def _urls(text: str) -> Iterator[tuple[int, int]]:
    for match in _URL.finditer(text):
        start, end = match.span()
        while end > start and text[end - 1] in _TRAILING:
            closes = text[end - 1] == ")" and "(" in text[start:end]
            if closes:
                break
            end -= 1
        yield start, end


def links_in(text: str) -> Iterator[tuple[int, int]]:
    """Yield the places of web addresses in prose; a host without a scheme counts where its ending is a known one."""
    for start, end in _urls(text):
        if text[start - 1 : start] != "@":
            yield start, end


def masked_in(text: str) -> Iterator[tuple[int, int]]:
    """Yield the places of all that is no prose; they may overlap."""
    yield from links_in(text)
    for pattern in (_MAIL, _FIELD, _TAG):
        yield from (match.span() for match in pattern.finditer(text))
    for match in _FILE.finditer(text):
        # 'he/she' and 'and/or' are words with a slash between them, '6/12/2026' is a date and '24/7' a figure.
        if not _SLASHED_WORDS.fullmatch(match[0]) and any(map(str.isalpha, match[0])):
            yield match.span()


def note_links(builder: CopyBuilder) -> None:
    """Note the web addresses that stand in the prose itself."""
    text, places, known = builder.prose, builder.places, builder.linked
    for start, end in links_in(text):
        if places[start] >= 0 and not any(begin <= places[start] < stop for begin, stop in known):
            builder.link(text[start:end], places[start], places[end - 1] + 1)

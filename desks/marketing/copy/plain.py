"""Reads plain text: paragraphs, list entries, headings that are underlined or end without a stop, quoted lines."""

import re
from typing import Final

from desks.marketing.copy.masks import masked_in, note_links
from desks.marketing.copy.text import BlockKind, Copy, CopyBuilder, CopyForm

_ENTRY: Final = re.compile(r"[ \t]{0,8}(?:[-*\u2022\u2013\u25aa\u2714\u2705\u27a1] ?|\(?\d{1,2}[.)] )(?=\S)")
_HEADING: Final = re.compile(r"(#{1,6}) +(?=\S)")
_QUOTED: Final = re.compile(r"[ \t]{0,3}> ?")
_UNDERLINE: Final = re.compile(r"[=-]{3,}\s*")
_LABELS: Final = re.compile(
    r"(?:headline|title|subject|subject line|betreff|überschrift|titel)\s*:\s*", re.IGNORECASE
)


def read_plain(source: str) -> Copy:
    """Return the prose of plain text; a line 'Subject: ...' or 'Headline: ...' is a heading."""
    builder = CopyBuilder(CopyForm.PLAIN, source)
    lines = _lines(source)
    open_kind: BlockKind | None = None
    for index, (place, line) in enumerate(lines):
        following = lines[index + 1][1] if index + 1 < len(lines) else ""
        if not line.strip():
            _end(builder, open_kind)
            open_kind = None
        elif _UNDERLINE.fullmatch(line):
            continue
        elif label := _LABELS.match(line) or _HEADING.match(line):
            _end(builder, open_kind)
            builder.add(line[label.end() :], place + label.end())
            builder.end_block(BlockKind.HEADING, 1)
            open_kind = None
        elif _UNDERLINE.fullmatch(following):
            _end(builder, open_kind)
            builder.add(line, place)
            builder.end_block(BlockKind.HEADING, 1)
            open_kind = None
        elif entry := _ENTRY.match(line):
            _end(builder, open_kind)
            builder.add(line[entry.end() :], place + entry.end())
            open_kind = BlockKind.ENTRY
        else:
            quoted = _QUOTED.match(line)
            kind = BlockKind.QUOTE if quoted else open_kind or BlockKind.PARAGRAPH
            if open_kind is not None and (kind is BlockKind.QUOTE) != (open_kind is BlockKind.QUOTE):
                _end(builder, open_kind)
                open_kind = None
            begin = quoted.end() if quoted else 0
            if open_kind is not None:
                builder.add("\n", place - 1)
            builder.add(line[begin:], place + begin)
            open_kind = kind
    _end(builder, open_kind)
    note_links(builder)
    return builder.built(masked_in(builder.prose))


def _end(builder: CopyBuilder, kind: BlockKind | None) -> None:
    if kind is not None:
        builder.end_block(kind)


def _lines(source: str) -> list[tuple[int, str]]:
    """Return each line with its place, without the line's end; CRLF counts as one end."""
    found, place = [], 0
    for line in source.split("\n"):
        found.append((place, line.removesuffix("\r")))
        place += len(line) + 1
    return found

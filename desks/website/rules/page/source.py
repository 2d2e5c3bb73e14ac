"""A page's bytes as text, so that an edit of the text is an edit of the same place in the bytes.

Everything outside an edit stays as it is, byte for byte: byte order mark, line ends, charset, and bytes that no
charset explains.
"""

import codecs
from collections.abc import Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from turbohtml.detect import detect

from dispatch.models.errors import DispatchError

_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_PYTHON_NAMES: Final = {
    "windows-874": "cp874",
    "x-mac-cyrillic": "mac-cyrillic",
    "macintosh": "mac-roman",
    "ISO-8859-8-I": "iso-8859-8",
    "Shift_JIS": "cp932",
    "EUC-KR": "cp949",
    "Big5": "big5hkscs",
    "GBK": "gb18030",
    "gb18030": "gb18030",
}
_STATEFUL: Final = frozenset({"ISO-2022-JP", "replacement", "UTF-16LE", "UTF-16BE"})
"""Charsets that a page can only be in with a byte order mark, or where a byte means what those before it say."""


_DECLARED_WITHIN: Final = 1024
"""Bytes in which a page declares its charset, as the HTML standard has it."""


class PageError(DispatchError):
    """A page cannot be edited without changing more of it than was asked."""


class Edit(NamedTuple):
    """A replacement of source text: code points `start` to `end` of `Source.text` become `text`, markup included."""

    start: int
    end: int
    text: str


class Source(NamedTuple):
    """A page's source; `text` has line ends as LF, `raw` as they are."""

    data: bytes
    bom: bytes
    codec: str
    raw: str
    text: str
    extra: tuple[int, ...]
    """Where a CR LF was: the index in `text` of the LF that stands for it; ascending."""

    @property
    def newline(self) -> str:
        """Return the line end that the page uses most."""
        pairs = self.raw.count("\r\n")
        return "\r\n" if pairs * 2 > self.raw.count("\n") else "\n"

    @property
    def readable(self) -> str:
        """Return the text for a parser: what is no character stands as the replacement character."""
        return _of_characters(self.text)

    def offset(self, position: int) -> int:
        """Return where a code point of `text` stands in `raw`."""
        low, high = 0, len(self.extra)
        while low < high:
            middle = (low + high) // 2
            if self.extra[middle] < position:
                low = middle + 1
            else:
                high = middle
        return position + low


def read_source(data: bytes) -> Source:
    """Decode a page as a browser does: byte order mark, then its own declaration, then what its bytes look like.

    Raises PageError where the bytes cannot be decoded and encoded again without a change.
    """
    bom, codec = next(((mark, name) for mark, name in _BOMS if data.startswith(mark)), (b"", ""))
    if not codec:
        name = detect(data).encoding or "windows-1252"
        if name in _STATEFUL:
            raise PageError(
                f"the page is in the charset {name}, which cannot be edited safely; save it as UTF-8"
            )
        # A page that declares nothing is read as its server says; what is plain ASCII stays right in any of them.
        undeclared = data.isascii() and b"charset" not in data[:_DECLARED_WITHIN].lower()
        codec = "ascii" if undeclared else _python_codec(name)
    body = data[len(bom) :]
    errors = "strict" if codec.startswith("utf-16") else "surrogateescape"
    try:
        raw = body.decode(codec, errors)
        same = raw.encode(codec, errors) == body
    except (UnicodeError, LookupError):
        same, raw = False, ""
    if not same:
        raise PageError(
            f"the page's bytes are not sound {codec}, so an edit would change others; save it as UTF-8"
        )
    text = raw.replace("\r\n", "\n").replace("\r", "\n")
    return Source(data, bom, codec, raw, text, _folded_pairs(raw) if "\r\n" in raw else ())


def _python_codec(name: str) -> str:
    known = _PYTHON_NAMES.get(name, name)
    try:
        return codecs.lookup(known).name
    except LookupError:
        raise PageError(
            f"the page is in the charset {name}, which cannot be edited; save it as UTF-8"
        ) from None


def _folded_pairs(raw: str) -> tuple[int, ...]:
    found: list[int] = []
    at = raw.find("\r\n")
    while at >= 0:
        found.append(at - len(found))
        at = raw.find("\r\n", at + 2)
    return tuple(found)


def spliced(source: Source, edits: Sequence[Edit]) -> bytes:
    """Return the page's bytes with the edits, which must not overlap; all bytes outside them are the page's own.

    What the page's charset does not have is written as a character reference. Raises PageError for edits that overlap.
    """
    parts: list[bytes] = [source.bom]
    done = 0
    for edit in sorted(edits):
        begin, end = source.offset(edit.start), source.offset(edit.end)
        if begin < done or end < begin:
            raise PageError(
                "two of the changes touch the same place of the page; ask for one after the other"
            )
        parts.append(_bytes(source, source.raw[done:begin]))
        parts.append(_encoded(source, edit.text.replace("\n", source.newline)))
        done = end
    parts.append(_bytes(source, source.raw[done:]))
    return b"".join(parts)


def _bytes(source: Source, raw: str) -> bytes:
    return raw.encode(source.codec, "strict" if source.codec.startswith("utf-16") else "surrogateescape")


def _encoded(source: Source, text: str) -> bytes:
    # A lone surrogate would be written as a byte of no charset; new words never hold one.
    clean = _of_characters(text)
    return b"".join(_encoded_char(char, source.codec) for char in clean)


@lru_cache(maxsize=4096)
def _encoded_char(char: str, codec: str) -> bytes:
    """Return a character in a charset, or its reference; some charsets of Windows write a likeness that is another one."""
    try:
        data = char.encode(codec)
        if data.decode(codec) == char:
            return data
    except UnicodeError:
        pass
    return f"&#{ord(char)};".encode(codec)


def _of_characters(text: str) -> str:
    """Return the text, of the same length, with the replacement character for half of a surrogate pair."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return "".join("\ufffd" if "\ud800" <= each <= "\udfff" else each for each in text)
    return text

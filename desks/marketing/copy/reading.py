"""Reads the bytes of a file, or the text of a mail, as copy; the function that runs in a limited process."""

import re
from typing import Final

from desks.marketing.copy.docx import docx_text
from desks.marketing.copy.html import read_html
from desks.marketing.copy.markdown import read_markdown
from desks.marketing.copy.plain import read_plain
from desks.marketing.copy.text import Copy, CopyForm
from dispatch.models.errors import UnreadableTextError

MOST_BYTES: Final = 10_000_000
MOST_CHARS: Final = 100_000
_DOCX: Final = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_BY_TYPE: Final = {
    "text/plain": CopyForm.PLAIN,
    "text/markdown": CopyForm.MARKDOWN,
    "text/x-markdown": CopyForm.MARKDOWN,
    "text/html": CopyForm.HTML,
    "application/xhtml+xml": CopyForm.HTML,
}
_BY_ENDING: Final = {
    "md": CopyForm.MARKDOWN,
    "markdown": CopyForm.MARKDOWN,
    "html": CopyForm.HTML,
    "htm": CopyForm.HTML,
    "xhtml": CopyForm.HTML,
    "txt": CopyForm.PLAIN,
    "text": CopyForm.PLAIN,
}
_MARKDOWN: Final = re.compile(
    r"^#{1,6} \S|\[[^\]\n]{1,200}\]\([^)\n]{1,500}\)|(?<!\w)\*\*\S[^*\n]{0,200}\*\*(?!\w)|^```|(?<!\w)`[^`\n]{1,100}`(?!\w)",
    re.MULTILINE,
)
_READERS: Final = {
    CopyForm.PLAIN: read_plain,
    CopyForm.MARKDOWN: read_markdown,
    CopyForm.HTML: read_html,
}
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0e-\x1f]")


def can_be_copy(media_type: str, name: str) -> bool:
    """Return whether a file can hold copy, by its type or the ending of its name."""
    ending = name.rpartition(".")[2].lower()
    return media_type in _BY_TYPE or media_type == _DOCX or ending in {*_BY_ENDING, "docx"}


def source_of(data: bytes, media_type: str, name: str) -> tuple[str, CopyForm]:
    """Return the text of a file and its form; raises UnreadableTextError that says what is wrong and what to do."""
    if len(data) > MOST_BYTES:
        raise UnreadableTextError(
            f"{name}: it is larger than {MOST_BYTES // 1_000_000} MB; send the copy alone"
        )
    ending = name.rpartition(".")[2].lower()
    if media_type == _DOCX or ending == "docx" or data.startswith(b"PK\x03\x04"):
        return _bounded(docx_text(data), name), CopyForm.PLAIN
    form = _BY_ENDING.get(ending, _BY_TYPE.get(media_type, CopyForm.PLAIN))
    if data[:4] in {b"%PDF", b"\x89PNG", b"GIF8"} or data[:3] == b"\xff\xd8\xff":
        raise UnreadableTextError(f"{name}: it is no text; send the copy as text, Markdown, HTML or DOCX")
    return _bounded(_decoded(data, name), name), form


def read_source(source: str, form: CopyForm) -> Copy:
    """Return the copy that a text of this form holds."""
    return _READERS[form](source)


def form_of_text(text: str) -> CopyForm:
    """Return the form that the text of a mail is written in."""
    return CopyForm.MARKDOWN if _MARKDOWN.search(text) else CopyForm.PLAIN


def _decoded(data: bytes, name: str) -> str:
    for mark, encoding in ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"), (b"\xef\xbb\xbf", "utf-8-sig")):
        if data.startswith(mark):
            try:
                return data.decode(encoding)
            except UnicodeDecodeError:
                break
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        text = data.decode("cp1252", "replace")
    if len(_CONTROL.findall(text[:4_000])) > 4:  # noqa: PLR2004 (a stray control character is no sign of binary data)
        raise UnreadableTextError(f"{name}: it is no text; send the copy as text, Markdown, HTML or DOCX")
    return text


def _bounded(text: str, name: str) -> str:
    if len(text) > MOST_CHARS:
        raise UnreadableTextError(
            f"{name}: it has {len(text):,} characters, and copy may have {MOST_CHARS:,}; send it in parts"
        )
    return text

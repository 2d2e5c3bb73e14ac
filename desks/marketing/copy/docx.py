"""Reads a DOCX file into plain text: what its reader sees, with headings and list entries marked.

Deleted and moved-away text, hidden text, field codes and comments are no content; inserted text is. It runs in a process
of its own that can be killed (dispatch/isolation), and refuses an archive that would unpack to more than it may.
"""

import io
import zipfile
from collections.abc import Iterator
from typing import Any, Final

from dispatch.models.errors import UnreadableTextError

_MOST_UNPACKED: Final = 60_000_000
_MOST_OF_TEXT: Final = 8_000_000
_MOST_PARTS: Final = 2_000
_DOCUMENT: Final = "word/document.xml"
_W: Final = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_R: Final = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_NOT_CONTENT: Final = frozenset(
    {f"{_W}del", f"{_W}moveFrom", f"{_W}instrText", f"{_W}delText", f"{_W}footnoteReference"}
    | {"{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"}
)
_OLE: Final = b"\xd0\xcf\x11\xe0"


def docx_text(data: bytes) -> str:
    """Return the text of a DOCX file; raises UnreadableTextError in one sentence for what is none, or is too large."""
    _check(data)
    from docx import Document  # noqa: PLC0415 (half a second, which only a DOCX file needs)

    try:
        document = Document(io.BytesIO(data))
    except Exception as error:  # noqa: BLE001 (a damaged file fails in many ways; a person is told that it is damaged)
        raise UnreadableTextError(
            f"the DOCX file is damaged ({type(error).__name__}); save it again, or send the text as Markdown"
        ) from None
    links = {key: rel.target_ref for key, rel in document.part.rels.items() if rel.is_external}
    lines = list(_paragraphs(document.element.body, links))
    return "\n\n".join(line for line in lines if line.strip())


def _check(data: bytes) -> None:
    if data.startswith(_OLE):
        raise UnreadableTextError(
            "the file is an old or encrypted Word document; save it as DOCX without a password and send it again"
        )
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
            sizes = {part.filename: part.file_size for part in parts}
            if len(parts) > _MOST_PARTS or sum(sizes.values()) > _MOST_UNPACKED:
                raise UnreadableTextError(
                    f"the DOCX file unpacks to more than {_MOST_UNPACKED // 1_000_000} MB; send the text alone"
                )
            if _DOCUMENT not in sizes:
                raise UnreadableTextError(
                    "the file is no Word document (word/document.xml is missing); save it as DOCX and send it again"
                )
            if sizes[_DOCUMENT] > _MOST_OF_TEXT:
                raise UnreadableTextError("the text of the DOCX file is too long; send the copy alone")
            if any(part.flag_bits & 1 for part in parts):
                raise UnreadableTextError("the DOCX file is encrypted; send it without a password")
            if b"<!DOCTYPE" in archive.read(_DOCUMENT):
                raise UnreadableTextError(
                    "the DOCX file declares a document type, which Word never writes; save it again"
                )
    except (zipfile.BadZipFile, NotImplementedError, EOFError, OSError, ValueError, RuntimeError):
        raise UnreadableTextError(
            "the file is no DOCX file, or is damaged; save it as DOCX and send it again"
        ) from None


def _paragraphs(body: Any, links: dict[str, str]) -> Iterator[str]:
    """Yield the text of each paragraph in order, those of tables and text boxes too."""
    for paragraph in body.iter(f"{_W}p"):
        if _is_inside(paragraph, _NOT_CONTENT):
            continue
        text = "".join(_pieces(paragraph, links)).strip()
        if text:
            yield f"{_mark(paragraph)}{text}"


def _is_inside(element: Any, tags: frozenset[str]) -> bool:
    return any(each.tag in tags for each in element.iterancestors())


def _mark(paragraph: Any) -> str:
    properties = paragraph.find(f"{_W}pPr")
    if properties is None:
        return ""
    style = properties.find(f"{_W}pStyle")
    name = (style.get(f"{_W}val") if style is not None else "") or ""
    if name.lower().startswith(("heading", "title", "berschrift", "überschrift", "titel")):
        return "# "
    is_entry = properties.find(f"{_W}numPr") is not None or name.lower().startswith("list")
    return "- " if is_entry else ""


def _pieces(element: Any, links: dict[str, str]) -> Iterator[str]:
    for child in element:
        if child.tag in _NOT_CONTENT or child.tag == f"{_W}p":
            continue
        if child.tag == f"{_W}r" and _is_hidden(child):
            continue
        if child.tag == f"{_W}t":
            yield child.text or ""
        elif child.tag in {f"{_W}br", f"{_W}cr"}:
            yield "\n"
        elif child.tag == f"{_W}tab":
            yield " "
        elif child.tag == f"{_W}noBreakHyphen":
            yield "-"
        elif child.tag == f"{_W}hyperlink":
            shown = "".join(_pieces(child, links))
            target = links.get(child.get(f"{_R}id") or "", "")
            yield shown if not target or target in shown else f"{shown} ({target})"
        elif child.tag != f"{_W}txbxContent":
            yield from _pieces(child, links)


def _is_hidden(run: Any) -> bool:
    properties = run.find(f"{_W}rPr")
    hidden = properties.find(f"{_W}vanish") if properties is not None else None
    return hidden is not None and hidden.get(f"{_W}val") not in {"0", "false"}

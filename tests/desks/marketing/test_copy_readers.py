"""Copy of every form is read as what its reader sees, with places that are right; what is hostile is refused or harmless."""

import io
import zipfile
from typing import Any

import pytest
from docx import Document
from docx.oxml import OxmlElement
from hypothesis import given
from hypothesis import strategies as st

from desks.marketing.copy.docx import docx_text
from desks.marketing.copy.reading import form_of_text, read_source, source_of
from desks.marketing.copy.text import PLACEHOLDER, BlockKind, Copy, CopyForm
from dispatch.models.errors import UnreadableTextError

_MARKS = st.sampled_from(
    ["*", "**", "_", "`", "# ", "- ", "> ", "\n", "\n\n", "[", "](http://a.example/b)", "<b>", "</b>", "<script>", "</script>", "&amp;", "\\*", "|", "---", "```\n", "é", "😀", " ", "word", "{{x}}", "\r\n"]
)  # fmt: skip
_SOURCES = st.lists(_MARKS, max_size=40).map("".join)


@given(_SOURCES, st.sampled_from(list(CopyForm)))
def test_each_character_of_prose_has_its_place_in_the_source(source: str, form: CopyForm) -> None:
    """A place is inside the source, places grow, and a block holds no white space at its edges."""
    copy = read_source(source, form)
    places = [place for place in copy.at if place >= 0]
    assert len(copy.at) == len(copy.text)
    assert all(place < len(source) for place in places)
    assert places == sorted(places)
    for block in copy.blocks:
        text = copy.of(block)
        assert text == text.strip() != ""
        for index in range(block.start, block.end):
            if copy.text[index] != PLACEHOLDER and copy.is_plain(index, index + 1):
                assert source[copy.at[index]] == copy.text[index]


@given(st.text(max_size=300), st.sampled_from(list(CopyForm)))
def test_any_text_can_be_read(source: str, form: CopyForm) -> None:
    """No text of a stranger makes a reader fail."""
    assert isinstance(read_source(source, form), Copy)


def _prose(source: str, form: CopyForm) -> list[tuple[BlockKind, str]]:
    copy = read_source(source, form)
    return [(block.kind, copy.of(block)) for block in copy.blocks]


def test_markdown_gives_its_text_alone() -> None:
    """Code, addresses, front matter and HTML are no prose; an escape is what it shows."""
    source = "---\ntitle: x\n---\n# Big *news*\n\nUse `the code` and [the shop](http://the.example/the), \\*soon\\*.\n\n```\nthe block\n```\n"
    assert _prose(source, CopyForm.MARKDOWN) == [
        (BlockKind.HEADING, "Big news"),
        (BlockKind.PARAGRAPH, f"Use {PLACEHOLDER} and the shop, *soon*."),
    ]
    assert [link.url for link in read_source(source, CopyForm.MARKDOWN).links] == ["http://the.example/the"]


def test_html_gives_what_a_browser_shows() -> None:
    """Scripts, styles, comments, hidden and deleted text are never content."""
    source = "<style>p{}</style><h2>News</h2><p>Hi &amp; <b>you</b><script>var a='best'</script><!-- no --></p><p style='display: none'>hidden</p><del>gone</del>"
    assert _prose(source, CopyForm.HTML) == [(BlockKind.HEADING, "News"), (BlockKind.PARAGRAPH, "Hi & you")]


def test_a_quoted_line_and_a_headline_of_plain_text_are_known() -> None:
    """Plain text has no marks but those that people write."""
    assert _prose("Subject: Hello\n\n> said\n\n- one\n- two", CopyForm.PLAIN) == [
        (BlockKind.HEADING, "Hello"),
        (BlockKind.QUOTE, "said"),
        (BlockKind.ENTRY, "one"),
        (BlockKind.ENTRY, "two"),
    ]


def test_deep_and_endless_markup_is_read_in_time() -> None:
    """100,000 nested elements and a million marks take no more than their length."""
    assert read_source("<div>" * 100_000 + "x", CopyForm.HTML).text == "x"
    assert read_source("> " * 20_000 + "x", CopyForm.MARKDOWN).form is CopyForm.MARKDOWN
    assert read_source("[" * 50_000, CopyForm.MARKDOWN) is not None
    assert read_source(f"<p {'a=b ' * 50_000}>x</p>", CopyForm.HTML).text == "x"


def _docx(*paragraphs: str) -> tuple[Any, bytes]:
    document = Document()
    for text in paragraphs:
        document.add_paragraph(text)
    written = io.BytesIO()
    document.save(written)
    return document, written.getvalue()


def test_a_word_document_gives_what_is_not_deleted() -> None:
    """Tracked deletions are no content, insertions are; headings and entries are marked."""
    document = Document()
    document.add_heading("Repair", 1)
    paragraph = document.add_paragraph("We sew.")
    for tag, inner, text in (("w:del", "w:delText", " The best."), ("w:ins", "w:t", " By hand.")):
        change, run, words = OxmlElement(tag), OxmlElement("w:r"), OxmlElement(inner)
        words.text = text
        run.append(words)
        change.append(run)
        paragraph._p.append(change)
    document.add_paragraph("Zips", style="List Bullet")
    written = io.BytesIO()
    document.save(written)
    assert docx_text(written.getvalue()) == "# Repair\n\nWe sew. By hand.\n\n- Zips"


def _archive(name: str, data: bytes) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)
    return written.getvalue()


_BOMB = b'<?xml version="1.0"?><!DOCTYPE w [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]><w>&b;</w>'


@pytest.mark.parametrize(
    ("data", "name", "says"),
    [
        (b"PK\x03\x04broken", "a.docx", "damaged"),
        (_archive("other.xml", b"x"), "a.docx", "no Word document"),
        (_archive("word/document.xml", b" " * 9_000_000), "a.docx", "too long"),
        (_archive("word/media/x.bin", b"\0" * 70_000_000), "a.docx", "60 MB"),
        (_archive("word/document.xml", _BOMB), "a.docx", "document type"),
        (b"\xd0\xcf\x11\xe0 old", "a.docx", "old or encrypted"),
        (b"%PDF-1.7", "a.pdf", "no text"),
        (b"\x00\x01\x02\x03\x04\x05\x06 binary", "a.txt", "no text"),
        (b"a" * 100_001, "a.txt", "100,000"),
        (b"a" * 10_000_001, "a.txt", "10 MB"),
    ],
)
def test_a_file_that_is_no_copy_is_refused_with_a_reason(data: bytes, name: str, says: str) -> None:
    """Zip bombs, entities, binaries and what is too large are refused in a sentence that says what to do."""
    with pytest.raises(UnreadableTextError) as caught:
        source_of(data, "application/octet-stream", name)
    assert says in str(caught.value)


def test_any_charset_is_read() -> None:
    """A byte order mark counts, UTF-8 comes first, and anything else is Windows' Latin."""
    assert source_of("für".encode("utf-16"), "text/plain", "a.txt")[0] == "für"
    assert source_of("\ufefffür".encode(), "text/plain", "a.md") == ("für", CopyForm.MARKDOWN)
    assert source_of("für".encode("cp1252"), "text/plain", "a.txt")[0] == "für"


def test_a_mail_s_text_is_markdown_where_it_is_written_so() -> None:
    """Asterisks alone are no Markdown."""
    assert form_of_text("# Title\n\ntext") is CopyForm.MARKDOWN
    assert form_of_text("see [us](https://a.example)") is CopyForm.MARKDOWN
    assert form_of_text("5 * 3, a_b, and * again") is CopyForm.PLAIN

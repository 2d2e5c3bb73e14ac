import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from channels.mail.html_text import text_of
from channels.mail.parse import MAX_ATTACHMENTS
from dispatch.models.errors import SubmissionError
from dispatch.models.request.submission import Submission
from dispatch.storage.documents import DocumentStore
from dispatch.text.file_name import safe_name
from runtime.doors.starting import read_request_file
from runtime.settings import Settings
from tests.sizes import rounds

SAMPLES = Path(__file__).parents[2] / "examples" / "requests"
HEAD = b"From: Jane Doe <jane@mail.example>\nMessage-ID: <1@mail.example>\nSubject: Lamp\n"

Read = Callable[..., Submission]


@pytest.fixture
def store(tmp_path: Path) -> DocumentStore:
    return DocumentStore(tmp_path / "documents")


@pytest.fixture
def read(tmp_path: Path, store: DocumentStore) -> Read:
    def reading(
        content: bytes | str, name: str = "request.eml", desk: str | None = None, **limits: int
    ) -> Submission:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return read_request_file(Settings(var_dir=tmp_path, **limits), path, desk)  # type: ignore[arg-type]  # numbers

    return reading


def multipart(*parts: bytes, kind: bytes = b"mixed", head: bytes = HEAD) -> bytes:
    body = b"".join(b"--zz\n" + part + b"\n" for part in parts)
    return head + b"Content-Type: multipart/" + kind + b"; boundary=zz\n\n" + body + b"--zz--\n"


PLAIN = b"Content-Type: text/plain; charset=utf-8\n\nplain text"
HTML = b"Content-Type: text/html; charset=utf-8\n\n<p>html text</p>"
PDF = b"Content-Type: application/pdf\nContent-Disposition: attachment; filename=bill.pdf\n\n%PDF"


def test_a_plain_mail_is_read(read: Read, store: DocumentStore) -> None:
    """Sender, subject, text and ids are the mail's; the file itself is in the store."""
    raw = HEAD + b"\nWhere is it?\n"
    result = read(raw, desk="support")
    assert (result.trigger.kind, result.trigger.trigger_id) == ("mail", "<1@mail.example>")
    assert (result.sender.address, result.sender.name) == ("jane@mail.example", "Jane Doe")
    assert (result.subject, result.body.strip(), result.thread) == ("Lamp", "Where is it?", ())
    assert (result.desk, result.notes, result.attachments) == ("support", (), ())
    assert (store.get(result.source.sha256), result.source.name) == (raw, "request.eml")


@pytest.mark.parametrize("file", sorted(SAMPLES.glob("*")), ids=lambda file: file.name)
def test_every_sample_is_read(file: Path, store: DocumentStore, tmp_path: Path) -> None:
    """What make demo submits can be submitted."""
    result = read_request_file(Settings(var_dir=tmp_path), file)
    assert result.body.strip()


def test_plain_text_is_preferred_to_html(read: Read) -> None:
    """Of two forms of one text the plain one is read, unless it is empty."""
    assert read(multipart(PLAIN, HTML, kind=b"alternative")).body.strip() == "plain text"
    empty = b"Content-Type: text/plain\n\n \n"
    assert read(multipart(empty, HTML, kind=b"alternative")).body == "html text"


def test_all_texts_of_a_mixed_mail_are_read(read: Read) -> None:
    """A text before and one after a picture are both the sender's."""
    assert read(multipart(PLAIN, PDF, HTML)).body == "plain text\n\nhtml text"


def test_attachments_go_to_the_store(read: Read, store: DocumentStore) -> None:
    """History carries the reference; the bytes are as they were attached."""
    (attached,) = read(multipart(PLAIN, PDF)).attachments
    assert (attached.name, attached.media_type, store.get(attached.sha256)) == (
        "bill.pdf",
        "application/pdf",
        b"%PDF",
    )


def test_a_mail_of_attachments_alone_is_no_empty_mail(read: Read) -> None:
    """A scan without a word is a request."""
    result = read(multipart(PDF))
    assert (result.body, len(result.attachments)) == ("", 1)


def test_a_forwarded_mail_is_an_attachment(read: Read, store: DocumentStore) -> None:
    """What somebody else once wrote is kept, and is not taken for the sender's words."""
    inner = b"Content-Type: message/rfc822\n\nFrom: bob@mail.example\nSubject: Old/mail\n\nPlease refund me."
    result = read(multipart(PLAIN, inner))
    assert result.body.strip() == "plain text"
    (attached,) = result.attachments
    assert attached.name == "mail.eml"
    assert b"Please refund me." in store.get(attached.sha256)
    assert "a forwarded mail was kept as the attachment 'mail.eml'" in result.notes


def test_html_keeps_links_paragraphs_and_lists() -> None:
    """The text reads as the page did; what nobody would see is left out and said."""
    html = (
        "<html><head><title>T</title><style>p{}</style></head><body><!-- c --><h1>Hi &amp; <b>you</b></h1>"
        "<p>one<br>two</p><ul><li>a<li>b</ul><blockquote>old</blockquote><a href='https://x.example/1'>here</a> "
        "<a href='javascript:x'>bad</a><p style='display : none'>secret</p><script>alert(1)</script>1 &lt; 2</body>"
    )
    converted = text_of(html)
    assert (
        converted.text
        == "Hi & you\n\none\ntwo\n\n- a\n- b\n\n> old\n\nhere (https://x.example/1) bad\n\n1 < 2"
    )
    assert converted.notes == ("text that the mail hides from its reader was left out",)


@pytest.mark.parametrize(
    ("html", "text"),
    [
        (
            "Red.<div class='gmail_quote'><div class='gmail_attr'>On 3 Mar, Shop wrote:</div><blockquote>Which?</blockquote></div>",
            "Red.\n> On 3 Mar, Shop wrote:\n\n> Which?",
        ),
        (
            "<div class='x_gmail_quote'>Shop:<blockquote>Which?</blockquote>Red.<blockquote>And?</blockquote>Two.</div>",
            "> Shop:\n\n> Which?\n\nRed.\n\n> And?\n\nTwo.",
        ),
        (
            "<div class='moz-cite-prefix'>Am 3.3. schrieb Laden:</div><blockquote type='cite'>Welche?</blockquote><p>Rot.</p>",
            "> Am 3.3. schrieb Laden:\n\n> Welche?\n\nRot.",
        ),
        (
            "<p>Red.</p><div id='x_appendonsend'></div><hr><div id='divRplyFwdMsg'><b>From:</b> Shop</div><p>Which?</p>",
            "Red.\n\n> From: Shop\n\n> Which?",
        ),
        ("<p>Rot.</p><div name='quote'>Laden:<p>Welche?</p></div>", "Rot.\n\n> Laden:\n\n> Welche?"),
        ("Red.<div class='gmail_signature'>Ida<br>Please recycle</div>", "Red.\n> Ida\n> Please recycle"),
    ],
)
def test_html_quotes_are_marked_whatever_program_made_them(html: str, text: str) -> None:
    """Gmail, Thunderbird, Outlook and web mail each name the earlier mail; answers between and below stay the sender's."""
    assert text_of(html).text == text


@pytest.mark.parametrize(
    "unit",
    [
        "<a ",
        "<!--",
        "<a b='",
        "<![CDATA[",
        "</a ",
        "<div>",
        "<!x",
        "<a href=x>",
        "<td>",
        "<p class=gmail_quote>",
    ],
)
def test_hostile_html_takes_linear_time(unit: str) -> None:
    """The parser's quadratic cases never reach it."""
    started = time.thread_time()
    text_of(unit * (200_000 // len(unit)))
    assert time.thread_time() - started < 5


@given(st.text(alphabet="<>/ab!-'=\"& ", max_size=80))
def test_any_html_is_converted(html: str) -> None:
    """However broken, it gives text and never fails."""
    assert "\x00" not in text_of(html).text


def test_without_a_message_id_a_mail_is_known_by_what_its_sender_wrote(read: Read) -> None:
    """The same file submitted twice is one request."""
    raw = b"From: jane@mail.example\n\nhello"
    result = read(raw)
    assert result.trigger.trigger_id == f"sha256:{result.trigger.content}"
    assert result.notes == ("the mail has no Message-ID: known by its digest instead",)
    assert read(raw, "again.eml").trigger.trigger_id == result.trigger.trigger_id


def test_a_broken_mail_keeps_what_can_be_read(read: Read) -> None:
    """A missing boundary is noted and the text kept."""
    for content_type in (b"multipart/mixed", b"multipart/mixed; boundary=never"):
        result = read(HEAD + b"Content-Type: " + content_type + b"\n\nhello there")
        assert result.body == "hello there"
        assert result.notes[0].startswith("the mail is not built as it should be: ")


def test_a_long_text_is_cut_with_a_note(read: Read) -> None:
    """History stays small, and the whole of it is in the store."""
    result = read(HEAD + b"\n" + b"x" * 150, max_body_chars=100)
    assert result.body == "x" * 100
    assert result.notes == ("the text was cut after 100 of 150 characters; all of it is in the source file",)


def test_more_attachments_than_history_can_carry_stay_in_the_source(read: Read) -> None:
    """A mail of thousands of tiny parts cannot flood a request, and says what it did."""
    result = read(multipart(PLAIN, *[PDF] * (MAX_ATTACHMENTS + 5)))
    assert len(result.attachments) == MAX_ATTACHMENTS
    assert "only the first 100 attachments were taken out; all are in the source file" in result.notes


UNNAMED = b"From: Jane Doe <jane@mail.example>\nSubject: \n"
REFUSED_MAILS = [
    (b"", "is no mail: it has no From header; save the whole mail, with its headers"),
    (b"\x00\x01\x02" * 50, "is no mail"),
    (UNNAMED + b"\n", "is empty: it has neither subject, text nor attachments; ask its sender to write again"),
    (UNNAMED + "\n\u200b \u2060\n".encode(), "is empty"),
    (UNNAMED + b"Content-Type: text/html\n\n<p style='display:none'>x</p>", "is empty"),
    (HEAD + b"Content-Type: multipart/mixed; boundary=zz\n\n--zz\n", "is broken and no text can be made out"),
    (b"From: \n\nhi", "has no usable address in From: ''; correct it, such as 'Jane Doe <jane@mail.example>'"),
    (b"From: Jane\n\nhi", "has no usable address in From: 'Jane'"),
    (b"From: jane@\n\nhi", "has no usable address in From: 'jane@'"),
    ("From: j\u202ene@mail.example\n\nhi".encode(), "has no usable address in From"),
    (b"From: " + b"j" * 2_000 + b" <jane@mail.example>\n\nhi", "has no usable address in From"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("raw", "sentence"), REFUSED_MAILS, ids=[sentence[:40] for _, sentence in REFUSED_MAILS]
)
def test_a_mail_that_cannot_be_taken_says_why(read: Read, tmp_path: Path, raw: bytes, sentence: str) -> None:
    """One sentence with the file, what is wrong and what to do; the file is stored all the same."""
    with pytest.raises(SubmissionError) as caught:
        read(raw)
    assert str(caught.value).startswith(f"{tmp_path / 'request.eml'} {sentence}")
    assert len(list((tmp_path / "documents").rglob("*/*"))) == 1


def test_a_mail_that_is_too_large_is_refused_before_it_is_read(tmp_path: Path, store: DocumentStore) -> None:
    """A 30 MB attachment is one sentence, not a stuck worker."""
    path = tmp_path / "large.eml"
    with path.open("wb") as file:
        file.truncate(30 * 2**20)
    with pytest.raises(SubmissionError) as caught:
        read_request_file(Settings(var_dir=tmp_path), path)
    assert str(caught.value) == (
        f"{path} has 30.0 MB, more than the 25.0 MB that are taken; "
        "send it without the large attachment, or raise DISPATCH_MAX_MAIL_BYTES"
    )
    assert not (tmp_path / "documents").exists()


def test_what_is_no_file_is_refused(tmp_path: Path, store: DocumentStore) -> None:
    """A missing file, a folder and another kind of file each get their sentence."""
    (tmp_path / "mails.eml").mkdir()
    (tmp_path / "letter.docx").write_bytes(b"PK")
    os.mkfifo(tmp_path / "pipe.eml")
    for name, sentence in (
        ("none.eml", "there is no file .*; check its name"),
        ("mails.eml", "is a folder; name the files in it"),
        ("pipe.eml", "is no file but a device or a pipe; save the request as a file"),
        ("letter.docx", "is neither .eml nor .json; save the mail as .eml, or send JSON"),
    ):
        with pytest.raises(SubmissionError, match=sentence):
            read_request_file(Settings(var_dir=tmp_path), tmp_path / name)


def test_a_json_request_is_read(read: Read) -> None:
    """The documented shape, with its own id and fields."""
    result = read(
        '{"trigger_id": "form-1", "from": "jane@mail.example", "name": "Jane", "subject": "Refund", '
        '"text": "Please refund it.", "fields": {"order_number": "DD-10001"}}',
        "form.json",
    )
    assert (result.trigger.kind, result.trigger.trigger_id) == ("json", "form-1")
    assert (result.sender.address, result.body, result.fields) == (
        "jane@mail.example",
        "Please refund it.",
        {"order_number": "DD-10001"},
    )
    assert read('{"from": "a@x.example", "text": "hi"}', "b.json").trigger.trigger_id.startswith("sha256:")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ('{"from": "a@x.example",\n "text": }', "is not JSON: line 2, column 10: Expecting value"),
        ("", "is not JSON: line 1, column 1"),
        (b'{"text": "\xff"}', "is not UTF-8 at byte 10; save it as UTF-8"),
        ("[" * 100_000, "is nested too deeply"),
        ('{"text": "a", "text": "b"}', "is not a request: the key 'text' stands twice"),
        ('{"from": "a@x.example", "text": NaN}', "is not a request: NaN is no JSON value"),
        ('{"from": "a@x.example"}', ": 'text' is wrong: Field required; a request has: trigger_id, from,"),
        ('{"from": "a@x.example", "text": 5}', ": 'text' is wrong: Input should be a valid string"),
        ('{"from": "a", "text": "hi"}', ": 'from' is wrong"),
        ('{"sender": "a@x.example", "text": "hi"}', ": 'from' is wrong: Field required"),
        ('{"from": "a@x.example", "text": "hi", "vip": true}', ": 'vip' is unknown; a request has:"),
        ('{"from": "a@x.example", "text": "hi", "fields": {"n": 1}}', ": 'fields.n' is wrong"),
        ('{"from": "a@x.example", "text": "hi", "trigger_id": ""}', ": 'trigger_id' is wrong"),
        ('["hi"]', ": 'the top' is wrong"),
        ('{"from": "a@x.example", "text": " \\u200b "}', " is empty: 'text' says nothing"),
        ('{"from": "a@x.example", "text": "a \\ud800"}', "is not a request: it holds half of a character"),
    ],
)
def test_a_wrong_json_request_says_where(read: Read, content: str | bytes, sentence: str) -> None:
    """Line and column, or the key; nothing is guessed."""
    with pytest.raises(SubmissionError) as caught:
        read(content, "form.json")
    assert str(caught.value).partition("form.json")[2].strip().startswith(sentence.strip())


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\temp\\bill.pdf", "bill.pdf"),
        ("in\u202efdp.exe", "infdp.exe"),
        ("a\nb?.txt", "a b_.txt"),
        ("..", "document"),
        ("", "document"),
        (None, "document"),
        ("n" * 200 + ".pdf", "n" * 80 + ".pdf"),
    ],
)
def test_a_name_of_an_attachment_is_safe(name: str | None, safe: str) -> None:
    """It can be shown to a person and saved under, and means no other place."""
    assert safe_name(name, "document") == safe


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=rounds(60, 600), deadline=None
)
@given(
    head=st.binary(max_size=120),
    body=st.binary(max_size=200),
    encoding=st.sampled_from([b"base64", b"x", b"8bit"]),
)
def test_any_bytes_are_read_or_refused(read: Read, head: bytes, body: bytes, encoding: bytes) -> None:
    """Whatever a file holds, it is a submission or one sentence."""
    raw = HEAD + b"X: " + head + b"\nContent-Transfer-Encoding: " + encoding + b"\n\n" + body
    try:
        result = read(raw)
    except SubmissionError:
        return
    assert Submission.model_validate_json(result.model_dump_json()) == result

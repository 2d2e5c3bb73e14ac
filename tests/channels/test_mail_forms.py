"""Forms of mail that are rare and right, and those of which not everything can be read."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from channels.mail.bounds import MAX_CONTAINERS
from channels.mail.parse import parse_mail
from dispatch.models.request.submission import Submission
from runtime.doors.starting import read_request_file
from runtime.settings import Settings

HEAD = b"From: Ida Berg <ida@mail.example>\nMessage-ID: <1@mail.example>\nSubject: Where is my lamp?\n"
PGP_MIME = (
    b"Content-Type: multipart/encrypted; boundary=q\n\n--q\nContent-Type: application/pgp-encrypted\n\nVersion: 1\n"
    b"--q\nContent-Type: application/octet-stream\n\n-----BEGIN PGP MESSAGE-----\n--q--\n"
)
Read = Callable[[bytes], Submission]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    def reading(raw: bytes) -> Submission:
        path = tmp_path / "request.eml"
        path.write_bytes(raw)
        return read_request_file(Settings(var_dir=tmp_path), path)

    return reading


@pytest.mark.parametrize("body", [b"", b"\n\n \n", b"Content-Type: text/html\n\n<br>"])
def test_a_mail_that_says_all_in_its_subject_is_taken_in(read: Read, body: bytes) -> None:
    """An empty body is no reason to refuse what was asked."""
    result = read(HEAD + b"\n" * (not body.startswith(b"C")) + body)
    assert (result.subject, result.body.strip(), result.unread) == ("Where is my lamp?", "", "")


@pytest.mark.parametrize(
    ("sender", "address", "name"),
    [
        ("Zoë <zoë@bücher.example>", "zoë@xn--bcher-kva.example", "Zoë"),
        ("ida@straße.example", "ida@xn--strae-oqa.example", ""),
        ("张伟@例子.example", "张伟@xn--fsqu00a.example", ""),
        ("Ida <ida@xn--bcher-kva.example>", "ida@xn--bcher-kva.example", "Ida"),
    ],
)
def test_an_address_may_have_letters_beyond_ascii(sender: str, address: str, name: str) -> None:
    """The domain is stored in its ASCII form, so that it looks like no other; the local part as it is written."""
    mail = parse_mail("x.eml", f"From: {sender}\n\nhi".encode())
    assert (mail.address, mail.name, mail.doubt) == (address, name, None)


def test_a_blank_before_the_colon_of_a_header_is_read() -> None:
    """Old programs write it; the sender counts as unverified, because mail servers may not see the field."""
    mail = parse_mail(
        "x.eml", b"From : Ida <ida@mail.example>\nSubject : Lamp\nMessage-ID : <7@mail.example>\n\nhi"
    )
    assert (mail.address, mail.subject, mail.message_id, mail.text) == (
        "ida@mail.example",
        "Lamp",
        "<7@mail.example>",
        "hi",
    )
    assert mail.doubt is not None


def nested(levels: int, beside: bytes = b"") -> bytes:
    kind = b'Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n'
    opened = b"".join(kind % (n, n) for n in range(levels))
    closed = b"".join(b"\n--b%d--\n" % n + beside for n in reversed(range(levels)))
    return HEAD + opened + b"Content-Type: text/plain\n\nIt was due on Monday.\n" + closed


@pytest.mark.parametrize("levels", [1, MAX_CONTAINERS, MAX_CONTAINERS + 1, 300, 5_000])
def test_a_text_below_many_levels_is_read(levels: int) -> None:
    """Wrappings that hold nothing else are taken off, in linear time, and that is said where it had to be."""
    started = time.thread_time()
    mail = parse_mail("x.eml", nested(levels))
    assert mail.text.strip() == "It was due on Monday."
    assert mail.subject == "Where is my lamp?"
    assert bool(mail.notes) == (levels > MAX_CONTAINERS)
    assert time.thread_time() - started < 2


@pytest.mark.parametrize(
    ("part", "kind"),
    [
        (
            b"Content-Type: application/ms-tnef; name=winmail.dat\n\nxx",
            "winmail.dat, which only Outlook reads",
        ),
        (
            b"Content-Type: application/pkcs7-mime; smime-type=enveloped-data\n\nxx",
            "an encrypted or sealed part (S/MIME)",
        ),
        (PGP_MIME, "an encrypted part (PGP)"),
        (b"Content-Type: text/plain\n\n-----BEGIN PGP MESSAGE-----\n\nhQEM\n", "an encrypted part (PGP)"),
    ],
)
def test_what_cannot_be_read_goes_to_a_person_with_a_note(read: Read, part: bytes, kind: str) -> None:
    """Nobody answers a subject whose mail is unread; beside a text that is read, the note alone says it."""
    alone = read(HEAD + part)
    assert alone.unread == f"the mail holds {kind}, and no other text"
    assert f"{kind}, could not be read; it is attached" in alone.notes
    assert alone.attachments
    beside = (
        b"Content-Type: multipart/mixed; boundary=zz\n\n--zz\n\nIt was due on Monday.\n--zz\n%s\n--zz--\n"
    )
    both = read(HEAD + beside % part)
    assert (both.unread, both.body.strip()) == ("", "It was due on Monday.")
    assert f"{kind}, could not be read; it is attached" in both.notes


@pytest.mark.parametrize(
    ("date", "days"),
    [
        ("Mon, 2 Feb 2043 03:14:08", 0),
        ("Mon, 2 Feb 2043 03:14:08 +0500", 0),
        ("{:%a, %d %b %Y %H:%M:%S} +0000", 10),
        ("{:%a, %d %b %Y %H:%M:%S}", 10),
        ("Mon, 1 Jan 1990 00:00:00 +0000", None),
        ("yesterday", None),
        ("", None),
    ],
)
def test_the_date_of_a_mail_is_bounded_by_when_it_was_received(
    read: Read, date: str, days: int | None
) -> None:
    """A clock that runs ahead, lacks its zone or was never set neither fails nor buys time."""
    ten_days_ago = (datetime.now(UTC) - timedelta(days=10)).replace(microsecond=0)
    result = read(HEAD + f"Date: {date.format(ten_days_ago)}\n\nhi".encode())
    expected = {None: None, 0: result.trigger.received_at, 10: ten_days_ago}[days]
    assert result.written_at == expected

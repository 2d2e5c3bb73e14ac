"""Monsters at the door: each is read within bounds, with a note on what was cut, and none takes the machine with it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from channels.mail.parse import ParsedMail, parse_mail
from dispatch.models.request.requester import SenderDoubt
from dispatch.storage.documents import DocumentStore
from runtime.doors.starting import read_request_file
from runtime.settings import Settings
from tests.bounded import Bench, running_bench, timed

HEAD = b"From: Jane Doe <jane@mail.example>\nMessage-ID: <1@mail.example>\n"
CPU_SECONDS = 3.0


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    with running_bench() as bench:
        yield bench


def nested(levels: int) -> bytes:
    parts = (b"Content-Type: multipart/mixed; boundary=b%d\n\nabove\n--b%d\n" % (n, n) for n in range(levels))
    return HEAD + b"".join(parts) + b"Content-Type: text/plain\n\nhello\n"


def parts(number: int, head: bytes = b"Content-Type: text/plain\n") -> bytes:
    return HEAD + b"Content-Type: multipart/mixed; boundary=zz\n\n" + (b"--zz\n" + head + b"\nx\n") * number


MONSTERS: dict[str, tuple[Callable[[], bytes], str]] = {
    "an encoded subject": (
        lambda: HEAD + b"Subject: " + b"=?utf-8?q?a?= " * 28_000 + b"\n\nhi",
        "the field Subject was cut after 4,000 of 255,",
    ),
    "a folded subject": (
        lambda: HEAD + b"Subject: a" + b"\n a" * 50_000 + b"\n\nhi",
        "the field Subject was cut after 4,000 of 150,",
    ),
    "a content type of quotes": (
        lambda: HEAD + b"Content-Type: text/plain; " + b'"' * 300_000 + b"\n\nhi",
        "the header was cut after 256,000 of ",
    ),
    "references": (
        lambda: HEAD + b"References: " + b"<a@b.example> " * 10_000 + b"\n\nhi",
        "the field References was cut after 4,000 of ",
    ),
    "many fields": (
        lambda: HEAD + b"X-A: b\n" * 30_000 + b"\nhi",
        "29,702 header fields beyond 300 were left out",
    ),
    "twenty thousand parts": (lambda: parts(20_000), "the mail was cut after 300 parts; all of it"),
    "parts with long types": (
        lambda: parts(1_000, b"Content-Type: text/plain; " + b'"' * 2_000 + b"\n"),
        "the mail was cut after 300 parts; all of it",
    ),
    "300 levels": (lambda: nested(300), "260 of 300 parts that hold parts were not opened"),
    "3,000 levels": (lambda: nested(3_000), "2,960 of 3,000 parts that hold parts were not opened"),
    "forwards of forwards": (
        lambda: HEAD + b"Content-Type: message/rfc822\n\n" * 300 + b"Subject: x\n\nhello",
        "260 of 300 parts that hold parts were not opened",
    ),
    "open tags": (
        lambda: HEAD + b"Content-Type: text/html\n\n" + b"<div>" * 500 + b"a</p>" * 40_000,
        "the text was converted from HTML",
    ),
    "HTML without a line": (
        lambda: HEAD + b"Content-Type: text/html\n\n" + b"a<b>" * 100_000,
        "the text was converted from HTML",
    ),
}


@pytest.mark.parametrize("name", MONSTERS)
def test_a_monster_is_read_within_bounds(bench: Bench, name: str) -> None:
    """It takes a moment, what was cut is said, and its sender is known."""
    raw, note = MONSTERS[name][0](), MONSTERS[name][1]
    taken = bench.run(name, timed, parse_mail, "mail.eml", raw)
    assert taken < CPU_SECONDS
    mail: ParsedMail = bench.run(name, parse_mail, "mail.eml", raw)
    assert (mail.address, mail.message_id) == ("jane@mail.example", "<1@mail.example>")
    assert any(said.startswith(note) for said in mail.notes), mail.notes


def test_what_is_below_the_bounds_is_untouched() -> None:
    """A mail with forty levels is read to its text, and nothing is said of cuts."""
    mail = parse_mail("mail.eml", nested(40))
    assert mail.text.strip() == "hello"
    assert [note for note in mail.notes if "cut" in note or "opened" in note] == []


def test_a_second_from_is_seen_behind_any_number_of_fields() -> None:
    """What is left out of a long header is never a sender."""
    mail = parse_mail("mail.eml", HEAD + b"X-A: b\n" * 1_000 + b"From: bob@mail.example\n\nhi")
    assert mail.doubt is SenderDoubt.SEVERAL_FROM_FIELDS


def test_a_mail_that_takes_too_long_is_taken_in_unread(tmp_path: Path) -> None:
    """Its sender and subject are known, its text is for a person, and the file is in the store."""
    raw = HEAD + b"Subject: Lamp\nContent-Type: text/html\n\n" + b"<p>word</p>" * 50_000
    path = tmp_path / "slow.eml"
    path.write_bytes(raw)
    store = DocumentStore(tmp_path / "documents")
    read = read_request_file(Settings(var_dir=tmp_path, text_seconds=0.001), path)
    assert (read.sender.address, read.subject, read.body) == ("jane@mail.example", "Lamp", "")
    assert read.unread == "the text could not be read automatically within 0.001 seconds"
    assert f"{read.unread}; all of it is in the source file" in read.notes
    assert store.get(read.source.sha256) == raw


def test_a_large_mail_is_read_in_its_own_process(tmp_path: Path) -> None:
    """What the process gives is what the mail says, attachments included."""
    path = tmp_path / "large.eml"
    attached = (
        b"--zz\nContent-Type: application/pdf\nContent-Disposition: attachment; filename=a.pdf\n\n%PDF"
        + b"x" * 200_000
    )
    text = b"--zz\nContent-Type: text/plain\n\nhello\n"
    path.write_bytes(
        HEAD + b"Content-Type: multipart/mixed; boundary=zz\n\n" + text + attached + b"\n--zz--\n"
    )
    read = read_request_file(Settings(var_dir=tmp_path), path)
    assert (read.body.strip(), [document.name for document in read.attachments]) == ("hello", ["a.pdf"])
    assert read.unread == ""

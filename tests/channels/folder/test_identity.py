"""Which mails and files are one request, whatever way they came, and which are two."""

from collections.abc import Callable
from pathlib import Path

import pytest

from dispatch.models.request.submission import Submission
from runtime.doors.starting import read_request_file
from runtime.gateway_types import request_id_of
from runtime.settings import Settings

MAIL = (
    b"From: =?utf-8?q?Zo=C3=AB?= Falk <zoe@falk.example>\n"
    b"To: help@desk.example\n"
    b"Date: Tue, 24 Nov 2026 08:15:00 +0100\n"
    b"Subject: a lamp that\n flickers\n"
    b"Message-ID: <lamp-7@falk.example>\n"
    b"Content-Type: text/plain; charset=utf-8\n"
    b"\n"
    b"The lamp of order DD-10004 flickers.\n"
)
WITHOUT_ID = MAIL.replace(b"Message-ID: <lamp-7@falk.example>\n", b"")

IdOf = Callable[..., str]


@pytest.fixture
def id_of(tmp_path: Path) -> IdOf:
    """Read a file and return the id of its request."""

    def read(raw: bytes, name: str = "a.eml", desk: str | None = None) -> str:
        path = tmp_path / name
        path.write_bytes(raw)
        submission: Submission = read_request_file(Settings(var_dir=tmp_path), path, desk)
        return request_id_of(submission)

    return read


def by_another_route(raw: bytes) -> bytes:
    """Return a mail as a second server delivered it: more header fields, other line ends, order and folding."""
    head, body = raw.split(b"\n\n", 1)
    fields = head.replace(b"a lamp that\n flickers", b"a lamp\n\tthat flickers").split(b"\n")
    added = [
        b"Return-Path: <zoe@falk.example>",
        b"Received: from out.falk.example by mx7.desk.example; Tue, 24 Nov 2026 08:15:09 +0100",
        b"Authentication-Results: mx7.desk.example; dkim=pass",
        b"X-Spam-Score: -1",
        b"Delivered-To: help@desk.example",
    ]
    kept = [fields[0], *fields[1:]]
    return b"\r\n".join([*added, *kept, b"", body.replace(b"\n", b"\r\n"), b""])


@pytest.mark.parametrize("raw", [MAIL, WITHOUT_ID], ids=["with a Message-ID", "without"])
def test_one_mail_by_two_routes_is_one_request(id_of: IdOf, raw: bytes) -> None:
    """What servers on the way add, fold or end differently makes no second request."""
    assert by_another_route(raw) != raw
    assert id_of(by_another_route(raw), "b.eml") == id_of(raw)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"DD-10004", b"DD-10005"),
        (b"a lamp that", b"a chair that"),
        (b"08:15:00", b"08:16:00"),
        (b"zoe@falk.example>\nTo", b"max@falk.example>\nTo"),
        (b"text/plain", b"text/html"),
    ],
    ids=["text", "subject", "date", "sender", "type"],
)
@pytest.mark.parametrize("raw", [MAIL, WITHOUT_ID], ids=["with a Message-ID", "without"])
def test_two_mails_are_two_requests_whatever_their_message_id(
    id_of: IdOf, raw: bytes, old: bytes, new: bytes
) -> None:
    """Some programs send every mail under one Message-ID, or send the same words every week."""
    other = raw.replace(old, new)
    assert other != raw
    assert id_of(other) != id_of(raw)


def test_another_message_id_or_desk_is_another_request(id_of: IdOf) -> None:
    """The id is made of desk, Message-ID and what was written."""
    ids = {
        id_of(MAIL),
        id_of(MAIL.replace(b"lamp-7", b"lamp-8")),
        id_of(MAIL, desk="support"),
        id_of(WITHOUT_ID),
    }
    assert len(ids) == 4


def test_a_mail_too_long_to_read_has_the_same_id_as_ever(tmp_path: Path) -> None:
    """Whether the text could be read in time depends on the hour; which request it is must not."""
    long = MAIL + b"It flickers still.\n" * 20_000
    (tmp_path / "a.eml").write_bytes(long)
    read = read_request_file(Settings(var_dir=tmp_path), tmp_path / "a.eml")
    hurried = read_request_file(Settings(var_dir=tmp_path, text_seconds=0.0001), tmp_path / "a.eml")
    assert (bool(read.unread), bool(hurried.unread)) == (False, True)
    assert request_id_of(read) == request_id_of(hurried)


def test_a_json_request_is_known_by_its_id_or_by_what_it_says(id_of: IdOf) -> None:
    """Its own id is its sender's promise; without one, neither spaces nor the order of keys make a second request."""
    named = b'{"trigger_id": "form-88", "from": "zoe@falk.example", "text": "%b"}'
    assert id_of(named % b"one", "a.json") == id_of(named % b"two", "a.json")
    plain = b'{"from": "zoe@falk.example", "text": "Where is it?", "fields": {"a": "1", "b": "2"}}'
    again = b'{\n "fields": {"b": "2", "a": "1"},\n "text": "Where is it?", "from": "zoe@falk.example"}\n'
    assert id_of(plain, "a.json") == id_of(again, "b.json")
    assert id_of(plain.replace(b"is it", b"was it"), "a.json") != id_of(plain, "a.json")

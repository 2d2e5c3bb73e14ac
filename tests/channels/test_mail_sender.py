"""The requester and the automatic signs of whole mail files, through the parser that `starter.py submit` uses."""

from collections.abc import Callable
from pathlib import Path

import pytest

from channels.mail.identity import OWN_HEADER, message_id
from dispatch.models.errors import SubmissionError
from dispatch.models.request.automatic import AutomaticSign
from dispatch.models.request.requester import SenderDoubt
from dispatch.models.request.submission import Submission
from runtime.doors.starting import read_request_file
from runtime.settings import Settings

Read = Callable[[bytes], Submission]
SENT = message_id("support-mail-1/send_reply/reply")


@pytest.fixture
def read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Read:
    monkeypatch.setenv("DISPATCH_MAIL_FROM", "help@lantern.example")

    def reading(raw: bytes) -> Submission:
        path = tmp_path / "mail.eml"
        path.write_bytes(raw)
        settings = Settings(var_dir=tmp_path)
        return read_request_file(settings, path)

    return reading


BODY = b"Subject: lamp\n\nWhere is it?\n"
SENDERS = [
    (b"From: v@bank.example <b@y.example>\n", "b@y.example", SenderDoubt.NAME_SHOWS_ANOTHER_ADDRESS),
    (
        b"From: =?utf-8?q?v=40bank=2Eexample?= <b@y.example>\n",
        "b@y.example",
        SenderDoubt.NAME_SHOWS_ANOTHER_ADDRESS,
    ),
    (b"From: b@y.example <b@y.example>\n", "b@y.example", None),
    (b"from: B <b@y.example>\n", "b@y.example", None),
    (b"From: B\n <b@y.example>\n", "b@y.example", None),
    (
        b"From: a@x.example\nFrom: b@y.example\nSender: s@z.example\n",
        "s@z.example",
        SenderDoubt.SEVERAL_FROM_FIELDS,
    ),
    (b"From: a@x.example\nFrom: b@y.example\n", "a@x.example", SenderDoubt.SEVERAL_FROM_FIELDS),
    (
        b"From: a@x.example, b@y.example\nReply-To: r@z.example\n",
        "r@z.example",
        SenderDoubt.SEVERAL_MAILBOXES,
    ),
    (
        b"From: a@x.example, b@y.example\nSender: s@z.example\nReply-To: r@z.example\n",
        "s@z.example",
        SenderDoubt.SEVERAL_MAILBOXES,
    ),
    (b"From: Rosa Vidal\nReply-To: Rosa <r@z.example>\n", "r@z.example", SenderDoubt.NO_ADDRESS),
    (b"From: <a@x.example> <b@y.example>\n", "a@x.example", SenderDoubt.READ_DIFFERENTLY),
    (b"From : a@x.example\nFrom: b@y.example\n", "b@y.example", SenderDoubt.SEVERAL_FROM_FIELDS),
    (b"X: 1\rFrom: a@x.example\nFrom: b@y.example\n", None, SenderDoubt.SEVERAL_FROM_FIELDS),
    (b"From\x00: a@x.example\nFrom: b@y.example\n", None, SenderDoubt.SEVERAL_FROM_FIELDS),
    (b"X: 1\rFrom: b@y.example\nSender: s@z.example\n", "s@z.example", SenderDoubt.READ_DIFFERENTLY),
    (b" From: b@y.example\n", "b@y.example", SenderDoubt.READ_DIFFERENTLY),
    (b"From : b@y.example\n", "b@y.example", SenderDoubt.READ_DIFFERENTLY),
    (b"From jane Sat Nov 28 20:00:00 2026\nFrom: b@y.example\n", "b@y.example", None),
    (b"Received: from x\n\tby from: y\nFrom: b@y.example\r\n", "b@y.example", None),
]


@pytest.mark.parametrize(
    ("head", "address", "doubt"), SENDERS, ids=[ascii(head)[2:60] for head, _, _ in SENDERS]
)
def test_the_sender_is_certain_or_doubted(
    read: Read, head: bytes, address: str | None, doubt: SenderDoubt | None
) -> None:
    """The address in the brackets where every program finds it; a doubt, with a note, where one may find another."""
    result = read(head + BODY)
    assert result.sender.doubt is doubt
    assert address is None or result.sender.address == address
    assert (
        any(doubt.in_words in note for note in result.notes) if doubt else result.notes == (result.notes[-1],)
    )


def test_the_name_is_decoded_and_the_address_is_not_taken_from_it(read: Read) -> None:
    """Encoded words, also in quotes, and bytes that nobody encoded."""
    assert read("From: Zoë Öz <z@y.example>\n".encode() + BODY).sender.name == "Zoë Öz"
    assert read(b"From: =?iso-8859-1?q?Zo=EB?= <z@y.example>\n" + BODY).sender.name == "Zoë"
    assert read(b'From: "Oz, Zoe" <z@y.example>\n' + BODY).sender.name == "Oz, Zoe"


def test_a_mail_without_any_usable_address_is_refused(read: Read) -> None:
    """Nobody could be answered; an automatic one is set apart all the same."""
    with pytest.raises(SubmissionError, match="has no usable address in From"):
        read(b"From: Rosa Vidal\n" + BODY)
    bounce = read(b"From: Mail System\nReturn-Path: <>\nSubject: failure notice\n\n")
    assert bounce.automatic is not None
    assert (bounce.sender.address, bounce.automatic.sign) == ("", AutomaticSign.NULL_RETURN_PATH)


RETURNED = f"Message-ID: {SENT}\nSubject: Re: lamp\n\nWe have looked.\n".encode()
REPORT = (
    b"From: MAILER-DAEMON@y.example\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n"
    b"--b\n\nIt could not be delivered.\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; y.example\n\n"
    b"Final-Recipient: rfc822; b@y.example\nAction: failed\n--b\nContent-Type: %s\n\n%s\n--b--\n"
)
CALENDAR = b"Content-Type: text/calendar; method=REPLY\n%s\nBEGIN:VCALENDAR\nMETHOD:REPLY\nEND:VCALENDAR\n"
MIXED = b"From: b@y.example\nContent-Type: multipart/%s; boundary=b\n\n--b\n\nWhere is it?\n--b\n%s\n--b--\n"


@pytest.mark.parametrize("kind", [b"message/rfc822", b"text/rfc822-headers"])
def test_a_bounce_names_the_mail_of_ours_that_came_back(read: Read, kind: bytes) -> None:
    """Returned whole or by its header alone."""
    found = read(REPORT % (kind, RETURNED)).automatic
    assert found is not None
    assert (found.sign, found.our_message_id) == (AutomaticSign.REPORT, SENT)


def test_a_calendar_answer_is_automatic_and_an_attached_entry_is_not(read: Read) -> None:
    """What a calendar program sends is the main content; what a person attaches is a file."""
    answer = read(MIXED % (b"alternative", CALENDAR % b"")).automatic
    assert answer is not None
    assert answer.sign is AutomaticSign.CALENDAR
    assert read(b"From: b@y.example\n" + CALENDAR % b"").automatic is not None
    assert (
        read(MIXED % (b"mixed", CALENDAR % b"Content-Disposition: attachment; filename=a.ics\n")).automatic
        is None
    )


def test_our_own_mail_is_known_when_it_comes_back(read: Read) -> None:
    """By its Message-ID, by our header, and by our address."""
    for head in (f"Message-ID: {SENT}\n", f"{OWN_HEADER}: {SENT}\n"):
        found = read(f"From: b@y.example\n{head}".encode() + BODY).automatic
        assert found is not None
        assert found.sign is AutomaticSign.OWN_MAIL
    assert read(b"From: Us <HELP@lantern.example>\n" + BODY).automatic is not None
    assert read(b"From: b@y.example\n" + BODY).automatic is None

"""Who a mail is from, where its sender writes for somebody else: only whom the playbook lists is believed to."""

from collections.abc import Callable
from pathlib import Path

import pytest

from channels.mail.identity import tagged
from channels.mail.letter_text import LetterTexts
from channels.mail.mail_form import mail_form
from channels.mail.systems.mail_server import MailServer
from dispatch.models.errors import PlaybookError
from dispatch.models.request.automatic import AutomaticSign
from dispatch.models.request.request_form import ReadRequest
from dispatch.models.request.requester import RequesterRules, SenderDoubt
from runtime.doors.forms import request_forms
from runtime.doors.requester_rules import requester_rules
from runtime.settings import Settings
from tests.desk import changed_playbooks

RULES = RequesterRules(forms=("form@web.example",), colleagues=("@desk.example",))
OWN = "orders@desk.example"
INNER = "From: Ada <ada@y.example>\nTo: kim@desk.example\nSubject: my lamp\n\nWhere is my lamp?\n"


def read(raw: str, rules: RequesterRules = RULES) -> ReadRequest:
    return mail_form(("support@desk.example",), rules).read("a.eml", raw.encode())


def who(request: ReadRequest) -> tuple[str, SenderDoubt | None]:
    return request.address, request.doubt


@pytest.mark.parametrize(
    ("head", "text", "expected"),
    [
        ("Reply-To: Ada <ada@y.example>\n", "Where is it?", ("ada@y.example", None)),
        ("", "Name: Ada\nE-Mail: ada@y.example\n\nWhere is it?", ("ada@y.example", None)),
        ("", "*Your email address:* <ada@y.example>\nWhere is it?", ("ada@y.example", None)),
        ("", "Email: ada@y.example\nEmail: eve@y.example\n", ("", SenderDoubt.FORM_WITHOUT_ADDRESS)),
        (
            "",
            "Email: eve@y.example\n" + 60 * "Hello\n" + "Email: ada@y.example\n",
            ("", SenderDoubt.FORM_WITHOUT_ADDRESS),
        ),
        ("", "Where is it?", ("", SenderDoubt.FORM_WITHOUT_ADDRESS)),
        ("Reply-To: form@web.example\n", "Where is it?", ("", SenderDoubt.FORM_WITHOUT_ADDRESS)),
        ("Reply-To: a@y.example, b@y.example\n", "Where?", ("", SenderDoubt.FORM_WITHOUT_ADDRESS)),
    ],
)
def test_whoever_filled_a_listed_form_in_is_the_requester(
    head: str, text: str, expected: tuple[str, SenderDoubt | None]
) -> None:
    """By Reply-To, else by the one address that a line tells; the form itself is never written to."""
    found = read(f"From: Form <form@web.example>\n{head}Subject: Form\n\n{text}\n")
    assert who(found) == expected
    assert bool(found.unread) == (not found.address)


def test_a_form_that_nobody_listed_stays_the_sender() -> None:
    """A sender cannot become another requester by a Reply-To."""
    found = read("From: Form <www@host.example>\nReply-To: ada@y.example\nSubject: Form\n\nWhere is it?\n")
    assert who(found) == ("www@host.example", SenderDoubt.ANSWERS_ELSEWHERE)
    assert found.notes[0].endswith("ada@y.example")
    same = read("From: Ada <ada@y.example>\nReply-To: ADA@y.example\nSubject: Lamp\n\nWhere is it?\n")
    assert who(same) == ("ada@y.example", None)


def test_a_mail_that_a_colleague_forwards_is_its_senders() -> None:
    """Attached whole: its text, subject and files take the place of the colleague's, whose words stay as a note."""
    file = "--c\nContent-Type: application/pdf\nContent-Disposition: attachment; filename=bill.pdf\n\n%PDF\n--c--\n"
    inner = (
        INNER.replace("\n\n", "\nContent-Type: multipart/mixed; boundary=c\n\n--c\n\n").strip() + f"\n{file}"
    )
    found = read(
        "From: Kim <kim@desk.example>\nSubject: Fwd\nContent-Type: multipart/mixed; boundary=b\n\n"
        f"--b\n\nplease take over\n--b\nContent-Type: message/rfc822\n\n{inner}\n--b--\n"
    )
    assert who(found) == ("ada@y.example", SenderDoubt.FORWARDED)
    assert (found.subject, found.text.strip()) == ("my lamp", "Where is my lamp?")
    assert [attachment.name for attachment in found.attachments] == ["bill.pdf"]
    assert "kim@desk.example forwarded it and wrote: please take over" in found.notes


@pytest.mark.parametrize(
    "block",
    [
        "---------- Forwarded message ---------\nFrom: Ada <ada@y.example>\nDate: Sat, 28 Nov 2026\nSubject: my lamp\nTo: <kim@desk.example>\n\n",
        "________________________________\nVon: Ada <ada@y.example>\nGesendet: Samstag, 28. November 2026 10:13\nAn: Kim\nBetreff: my lamp\n\n",
        "*From:* Ada <ada@y.example>\n*Sent:* Saturday\n*To:* Kim\n*Subject:* my lamp\n\n",
    ],
)
def test_a_mail_that_is_forwarded_in_the_text_is_read_too(block: str) -> None:
    """As the usual programs put it there."""
    found = read(f"From: kim@desk.example\nSubject: Fwd: x\n\nplease\n\n{block}Where is my lamp?\n")
    assert who(found) == ("ada@y.example", SenderDoubt.FORWARDED)
    assert (found.subject, found.text) == ("my lamp", "Where is my lamp?")


def test_what_a_colleague_writes_is_no_customers() -> None:
    """A person decides on it; and nobody outside becomes a colleague by forwarding."""
    assert who(read("From: kim@desk.example\nSubject: x\n\nWhere is DD-10001?\n")) == (
        "kim@desk.example",
        SenderDoubt.COLLEAGUE,
    )
    both = "please\n\nFrom: eve@else.example\nSent: Saturday\nTo: Kim\nSubject: hers\n\nSee the mail of hers."
    kims = "From: kim@desk.example\nSubject: Fwd\nContent-Type: multipart/mixed; boundary=b\n\n"
    found = read(f"{kims}--b\n\n{both}\n--b\nContent-Type: message/rfc822\n\n{INNER}\n--b--\n")
    assert who(found) == ("kim@desk.example", SenderDoubt.COLLEAGUE)
    quoted = "From: Desk <support@desk.example>\nSent: Monday\nTo: Kim\nSubject: x\n\nWhere is DD-10001?"
    answered = read(f"From: kim@desk.example\nSubject: Re: x\n\nThanks, all clear.\n\n{quoted}\n")
    assert who(answered) == ("kim@desk.example", SenderDoubt.COLLEAGUE)
    outside = "From: eve@else.example\nSubject: x\nContent-Type: multipart/mixed; boundary=b\n\n"
    found = read(f"{outside}--b\n\nsee below\n--b\nContent-Type: message/rfc822\n\n{INNER}\n--b--\n")
    assert who(found) == ("eve@else.example", None)


@pytest.fixture
def settings_with(tmp_path: Path) -> Callable[[str], Settings]:
    def made(text: str) -> Settings:
        (tmp_path / "support.yaml").write_text(text)
        return Settings(var_dir=tmp_path, playbooks_dir=tmp_path)

    return made


def test_the_rules_are_the_playbooks(settings_with: Callable[[str], Settings]) -> None:
    """Those of the named desk, those of all where none is named; a changed file counts at once, a wrong one is said."""
    settings = settings_with("requesters: {forms: [form@web.example]}\n")
    assert requester_rules(settings, "support").forms == ("form@web.example",)
    assert requester_rules(settings, None).forms == ("form@web.example",)
    assert requester_rules(settings, "elsewhere") == RequesterRules()
    with pytest.raises(PlaybookError, match=r"requesters\.forms\.0.*List addresses"):
        requester_rules(settings_with("requesters: {forms: [not an address]}\n# changed\n"), "support")


def test_what_a_desk_writes_from_is_its_own_mail(tmp_path: Path) -> None:
    """A mail from an address that any desk writes from is never taken for a request: it would answer itself."""
    folder = changed_playbooks(tmp_path, lambda playbook: playbook["deliver"]["config"].update(sender=OWN))
    forms = request_forms(Settings(playbooks_dir=folder))
    mail = forms[".eml"].read("a.eml", f"From: {OWN}\nSubject: lamp\n\nWhere is it?\n".encode())
    assert mail.automatic is not None
    assert mail.automatic.sign is AutomaticSign.OWN_MAIL


def test_an_answer_to_any_desk_s_sender_finds_its_request(tmp_path: Path) -> None:
    """The tag of the recipient address names the request, for every desk; the tag of a foreign address names none."""
    folder = changed_playbooks(tmp_path, lambda playbook: playbook["deliver"]["config"].update(sender=OWN))
    form = request_forms(Settings(playbooks_dir=folder))[".eml"]
    request_id = "support-mail-0123456789abcdef"
    threads = [
        form.read("a.eml", f"From: ada@y.example\nTo: {to}\nSubject: Re: lamp\n\nYes.\n".encode()).thread
        for to in (
            tagged(OWN, request_id),
            tagged("support@desk.example", request_id),
            tagged("x@y.example", request_id),
        )
    ]
    assert threads == [(request_id,), (request_id,), ()]


@pytest.mark.parametrize("sender", ["Orders <orders@desk.example>", "a@desk.example, b@desk.example", "", 5])
def test_what_is_no_address_is_refused_in_words(sender: object) -> None:
    """The playbook's author reads what to write, not a pattern."""
    texts = {"greeting": "{name},", "greeting_without_name": "Hello,", "closing": "Bye", "signature": "Us"}
    with pytest.raises(
        ValueError, match=r"it is no address; write a plain one, such as orders@desk\.example"
    ):
        LetterTexts.model_validate(texts | {"sender": sender})


def test_a_tag_that_does_not_fit_is_left_out() -> None:
    """A mail server takes 64 characters before the @; replies then go to the sender and are found by Message-ID."""
    server = MailServer("127.0.0.1", 25, reply_tag=True, timeout_seconds=1)
    request_id = "support-mail-0123456789abcdef"
    assert server.reply_to(request_id, OWN) == f"orders+{request_id}@desk.example"
    assert server.reply_to(request_id, f"{'x' * 34}@desk.example") is not None
    assert server.reply_to(request_id, f"{'x' * 35}@desk.example") is None

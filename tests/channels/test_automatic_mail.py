"""Telling mail that a machine sent from mail that a person wrote."""

import time

import pytest

from channels.mail.automatic import recognise
from channels.mail.identity import OWN_HEADER, is_own_id, message_id
from dispatch.models.request.automatic import AutomaticSign, MailFacts

OURS = "help@lantern.example"
SENT = message_id("support-mail-1/send_reply/reply")
PERSON = "rosa@corner.example"


def mail(
    sender: str = PERSON, *, content_type: str = "text/plain", method: str = "", **headers: str
) -> MailFacts:
    named: dict[str, tuple[str, ...]] = {
        name.replace("_", "-").lower(): (value,) for name, value in headers.items()
    }
    return MailFacts(headers=named, sender=sender, content_type=content_type, calendar_method=method)


AUTOMATIC = [
    (mail(auto_submitted="auto-replied"), AutomaticSign.AUTO_SUBMITTED),
    (mail(auto_submitted="Auto-Generated; owner-email=x@y.example"), AutomaticSign.AUTO_SUBMITTED),
    (mail(auto_submitted="auto-notified"), AutomaticSign.AUTO_SUBMITTED),
    (mail(precedence="bulk"), AutomaticSign.PRECEDENCE),
    (mail(precedence="List"), AutomaticSign.PRECEDENCE),
    (mail(precedence="junk"), AutomaticSign.PRECEDENCE),
    (mail(precedence="auto_reply"), AutomaticSign.PRECEDENCE),
    (mail(list_id="Offers <offers.shop.example>"), AutomaticSign.MAILING_LIST),
    (mail(list_unsubscribe="<https://shop.example/u>"), AutomaticSign.MAILING_LIST),
    (mail(list_post="<mailto:talk@lists.example>"), AutomaticSign.MAILING_LIST),
    (mail(return_path="<>"), AutomaticSign.NULL_RETURN_PATH),
    (mail(return_path=" < > "), AutomaticSign.NULL_RETURN_PATH),
    (mail(x_auto_response_suppress="All"), AutomaticSign.NO_ANSWER_WANTED),
    (mail(x_auto_response_suppress="DR, OOF, AutoReply"), AutomaticSign.NO_ANSWER_WANTED),
    (mail(x_autoreply="yes"), AutomaticSign.AUTORESPONDER),
    (mail(x_autorespond="vacation"), AutomaticSign.AUTORESPONDER),
    (mail(content_type="multipart/report"), AutomaticSign.REPORT),
    (mail(x_failed_recipients="gone@corner.example"), AutomaticSign.REPORT),
    (mail("MAILER-DAEMON@mx.corner.example"), AutomaticSign.MAIL_SYSTEM),
    (mail(method="REQUEST"), AutomaticSign.CALENDAR),
    (mail(method="reply"), AutomaticSign.CALENDAR),
    (mail(method="CANCEL"), AutomaticSign.CALENDAR),
    (mail(OURS), AutomaticSign.OWN_MAIL),
    (mail(message_id=SENT), AutomaticSign.OWN_MAIL),
    (mail(**{OWN_HEADER: SENT}), AutomaticSign.OWN_MAIL),
    (mail("no-reply@shop.example", subject="Automatic reply: your order"), AutomaticSign.SEVERAL_HINTS),
    (mail(subject="Out of office", in_reply_to=SENT), AutomaticSign.SEVERAL_HINTS),
    (mail("postmaster@corner.example", subject="Undeliverable: Re: lamp"), AutomaticSign.SEVERAL_HINTS),
    (mail("noreply@shop.example", feedback_id="7:camp:esp"), AutomaticSign.SEVERAL_HINTS),
]
HUMAN = [
    mail(),
    mail(auto_submitted="no"),
    mail(auto_submitted="NO (typed by a person)"),
    mail(precedence="first-class"),
    mail(precedence="normal"),
    mail(return_path="<rosa@corner.example>"),
    mail(return_path=""),
    mail(x_auto_response_suppress="None"),
    mail(x_auto_response_suppress="DR, RN, NRN"),
    mail(x_auto_response_suppress="OOF"),
    mail(x_autoreply="no"),
    mail(method="PUBLISH"),
    mail("no-reply@webform.example"),
    mail("postmaster@corner.example"),
    mail("mailer@corner.example"),
    mail(subject="Out of office chairs: when do you have them again?"),
    mail(subject="Re: Automatic reply: my order", in_reply_to=SENT),
    mail(in_reply_to=SENT, references=SENT),
    mail(feedback_id="1:x:y"),
    mail(
        list_id=f"Help <{OURS.replace('@', '.')}>",
        precedence="list",
        list_unsubscribe="<https://g.example/u>",
    ),
    mail(list_post=f"<mailto:{OURS}>", precedence="list"),
    mail(message_id="<1@dispatch-desk.invalid>"),
    mail("help@lantern.example.other.example"),
]


@pytest.mark.parametrize(
    ("facts", "sign"), AUTOMATIC, ids=[f"{n}-{sign}" for n, (_, sign) in enumerate(AUTOMATIC)]
)
def test_automatic_mail_is_told_by_its_sign(facts: MailFacts, sign: AutomaticSign) -> None:
    """One strong sign or two weak ones, and people can read which."""
    found = recognise(facts, (OURS,))
    assert found is not None
    assert found.sign is sign
    assert found.shown in found.in_words


@pytest.mark.parametrize("facts", HUMAN, ids=range(len(HUMAN)))
def test_what_a_person_may_have_written_is_never_set_apart(facts: MailFacts) -> None:
    """Not for a single hint, nor for headers that say that it is no automatic mail."""
    assert recognise(facts, (OURS,)) is None


def test_the_mail_of_ours_that_it_is_about_is_named() -> None:
    """What a report returns comes before what it answers."""
    other = message_id("another")
    bounce = MailFacts(headers={"in-reply-to": (other,)}, content_type="multipart/report", returned_id=SENT)
    assert recognise(bounce) is not None
    assert recognise(bounce).our_message_id == SENT  # type: ignore[union-attr]  # as the line above says
    away = recognise(mail(auto_submitted="auto-replied", references=f"<x@corner.example> {other}"))
    assert away is not None
    assert away.our_message_id == other


def test_our_message_ids_are_known_and_no_others() -> None:
    """The whole id must be of our making."""
    assert is_own_id(SENT)
    assert not is_own_id(SENT.replace("<", "<a"))
    assert not is_own_id(SENT.replace(".invalid", ".example"))
    assert not is_own_id(f"{SENT} {SENT}")


def test_a_long_sign_is_cut_and_has_no_control_characters() -> None:
    """What a stranger wrote into a header is shown to people."""
    found = recognise(mail(auto_submitted="auto-replied\x1b[31m" + "x" * 5000))
    assert found is not None
    assert len(found.shown) <= 200
    assert found.shown.isprintable()


@pytest.mark.parametrize(
    "unit", ["<", ">", ",", ";", "(", " ", "<mailto:", "a", "-", "auto ", "no-reply", "<0"]
)
def test_no_header_takes_long_to_read(unit: str) -> None:
    """Every character that a pattern looks for, at any length."""
    value = (unit * 50_000)[:50_000]
    names = (
        "auto_submitted",
        "precedence",
        "list_id",
        "list_post",
        "return_path",
        "subject",
        "in_reply_to",
        "references",
    )
    begun = time.perf_counter()
    recognise(mail(**dict.fromkeys(names, value)), (OURS,))
    assert time.perf_counter() - begun < 0.5

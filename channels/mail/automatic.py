"""Distinguishes automatic mail from mail that a person wrote: a pure rule on header facts.

One strong sign is enough; a weak one counts only beside another. Where each sign is defined:

own_mail          the Message-ID and the header that our own mails carry (channels/mail/identity.py), or our address in From
auto_submitted    RFC 3834, section 5, and RFC 5436 (auto-notified): any value but `no`
report            RFC 6522 multipart/report: delivery status (RFC 3464), disposition notification (RFC 8098), feedback (RFC 5965);
                  X-Failed-Recipients is what some mail servers write instead
null_return_path  RFC 5321, section 4.5.5: notifications have the null reverse path, and nobody answers them
mail_system       RFC 5230, section 4.6: addresses that only mail systems and list managers write from
autoresponder     X-Autoreply, X-Autorespond and their like, not standardised, in use for decades
no_answer_wanted  X-Auto-Response-Suppress with `All` or `AutoReply` ([MS-OXCMAIL], section 2.1.3.2.20). `DR`, `NDR`, `RN` and `NRN`
                  concern reports and receipts only and are no sign; `OOF` alone is a weak one
precedence        RFC 2076, section 3.9, and RFC 3834: bulk, list, junk, auto_reply. Other values (first-class) say nothing
mailing_list      RFC 2369 and RFC 2919: List-* headers. A list that is the desk's own mailbox (its List-Id or List-Post names our
                  address, as a shared group inbox does) is no sign: people write to it
calendar          RFC 6047: a text/calendar part with an iTIP method (RFC 5546) as the main content. An .ics file that somebody
                  attaches is none
several_hints     two weak signs: a no-reply or postmaster address, a subject as automatic answers have it, an answer to one of
                  our mails, Feedback-ID, `OOF`
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from channels.mail.identity import OWN_HEADER, is_own_id, own_ids
from dispatch.models.request.automatic import MOST_SHOWN, AutomaticMail, AutomaticSign, MailFacts
from dispatch.text.normalise import one_line
from dispatch.text.unicode_spoofing import same_address

_LIST_HEADERS: Final = (
    "list-id",
    "list-unsubscribe",
    "list-post",
    "list-help",
    "list-subscribe",
    "list-owner",
    "list-archive",
)
_SAYS_SO: Final[Mapping[str, AutomaticSign]] = {
    "auto-submitted": AutomaticSign.AUTO_SUBMITTED,
    "x-failed-recipients": AutomaticSign.REPORT,
    "x-autoreply": AutomaticSign.AUTORESPONDER,
    "x-autorespond": AutomaticSign.AUTORESPONDER,
    "x-autoresponse": AutomaticSign.AUTORESPONDER,
    "x-autoreply-from": AutomaticSign.AUTORESPONDER,
    "x-mail-autoreply": AutomaticSign.AUTORESPONDER,
}
"""Headers that are a sign with any value but a no."""
READ_HEADERS: Final = frozenset(
    {
        *_LIST_HEADERS,
        *_SAYS_SO,
        "feedback-id",
        "in-reply-to",
        "message-id",
        "precedence",
        "references",
        "return-path",
        "subject",
        "x-auto-response-suppress",
        OWN_HEADER.lower(),
    }
)
"""The headers that the rule reads, in lower case; a parser need not read any other."""

_ITIP_METHODS: Final = frozenset(
    {"request", "reply", "cancel", "counter", "declinecounter", "add", "refresh"}
)
_PRECEDENCES: Final = frozenset({"bulk", "list", "junk", "auto_reply", "auto-reply"})
_NOT_SO: Final = frozenset({"", "no", "false", "0", "none"})
_SYSTEM_NAMES: Final = frozenset({"mailer-daemon", "mailerdaemon", "listserv", "majordomo"})
_WEAK_NAMES: Final = re.compile(
    r"(?:no|do-?not|donot)[-_.]?reply\b.{0,40}|postmaster|bounces?\b.{0,200}|owner-.{1,200}|.{1,200}-request",
    re.IGNORECASE,
)
_SUBJECTS: Final = re.compile(
    r"(?:auto(?:matic(?:ally generated)?|mated)?[ -]?(?:reply|response|answer)|autoreply|out of (?:the )?office|"
    r"abwesen(?:d|heit)|automatische (?:antwort|reaktion)|réponse automatique|respuesta automática|risposta automatica|"
    r"undeliver(?:able|ed)|unzustellbar|delivery (?:status notification|failure)|mail delivery (?:failed|subsystem)|"
    r"returned mail|failure notice|(?:not )?read: |gelesen: )",
    re.IGNORECASE,
)


def recognise(mail: MailFacts, own_addresses: Iterable[str] = ()) -> AutomaticMail | None:
    """Return the sign that marks a mail as automatic, None for one that a person may have written."""
    own = tuple(own_addresses)
    found = next(_strong_signs(mail, own), None)
    if found is None:
        weak = _weak_signs(mail)
        if len(weak) < 2:  # noqa: PLR2004 (one alone proves nothing)
            return None
        found = AutomaticSign.SEVERAL_HINTS, ", ".join(weak)
    sign, shown = found
    return AutomaticMail(
        sign=sign,
        shown=one_line(shown)[:MOST_SHOWN],
        our_message_id=_ours(mail),
        no_failure=mail.no_failure,
    )


def _strong_signs(mail: MailFacts, own: tuple[str, ...]) -> Iterator[tuple[AutomaticSign, str]]:
    yield from _own_mail(mail, own)
    for name, sign in _SAYS_SO.items():
        yield from (
            (sign, f"{name.title()}: {value}")
            for value in _values(mail, name)
            if _first_word(value) not in _NOT_SO
        )
    if mail.content_type == "multipart/report":
        yield AutomaticSign.REPORT, "Content-Type: multipart/report"
    if any("".join(value.split()) == "<>" for value in _values(mail, "return-path")):
        yield AutomaticSign.NULL_RETURN_PATH, "Return-Path: <>"
    if _local_part(mail) in _SYSTEM_NAMES:
        yield AutomaticSign.MAIL_SYSTEM, f"From: {mail.sender}"
    for value in _values(mail, "x-auto-response-suppress"):
        if {"all", "autoreply"} & _suppressed(value):
            yield AutomaticSign.NO_ANSWER_WANTED, f"X-Auto-Response-Suppress: {value}"
    yield from _distributed(mail, own)
    if mail.calendar_method.lower() in _ITIP_METHODS:
        yield AutomaticSign.CALENDAR, f"text/calendar; method={mail.calendar_method}"


def _own_mail(mail: MailFacts, own: tuple[str, ...]) -> Iterator[tuple[AutomaticSign, str]]:
    for name in ("message-id", OWN_HEADER.lower()):
        for value in _values(mail, name):
            if is_own_id(value.strip()):
                yield (
                    AutomaticSign.OWN_MAIL,
                    f"{OWN_HEADER if name != 'message-id' else 'Message-ID'}: {value}",
                )
    if any(same_address(mail.sender, address) for address in own):
        yield AutomaticSign.OWN_MAIL, f"From: {mail.sender}"


def _distributed(mail: MailFacts, own: tuple[str, ...]) -> Iterator[tuple[AutomaticSign, str]]:
    """Yield the signs of bulk mail; none if the list is the desk's own mailbox."""
    if _is_own_list(mail, own):
        return
    for value in _values(mail, "precedence"):
        if _first_word(value) in _PRECEDENCES:
            yield AutomaticSign.PRECEDENCE, f"Precedence: {value}"
    for name in _LIST_HEADERS:
        for value in _values(mail, name):
            yield AutomaticSign.MAILING_LIST, f"{name.title()}: {value}"


def _is_own_list(mail: MailFacts, own: tuple[str, ...]) -> bool:
    posts = {
        match.lower()
        for v in _values(mail, "list-post")
        for match in re.findall(r"<mailto:([^<>?]{1,320})", v)
    }
    ids = {match.lower() for v in _values(mail, "list-id") for match in re.findall(r"<([^<>]{1,320})>", v)}
    return any(a.lower() in posts or a.lower().replace("@", ".") in ids for a in own)


def _weak_signs(mail: MailFacts) -> list[str]:
    weak = []
    if _WEAK_NAMES.fullmatch(_local_part(mail)):
        weak.append(f"From: {mail.sender}")
    weak += [
        f"Subject: {value[:80]}" for value in _values(mail, "subject")[:1] if _SUBJECTS.match(value.strip())
    ]
    if any(own_ids(value) for value in _values(mail, "in-reply-to")):
        weak.append("In-Reply-To: a mail of ours")
    if _values(mail, "feedback-id"):
        weak.append("Feedback-ID")
    if any("oof" in _suppressed(value) for value in _values(mail, "x-auto-response-suppress")):
        weak.append("X-Auto-Response-Suppress: OOF")
    return weak


def _ours(mail: MailFacts) -> str | None:
    """Return the Message-ID of ours that a mail is about: what a report returns, else what it answers, else its own."""
    named = [mail.returned_id or ""]
    for name in ("in-reply-to", "references", OWN_HEADER.lower(), "message-id"):
        named += _values(mail, name)
    return next((found for value in named for found in own_ids(value)), None)


def _values(mail: MailFacts, name: str) -> tuple[str, ...]:
    return mail.headers.get(name, ())


def _first_word(value: str) -> str:
    """Return the keyword before parameters (RFC 2045) and comments, in small letters."""
    return re.split(r"[;(\s]", value.strip(), maxsplit=1)[0].lower()


def _suppressed(value: str) -> frozenset[str]:
    return frozenset(word.strip().lower() for word in value.split(","))


def _local_part(mail: MailFacts) -> str:
    return mail.sender.rpartition("@")[0].lower()

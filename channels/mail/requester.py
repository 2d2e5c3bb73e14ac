"""Determines the requester of a mail whose sender writes for somebody else: contact forms, colleagues, Reply-To.

Only senders that the playbook lists (`requesters`) are believed to write for another; for all others the sender stays
the requester, and a different Reply-To is a doubt. This never allows anything without a person's decision that the
listed sender could not have asked for.
"""

import re
from collections.abc import Iterable
from typing import Final

from channels.mail.header.from_field import read_mailbox
from channels.mail.header.sender import usable
from channels.mail.parse import ParsedMail, parse_mail
from dispatch.models.errors import SubmissionError
from dispatch.models.request.requester import RequesterRules, SenderDoubt
from dispatch.text.mail_furniture import begins_earlier_mail, label_of
from dispatch.text.normalise import normalise, one_line
from dispatch.text.unicode_spoofing import same_address

_MESSAGE: Final = "message/rfc822"
_MOST_WORDS: Final = 300
_HEADER_LINES: Final = 8
_EMAIL_LINE: Final = re.compile(
    r"\s{0,8}[*_]{0,2}(?:your |ihre )?(?:e-?mail|mail)(?:[- ]?add?ress?e?)?[*_]{0,2} ?[:=] ?[*_]{0,2}(.{3,330})",
    re.IGNORECASE,
)


def put_requester(mail: ParsedMail, rules: RequesterRules) -> None:
    """Replace a sender who writes for somebody else by the requester, with a doubt if there is one."""
    if mail.doubt is not None:
        return
    if _is_listed(mail.address, rules.forms):
        _take_form(mail)
    elif _is_listed(mail.address, rules.colleagues):
        if not _take_forwarded(mail, rules):
            _doubt(mail, SenderDoubt.COLLEAGUE)
    elif mail.answers_to and not same_address(mail.answers_to, mail.address):
        _doubt(mail, SenderDoubt.ANSWERS_ELSEWHERE, f": {mail.answers_to}")


def _take_form(mail: ParsedMail) -> None:
    form, named = mail.address, mail.answers_to or _email_told(mail.text)
    mail.name = ""
    if named and not same_address(named, form):
        mail.address = named
        mail.notes.append(f"the contact form {form} sent it for {named}")
        return
    mail.address = ""
    _doubt(mail, SenderDoubt.FORM_WITHOUT_ADDRESS, f" ({form})")


def _doubt(mail: ParsedMail, doubt: SenderDoubt, more: str = "") -> None:
    mail.doubt = doubt
    mail.notes.append(f"{doubt.in_words}{more}")


def _email_told(text: str) -> str:
    """Return the only address in lines 'Email: ...' of a form; empty if there is none, or several."""
    # The whole text: a person who fills the form in must not hide its own line with a long message.
    told = {
        usable(read_mailbox(match[1].strip(" *_")).address)
        for line in text.split("\n")
        if (match := _EMAIL_LINE.match(line))
    }
    return told.pop() if len(told) == 1 else ""


def _take_forwarded(mail: ParsedMail, rules: RequesterRules) -> bool:
    """Replace a colleague's mail by the one that it forwards; returns whether there is one.

    The company's own mails do not count, such as a mail of the desk that the colleague answers.
    """
    attached = [one for one in mail.attachments if one.media_type == _MESSAGE]
    above, inner = _below(mail.text)
    if len(attached) == 1:
        if inner is not None:
            # The author of the mail in the text may have attached the other one, with any sender.
            return False
        above, inner = mail.text, _attached(attached[0].name, attached[0].data)
    if inner is None or not inner.address or _is_listed(inner.address, rules.colleagues):
        return False
    words = one_line(above)[:_MOST_WORDS]
    mail.notes.append(f"{mail.address} forwarded it{f' and wrote: {words}' if words else ''}")
    mail.attachments = [one for one in mail.attachments if one not in attached] + inner.attachments
    mail.address, mail.name, mail.text = inner.address, inner.name, inner.text
    mail.subject = inner.subject or mail.subject
    mail.unreadable = inner.unreadable
    mail.notes += inner.notes
    _doubt(mail, SenderDoubt.FORWARDED)
    return True


def _attached(name: str, raw: bytes) -> ParsedMail | None:
    try:
        return parse_mail(name, raw)
    except SubmissionError:
        return None


def _below(text: str) -> tuple[str, ParsedMail | None]:
    """Return the text above a mail that is forwarded in the text, and that mail."""
    lines = normalise(text).text.split("\n")
    for index in range(len(lines)):
        if begins_earlier_mail(lines[index : index + _HEADER_LINES]):
            return "\n".join(lines[:index]), _quoted(lines[index:])
    return text, None


def _quoted(lines: list[str]) -> ParsedMail | None:
    """Read a forwarded mail in the usual form: an optional separator, lines of From, Sent, To and Subject, and its text."""
    fields: dict[str, str] = {}
    end = 0
    for index, line in enumerate(lines[: 2 * _HEADER_LINES]):
        label = label_of(line)
        if label is not None:
            fields.setdefault(label, line.partition(":")[2].strip(" *_"))
            end = index + 1
        elif fields and not line:
            break
    sender = read_mailbox(fields.get("from", ""))
    address = usable(sender.address)
    if not address or sender.doubt is not None:
        return None
    return ParsedMail(
        address=address,
        name=one_line(sender.name),
        subject=one_line(fields.get("subject", "")),
        text="\n".join(lines[end:]).strip(),
    )


def _is_listed(address: str, listed: Iterable[str]) -> bool:
    domain = address[address.rfind("@") :]
    return any(same_address(one, domain if one.startswith("@") else address) for one in listed)

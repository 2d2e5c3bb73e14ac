"""A mail that came as a file (RFC 5322 with MIME) as a request."""

from functools import partial

from channels.mail.bounds import header_of
from channels.mail.identity import written_digest
from channels.mail.parse import ParsedMail, parse_mail
from channels.mail.requester import put_requester
from dispatch.models.errors import SubmissionError
from dispatch.models.request.request_form import ReadRequest, RequestForm
from dispatch.models.request.requester import NOBODY_ELSE, RequesterRules, SenderDoubt
from dispatch.text.normalise import says_something


def mail_form(own_addresses: tuple[str, ...], rules: RequesterRules = NOBODY_ELSE) -> RequestForm:
    """Return the form of a mail; `own_addresses` are those that the desk writes from, `rules` say who writes for others."""
    return RequestForm(
        kind="mail",
        media_type="message/rfc822",
        read=partial(_read, own_addresses, rules),
        read_header=partial(_read_header, own_addresses, rules),
    )


def _read(own_addresses: tuple[str, ...], rules: RequesterRules, file: str, raw: bytes) -> ReadRequest:
    mail = parse_mail(file, raw, own_addresses)
    if mail.automatic is None:
        _refuse_empty(file, mail)
        put_requester(mail, rules)
    return _as_request(mail, raw)


def _read_header(own_addresses: tuple[str, ...], rules: RequesterRules, file: str, raw: bytes) -> ReadRequest:
    mail = parse_mail(file, header_of(raw), own_addresses)
    if mail.automatic is None:
        put_requester(mail, rules)
    return _as_request(mail, raw)


def _refuse_empty(file: str, mail: ParsedMail) -> None:
    if says_something(mail.text) or mail.attachments or (says_something(mail.subject) and not mail.is_broken):
        return
    if mail.is_broken:
        raise SubmissionError(
            f"{file} is broken and no text can be made out ({mail.notes[-1]}); save it again from the mail program"
        )
    raise SubmissionError(
        f"{file} is empty: it has neither subject, text nor attachments; ask its sender to write again"
    )


def _as_request(mail: ParsedMail, raw: bytes) -> ReadRequest:
    unnamed = () if mail.message_id else ("the mail has no Message-ID: known by its digest instead",)
    return ReadRequest(
        address=mail.address,
        name=mail.name,
        doubt=mail.doubt,
        subject=mail.subject,
        text=mail.text,
        trigger_id=mail.message_id,
        content=written_digest(raw),
        thread=mail.thread,
        automatic=mail.automatic,
        written_at=mail.written_at,
        # Without an address nobody can be answered or looked up, so the reception gets it.
        unread=mail.unread or (mail.doubt.in_words if mail.doubt is SenderDoubt.FORM_WITHOUT_ADDRESS else ""),
        attachments=tuple(mail.attachments),
        notes=(*mail.notes, *unnamed),
    )

"""Writes a mail to the requester: greeting, paragraphs, closing, signature, in answer to the mail that came."""

from typing import ClassVar

from channels.mail.letter_text import LetterTexts, letter_text, message_id, recipient_of, reply_subject
from channels.mail.reply import MailParameters
from dispatch.models.contract import Contract
from dispatch.models.request.submission import DocumentRef
from dispatch.models.work.composition import ComposeBrief, Composition, Purpose
from dispatch.models.work.proposal import Draft


class Letter:
    """Composes replies and messages for `send_reply`; the statements are its paragraphs, in their order."""

    Config: ClassVar[type[Contract]] = LetterTexts

    def compose(self, brief: ComposeBrief) -> Composition:
        texts = LetterTexts.model_validate(brief.config)
        text = letter_text(
            texts, brief.requester.name, [said.text for said in brief.statements], brief.language
        )
        mail = MailParameters(
            recipient=recipient_of(brief.requester.address),
            subject=reply_subject(brief.subject, brief.language),
            text=text,
            in_reply_to=message_id(brief.trigger),
            purpose=brief.purpose.value,
            sender=texts.sender,
            attachments=_attached(brief),
        )
        return Composition(
            draft=Draft(title=mail.subject, text=text, statements=brief.statements),
            # Every parameter is shown to people: one that says nothing is left out.
            parameters=mail.model_dump(mode="json", exclude=_saying_nothing(mail)),
            subject=brief.purpose.value,
        )


def _attached(brief: ComposeBrief) -> tuple[DocumentRef, ...]:
    """Return what the findings hand over; a question, a reminder and a notice carry none."""
    if brief.purpose is not Purpose.REPLY:
        return ()
    return tuple(dict.fromkeys(document for finding in brief.findings for document in finding.attachments))


def _saying_nothing(mail: MailParameters) -> set[str]:
    return {name for name in ("sender", "attachments") if not getattr(mail, name)}

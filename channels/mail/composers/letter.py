"""Writes a mail to the requester: greeting, paragraphs, closing, signature, in answer to the mail that came."""

from typing import ClassVar

from channels.mail.letter_text import LetterTexts, letter_text, message_id, recipient_of, reply_subject
from channels.mail.reply import MailParameters
from dispatch.models.contract import Contract
from dispatch.models.work.composition import ComposeBrief, Composition
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
        )
        return Composition(
            draft=Draft(title=mail.subject, text=text, statements=brief.statements),
            # Every parameter is shown to people, and most desks have no sender of their own.
            parameters=mail.model_dump(mode="json", exclude=set() if mail.sender else {"sender"}),
            subject=brief.purpose.value,
        )

"""The parts of a mail to the requester that do not depend on findings: frame, subject line, address, thread."""

import re
from collections.abc import Sequence
from typing import Final, Self, cast

from pydantic import Field, ValidatorFunctionWrapHandler, field_validator, model_validator

from dispatch.models.contract import Contract
from dispatch.models.language import ENGLISH, Text, in_language
from dispatch.models.request.requester import MailAddress
from dispatch.models.request.submission import Trigger
from dispatch.text.links import foreign_links
from dispatch.text.normalise import one_line
from dispatch.texts.requester import requester_texts

_MAX_SUBJECT: Final = 998  # RFC 5322, section 2.1.1
_ANSWERED: Final = re.compile(r"(?:(?:re|aw|antw|sv|fw|fwd|wg)(?:\[\d{1,3}\])?\s?:\s?)+", re.IGNORECASE)
# The sender's stated name goes into our letter: only words, so that it cannot contain a link or a sentence.
_NAME: Final = re.compile(
    r"[^\W\d_]+(?:['\u2019-][^\W\d_]+)*[.,]?(?: [^\W\d_]+(?:['\u2019-][^\W\d_]+)*[.,]?){0,5}"
)
_MAX_NAME: Final = 80


class LetterTexts(Contract):
    """The frame around every text that the desk sends."""

    greeting: Text = Field(description="with {name}")
    greeting_without_name: Text
    closing: Text
    signature: Text
    sender: MailAddress | None = Field(
        default=None, description="the address that this desk writes from; None: DISPATCH_MAIL_FROM"
    )

    @field_validator("sender", mode="wrap")
    @classmethod
    def _is_an_address(cls, value: object, read: ValidatorFunctionWrapHandler) -> str | None:
        try:
            return cast("str | None", read(value))
        except ValueError:
            raise ValueError("it is no address; write a plain one, such as orders@desk.example") from None

    @model_validator(mode="after")
    def _greets_by_name(self) -> Self:
        greetings = [self.greeting] if isinstance(self.greeting, str) else self.greeting.values()
        if not all("{name}" in greeting for greeting in greetings):
            raise ValueError("greeting lacks {name}; write it where the requester's name belongs")
        return self


def letter_text(texts: LetterTexts, name: str, paragraphs: Sequence[str], language: str = ENGLISH) -> str:
    """Return a whole text: greeting, paragraphs, closing, signature, with a blank line between them.

    A name that is more than a few words is left out.
    """
    plain = one_line(name)
    known = len(plain) <= _MAX_NAME and _NAME.fullmatch(plain) is not None
    by_name, plainly, closing, signature = (
        in_language(text, language)
        for text in (texts.greeting, texts.greeting_without_name, texts.closing, texts.signature)
    )
    greeting = by_name.replace("{name}", plain) if known else plainly
    stripped = (p.strip() for p in paragraphs)
    return "\n\n".join((greeting, *(t for t in stripped if t), f"{closing}\n{signature}"))


def reply_subject(subject: str, language: str = ENGLISH) -> str:
    """Return 'Re: <subject>' on one line with a single Re:, of at most 998 characters.

    A web or mail address in it, which is a stranger's, becomes '…': a reply that repeats it would not be sent.
    """
    plain = one_line(subject)
    answered = _ANSWERED.match(plain)
    bare = _without_links(plain[answered.end() :] if answered else plain)
    return f"Re: {bare or requester_texts(language).no_subject}"[:_MAX_SUBJECT]


def _without_links(subject: str) -> str:
    if "@" not in subject and not foreign_links(subject, ()):
        return subject
    words = ("…" if "@" in word or foreign_links(word, ()) else word for word in subject.split())
    cleaned = re.sub(r"…(?: …)+", "…", " ".join(words))
    # The remaining parts, joined, may still form an address.
    return cleaned if cleaned != "…" and not foreign_links(cleaned, ()) else ""


def recipient_of(address: str) -> str:
    """Return an address with its domain in lower case; the part before the @ may be case-sensitive."""
    local, at, domain = address.rpartition("@")
    return f"{local}{at}{domain.lower()}"


def message_id(trigger: Trigger) -> str | None:
    """Return the Message-ID that an answer replies to; None for a JSON request and for a mail without one."""
    is_id = trigger.kind == "mail" and re.fullmatch(r"<[^<>\s]{1,990}>", trigger.trigger_id) is not None
    return trigger.trigger_id if is_id else None

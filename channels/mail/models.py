"""An outgoing mail, and a delivery in the mail system's archive."""

from typing import Annotated

from pydantic import AfterValidator, Field

from dispatch.models.contract import Contract, Moment
from dispatch.models.request.requester import MailAddress


def _one_line(value: str) -> str:
    """Refuse characters that could end a header and begin another; the error does not repeat the text."""
    if any(not character.isprintable() for character in value):
        raise ValueError("holds a line break or another control character, which a header must not")
    return value


HeaderText = Annotated[str, AfterValidator(_one_line)]

_MESSAGE_ID = r"^<[!-;=?-~]{1,240}@[!-;=?-~]{1,240}>$"


class MailAttachment(Contract):
    """A document of an outgoing mail, in full."""

    name: str = Field(max_length=255)
    media_type: str = Field(max_length=255)
    data: bytes = Field(repr=False)


class OutgoingMail(Contract):
    """A mail to one recipient; `message_id` is its key in the archive."""

    message_id: str = Field(pattern=_MESSAGE_ID, description="with its angle brackets")
    sender: MailAddress
    recipient: MailAddress
    subject: HeaderText = Field(max_length=998)
    text: str = Field(
        min_length=1, max_length=100_000, description="line ends as \\n; those at the end are not kept"
    )
    html: str | None = Field(
        default=None, max_length=200_000, description="the same again as HTML, for programs that show it"
    )
    in_reply_to: HeaderText | None = Field(
        default=None, max_length=998, description="left out if no Message-ID"
    )
    reply_to: MailAddress | None = Field(
        default=None, description="the sender's address with a tag that names the request"
    )
    references: tuple[HeaderText, ...] = Field(
        default=(), max_length=50, description="oldest first; what is no Message-ID is left out"
    )
    attachments: tuple[MailAttachment, ...] = ()


class ArchivedAttachment(Contract):
    name: str
    sha256: str = Field(
        pattern=r"^[0-9a-f]{64}$", description="of the document as it was before it was encoded"
    )


class ArchivedMail(Contract):
    """One delivery to one recipient; the same mail sent twice is archived twice."""

    archive_id: int
    message_id: str
    sender: str = Field(description="of the envelope")
    recipient: str = Field(description="of the envelope")
    subject: str
    text: str = Field(description="line ends as \\n, none at the end")
    in_reply_to: str | None
    attachments: tuple[ArchivedAttachment, ...] = ()
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$", description="of the mail as received, headers included")
    received_at: Moment

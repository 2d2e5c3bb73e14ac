"""The submission: one request as its sender wrote it."""

from datetime import datetime, timedelta
from typing import Annotated, Final

from pydantic import Field

from dispatch.models.contract import Contract, Moment, is_unset
from dispatch.models.request.automatic import AutomaticMail
from dispatch.models.request.part import Part
from dispatch.models.request.request_form import TriggerKind
from dispatch.models.request.requester import SenderDoubt
from dispatch.models.work.playbook import DeskName

RECEPTION: Final = "reception"
"""The prefix of the id of a request without a desk."""

LONGEST_ON_ITS_WAY: Final = timedelta(days=3)
"""The longest accepted time between the stated date of a request and its receipt."""
MOST_THREADS: Final = 5
"""The most requests that one mail may name."""
RequestId = Annotated[str, Field(min_length=1, max_length=200)]
FieldName = Annotated[str, Field(max_length=100)]
FieldValue = Annotated[str, Field(max_length=2_000)]


class DocumentRef(Contract):
    """A document in the content-addressed store; history carries this, never the document."""

    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    size_bytes: int = Field(ge=0)
    media_type: str = Field(max_length=255)
    name: str = Field(max_length=255)


class Party(Contract):
    """The sender; `address` is the mail's claim and proves nothing."""

    address: str = Field(max_length=320)
    name: str = Field(default="", max_length=200)
    doubt: SenderDoubt | None = Field(
        default=None,
        description="why the address may not be the one that mail servers checked; then a person decides",
    )


class Trigger(Contract):
    """What started the request; the same trigger is the same request."""

    kind: TriggerKind
    trigger_id: str = Field(
        min_length=1, max_length=998, description="Message-ID of a mail, id of a JSON request"
    )
    received_at: Moment
    content: str = Field(
        default="",
        pattern=r"^([0-9a-f]{64})?$",
        description="sha256 of what the sender wrote, without what the way here added; empty where it is not known",
    )


class Submission(Contract):
    """The input of a request: parsed, capped, with its documents in the store."""

    trigger: Trigger
    desk: DeskName | None = Field(default=None, description="None: triage routes it")
    sender: Party
    subject: str = Field(default="", max_length=998)
    unread: str = Field(
        default="", max_length=500, description="why the text could not be read; empty: it was read"
    )
    body: str = Field(description="plain text, capped at settings.max_body_chars")
    written_at: Moment | None = Field(
        default=None, description="what the sender's own clock says, at the latest when it was received"
    )
    thread: tuple[RequestId, ...] = Field(
        default=(),
        max_length=MOST_THREADS,
        description="the requests whose mails it answers, the likeliest first",
    )
    follows: RequestId | None = Field(
        default=None, description="the request whose mail it answers, where it could not be added to that one"
    )
    automatic: AutomaticMail | None = Field(
        default=None, description="the sign that a machine sent it; such mail is set apart and never answered"
    )
    source: DocumentRef = Field(description="the file as it came")
    attachments: tuple[DocumentRef, ...] = Field(default=(), max_length=200)
    fields: dict[FieldName, FieldValue] = Field(
        default_factory=dict, max_length=50, description="what a JSON request states outright"
    )
    language: str | None = Field(
        default=None,
        max_length=20,
        description="what a JSON request states; it is used where the desk has it",
    )
    notes: tuple[str, ...] = Field(
        default=(), description="what parsing had to change: cut, decoded, converted"
    )
    part: Part | None = Field(
        default=None,
        exclude_if=is_unset,
        description="of a request for several desks, what makes this one its desk's part; only the process writes it",
    )

    @property
    def asked_at(self) -> datetime:
        """Return the date that windows are judged by: the sender's own, at most three days before the receipt.

        A mail may wait for days before it is taken in; a date that anybody can set must not reopen a window.
        """
        received = self.trigger.received_at
        return received if self.written_at is None else max(self.written_at, received - LONGEST_ON_ITS_WAY)


def desk_named_in(request_id: str) -> str | None:
    """Return the desk that a request was sent to, from its id; None if triage chooses it."""
    desk = request_id.partition("-")[0]
    return None if desk == RECEPTION else desk

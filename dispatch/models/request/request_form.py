"""The contract of a form in which requests come in: what a channel reads from one file, before anything is stored."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from dispatch.models.request.automatic import AutomaticMail
from dispatch.models.request.requester import SenderDoubt

TriggerKind = Literal["mail", "json", "file"]
"""The note for a `file` of an unknown form, which a person took in although the door had refused it."""


@dataclass(frozen=True)
class Attachment:
    """One file of a request; `name` is safe to show and to save under."""

    data: bytes
    media_type: str
    name: str


@dataclass(frozen=True)
class ReadRequest:
    """A request as its file has it; without a `trigger_id` it is known by `content`, the digest of what its sender wrote.

    `unread` says why its text could not be read; a person then reads it.
    """

    address: str
    name: str = ""
    doubt: SenderDoubt | None = None
    subject: str = ""
    text: str = ""
    trigger_id: str | None = None
    content: str = ""
    thread: tuple[str, ...] = ()
    automatic: AutomaticMail | None = None
    attachments: tuple[Attachment, ...] = ()
    fields: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    written_at: datetime | None = None
    unread: str = ""
    language: str | None = None


ReadForm = Callable[[str, bytes], ReadRequest]
"""Name of the file, for messages, and its bytes -> the request; raises SubmissionError where it is none.

A long file is read in another process, so that this must be a module's function, or a partial of one.
"""


@dataclass(frozen=True)
class RequestForm:
    """One form of request files, as a channel declares it.

    `read_header` returns who wrote and about what, of a file whose text passes the bounds of time or memory; without
    it such a file is refused.
    """

    kind: TriggerKind
    media_type: str
    read: ReadForm
    read_header: ReadForm | None = None

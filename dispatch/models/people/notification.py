"""Notifications of approvers: something waits for them, or no longer does."""

from datetime import date
from enum import StrEnum
from typing import ClassVar, Final

from pydantic import Field

from dispatch.models.contract import Contract, Moment
from dispatch.models.handoff import Handoff, StageInput
from dispatch.models.people.decision import ApprovalRequest


class NotifyEvent(StrEnum):
    """What happened at a gate."""

    NEW = "new"
    REMINDER = "reminder"
    ESCALATION = "escalation"
    APPROVED = "approved"
    """The first of several approvals has arrived; the others are still due."""
    DECIDED = "decided"

    @property
    def in_words(self) -> str:
        """Return the text of the event for the trail."""
        return _IN_WORDS[self]


_IN_WORDS: Final = {
    NotifyEvent.NEW: "a decision is asked",
    NotifyEvent.REMINDER: "a decision is still asked",
    NotifyEvent.ESCALATION: "a decision is now asked of the next",
    NotifyEvent.APPROVED: "another approval is due",
    NotifyEvent.DECIDED: "it is decided",
}


class NotifyBrief(StageInput):
    """One event at one gate, for the people of one owner."""

    noun: ClassVar[str] = "word to approvers"

    request_id: str
    desk: str | None
    event: NotifyEvent
    number: int = Field(default=1, ge=1, description="counts the events of one kind at one gate")
    approval_request: ApprovalRequest
    owner: str = Field(description="a person or a role of the approvers file; with decided, who decided")
    others: tuple[str, ...] = Field(
        default=(),
        description="further people and roles that it concerns: where several must approve, all of the gate",
    )
    approved_by: tuple[str, ...] = Field(
        default=(), description="who has approved already and is not asked again"
    )
    notified: tuple[str, ...] = Field(default=(), description="with decided: who heard of this gate before")
    summary: str = Field(description="what happened, in a line")
    only: tuple[str, ...] = Field(
        default=(), description="where not empty: of those concerned these alone, who were not reached before"
    )


class Undelivered(Contract):
    """A person who should have been notified and was not."""

    name: str
    why: str


class NotifyReport(Contract):
    """Who was notified; names of the approvers file, no addresses."""

    handoff: Handoff
    notified: tuple[str, ...] = Field(default=(), description="a mail is on its way to them")
    left_to_digest: tuple[str, ...] = ()
    want_none: tuple[str, ...] = ()
    undelivered: tuple[Undelivered, ...] = ()
    later: tuple[Undelivered, ...] = Field(
        default=(), description="not reached yet: to be tried again, without the others"
    )

    @property
    def is_about_somebody(self) -> bool:
        """Whether it concerns anybody."""
        people = (self.notified, self.left_to_digest, self.want_none, self.undelivered, self.later)
        return any(people)

    @property
    def in_words(self) -> str:
        """Return the report in one line."""
        parts = [
            f"notified {', '.join(self.notified)}" if self.notified else "",
            f"left to the digest of {', '.join(self.left_to_digest)}" if self.left_to_digest else "",
            f"wanted by none of {', '.join(self.want_none)}" if self.want_none else "",
            *(f"{one.name} not notified: {one.why}" for one in self.undelivered),
            *(f"{one.name} not notified yet: {one.why}, tried again" for one in self.later),
        ]
        return "; ".join(part for part in parts if part) or "nobody known to tell"


class Notice(Contract):
    """The content of a mail to one approver, from which its plain and HTML forms are made."""

    subject: str = Field(
        description="never personal data of the requester: subjects are shown on locked screens"
    )
    opening: str
    facts: tuple[tuple[str, str], ...] = Field(default=(), description="label, value")
    entries: tuple["NoticeEntry", ...] = Field(default=(), description="of a digest: what waits, in order")
    link: str | None = Field(default=None, description="opens a page, and does nothing else")
    link_text: str = ""
    closing: str


class NoticeEntry(Contract):
    """One waiting request in a digest."""

    title: str
    detail: str
    link: str | None = None


class WaitingRequest(Contract):
    """A request that waits for a person, as Temporal's visibility lists it."""

    request_id: str
    desk: str
    state: str
    owner: str
    due: Moment | None
    priority: int | None


class DigestInput(Contract):
    """Send the digests of one day (UTC), each at most once."""

    day: date
    task_queue: str = Field(description="of the desk; another desk in the same namespace sends its own")


class DigestReport(Contract):
    """Names of the approvers file."""

    day: date
    notified: tuple[str, ...] = ()
    nothing_waits: tuple[str, ...] = ()
    undelivered: tuple[Undelivered, ...] = ()


class LinkBrief(StageInput):
    """Make the link by which the requester can answer."""

    noun: ClassVar[str] = "a link to answer by"

    request_id: str
    expires_at: Moment


class AnswerLink(Contract):
    handoff: Handoff
    url: str = Field(description="empty where the desk has no pages (DISPATCH_INBOX_URL)")

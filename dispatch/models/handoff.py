"""One record for each time work changes hands."""

from datetime import UTC, datetime
from typing import ClassVar, Final

from pydantic import Field

from dispatch.models.contract import Contract, Moment


class Handoff(Contract):
    """The sender, receiver, content, reason, decider and time (workflow time) of a handoff."""

    seq: int = Field(ge=1)
    sender: str = Field(description="coordinator, specialist.<name>, approver.<id>, requester, ...")
    receiver: str
    what: str = Field(description="what was handed over, in a few words")
    digest: str = Field(description="sha256 of the canonical JSON of what was handed over")
    why: str
    decided_by: str = Field(description="the rule, playbook entry or person behind it")
    at: Moment


class StageInput(Contract):
    """The input of an activity, with the handoff that records it; `noun` names it in the trail.

    A stage builds it with PENDING_HANDOFF. The dispatcher records the handoff and replaces it.
    """

    noun: ClassVar[str]

    handoff: Handoff


PENDING_HANDOFF: Final = Handoff(
    seq=1,
    sender="coordinator",
    receiver="pending",
    what="pending",
    digest="pending",
    why="pending",
    decided_by="pending",
    at=datetime.min.replace(tzinfo=UTC),
)
"""The place of a handoff that is not recorded yet; no activity ever receives it."""

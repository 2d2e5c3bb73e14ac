"""A request to move a deadline to later, and its result."""

from typing import ClassVar

from pydantic import Field

from dispatch.models.contract import Contract, Moment
from dispatch.models.handoff import Handoff, StageInput
from dispatch.models.people.decision import ApprovalRequest


class Extension(Contract):
    """The payload of `extend`. At a gate that requires signatures it names the gate's proposal and a digest, and is signed."""

    schema_id: ClassVar[str] = "dispatch.extension/1"

    approver: str = Field(min_length=1, max_length=100)
    deadline: Moment
    reason: str = Field(default="", max_length=4000)
    proposal_id: str | None = Field(default=None, max_length=100)
    action_digest: str | None = Field(default=None, pattern=r"^[0-9a-f]{64}$")
    key_id: str | None = Field(default=None, max_length=200)
    signature: str | None = Field(default=None, max_length=500)


class ExtensionCheck(StageInput):
    """The extension with the wait that it would move: an open gate, or a question to the requester."""

    noun: ClassVar[str] = "a later deadline"

    extension: Extension
    in_force: Moment = Field(description="the deadline that it would move")
    received_at: Moment
    allowed: tuple[str, ...] = Field(description="people and roles that may move it")
    role_names: bool = Field(description="whether a role's own name may")
    approval_request: ApprovalRequest | None = Field(
        default=None, description="the open gate; None where the requester is asked"
    )
    requester: str = Field(default="", description="the requester's address")


class ExtensionCheckResult(Contract):
    """Accepted, or refused with the reason."""

    handoff: Handoff
    extension: Extension
    accepted: bool
    reason: str
    signed_with: str | None = Field(
        default=None, description="fingerprint of the key whose signature was verified; None where none was"
    )

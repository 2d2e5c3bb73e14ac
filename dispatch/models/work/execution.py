"""Carrying out an action, and undoing it."""

from typing import ClassVar

from pydantic import Field

from dispatch.models.contract import Contract, Facts, Moment
from dispatch.models.handoff import Handoff, StageInput
from dispatch.models.people.decision import Decision
from dispatch.models.work.approval_policy import ApprovalPolicy
from dispatch.models.work.guardian import GuardResult
from dispatch.models.work.proposal import BoundAction


class Authorization(Contract):
    """The decisions on a held action, and the playbook's requirements: the input of the executor's check."""

    approval: ApprovalPolicy
    approvers: tuple[str, ...] = Field(min_length=1, description="people or roles; all of them may decide")
    role_names: bool = Field(default=False, description="whether a role's own name decides")
    requester: str = Field(description="the requester's address")
    decisions: tuple[Decision, ...] = Field(min_length=1)


class ActionCommand(StageInput):
    """The bound action with its guard result and, where it was held, the authorization that people gave."""

    noun: ClassVar[str] = "an authorized action"

    bound: BoundAction
    guard_result: GuardResult
    authorization: Authorization | None = None


class Receipt(Contract):
    """The outside system's result."""

    handoff: Handoff
    action: str
    idempotency_key: str
    effect_id: str = Field(description="the outside system's own id of the effect")
    facts: Facts = Field(default_factory=dict)
    at: Moment
    reconciled: bool = Field(
        default=False, description="found by its key: an earlier attempt had already done it"
    )


class CompensationCommand(StageInput):
    noun: ClassVar[str] = "an effect to undo"

    bound: BoundAction
    receipt: Receipt

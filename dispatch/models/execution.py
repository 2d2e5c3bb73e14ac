"""Carrying out an action, and undoing it."""

from typing import ClassVar

from pydantic import Field

from dispatch.models.contract import Contract, Facts, Moment
from dispatch.models.decision import Decision
from dispatch.models.guardian import GuardianVerdict
from dispatch.models.handoff import Handed, Handoff
from dispatch.models.proposal import BoundAction


class Order(Handed):
    """Leave to act: the bound action with the guardian's verdict and, where it was held, the decision."""

    noun: ClassVar[str] = "leave to act"

    bound: BoundAction
    verdict: GuardianVerdict
    decision: Decision | None = None


class Receipt(Contract):
    """What the outside system gave back."""

    handoff: Handoff
    action: str
    idempotency_key: str
    effect_id: str = Field(description="the outside system's own id of the effect")
    facts: Facts = Field(default_factory=dict)
    at: Moment
    reconciled: bool = Field(
        default=False, description="found by its key: an earlier attempt had already done it"
    )


class CompensationOrder(Handed):
    noun: ClassVar[str] = "an effect to undo"

    bound: BoundAction
    receipt: Receipt

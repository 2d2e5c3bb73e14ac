"""The results of the verifier."""

from enum import StrEnum
from typing import ClassVar

from pydantic import Field

from dispatch.models.contract import Contract, Facts, is_unset
from dispatch.models.handoff import Handoff, StageInput
from dispatch.models.request.item import Item
from dispatch.models.work.finding import Refusal
from dispatch.models.work.guardian import Request
from dispatch.models.work.proposal import BoundAction, Draft


class VerificationVerdict(StrEnum):
    CONFIRMED = "confirmed"
    REFUTED = "refuted"
    UNVERIFIABLE = "unverifiable"


class Observation(Contract):
    """An action's effect as read from the outside system; `found` is False if it is missing."""

    found: bool
    reference: str
    facts: Facts = Field(default_factory=dict)


class VerificationBrief(StageInput):
    noun: ClassVar[str] = "what was to be done"

    actions: tuple[BoundAction, ...] = Field(
        description="what was to be done; receipts are not shown to the verifier"
    )
    items: tuple[Item, ...]
    draft: Draft
    delivery: str | None = Field(
        default=None,
        description="digest of the action that delivers the draft; None where nothing is delivered",
    )
    refusals: tuple[Refusal, ...] = ()
    told_elsewhere: bool = Field(
        default=False,
        exclude_if=is_unset,
        description="of one desk's part of a request: the draft is told with the other parts, so nothing is delivered here",
    )
    unapproved: dict[str, Request] = Field(
        default_factory=dict,
        description="digest of each action that must have been asked for and that no person approved -> what was written",
    )


class ItemVerification(Contract):
    item_id: str
    verdict: VerificationVerdict
    why: str


class ActionVerification(Contract):
    action_digest: str
    name: str
    verdict: VerificationVerdict
    why: str
    observation: Observation | None = None


class Verification(Contract):
    """`verdict` is the worst of all; anything but confirmed never ends as done."""

    handoff: Handoff
    verdict: VerificationVerdict
    actions: tuple[ActionVerification, ...]
    items: tuple[ItemVerification, ...]

    @property
    def not_confirmed(self) -> tuple[str, ...]:
        """Return the verdict and reason of every action and item that is not confirmed."""
        checks = [(check.verdict, check.why) for check in self.actions]
        checks += [(check.verdict, f"{check.item_id}: {check.why}") for check in self.items]
        return tuple(
            f"{verdict}: {why}" for verdict, why in checks if verdict is not VerificationVerdict.CONFIRMED
        )

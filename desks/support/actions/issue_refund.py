"""Refunds money on one payment."""

from datetime import UTC, datetime, timedelta
from typing import ClassVar

from pydantic import JsonValue

from activities.contracts import FactsContext, System, Systems
from activities.failures import reconciling
from activities.permits import Permits
from desks.support.models.records import Refund
from desks.support.models.refund_action import RefundGuardFacts, RefundGuardPolicy, RefundParameters
from desks.support.refund_facts import refund_facts
from desks.support.rules.refund_guard import inspect_refund
from desks.support.systems.payments import Payments
from desks.support.systems.records import Records
from dispatch.guard.contract import ActionDefaults, GuardContext
from dispatch.guard.risk import Inspection
from dispatch.models.contract import Contract
from dispatch.models.contract import Facts as EffectFacts
from dispatch.models.errors import RefusedError
from dispatch.models.handoff import Handoff
from dispatch.models.money import Money
from dispatch.models.work.action_digest import is_intact
from dispatch.models.work.execution import ActionCommand, CompensationCommand, Receipt
from dispatch.models.work.proposal import BoundAction, Spending
from dispatch.models.work.spend_quota import NO_WINDOW
from dispatch.models.work.verification import Observation


class IssueRefund(ActionDefaults):
    """Issues the refund of a bound action, and cancels it to compensate.

    At most one effect for each idempotency key where the payment system honours it, otherwise reconciled: each
    attempt looks for a refund under its key before it asks for one, and takes only the same one for its own.
    """

    uses: ClassVar[tuple[type[System], ...]] = (Records, Payments)
    title: ClassVar[str] = "Refund"
    Parameters: ClassVar[type[Contract]] = RefundParameters
    Facts: ClassVar[type[Contract]] = RefundGuardFacts
    Policy: ClassVar[type[Contract]] = RefundGuardPolicy
    compensable: ClassVar[bool] = True
    pays: ClassVar[bool] = True

    def __init__(self, systems: Systems) -> None:
        self._payments, self._permits = systems.get(Payments), systems.get(Permits)

    @staticmethod
    async def facts(systems: Systems, context: FactsContext) -> RefundGuardFacts:
        """Read the customer by the requester's address, the payment with its owner, and the earlier refunds."""
        return await refund_facts(systems.get(Records), context)

    @staticmethod
    def guard(parameters: RefundParameters, facts: RefundGuardFacts, context: GuardContext) -> Inspection:
        """Check it by the rules of desks/support/rules/refund_guard.py."""
        return inspect_refund(parameters, facts, context)

    @staticmethod
    def amount(parameters: RefundParameters) -> Money:
        """Return the refunded amount."""
        return Money(amount_minor=parameters.amount_minor, currency=parameters.currency)

    @staticmethod
    def spends(parameters: RefundParameters) -> Spending:
        """Count it for its customer, and on its payment."""
        return Spending(owner=parameters.customer_id, account=parameters.payment_id)

    @staticmethod
    def spending_window(policy: RefundGuardPolicy) -> timedelta:
        """Return the window of the velocity."""
        return policy.velocity.window if policy.velocity is not None else NO_WINDOW

    @staticmethod
    def expected(parameters: RefundParameters) -> dict[str, JsonValue]:
        """Return the expected record: one valid refund, as ordered."""
        named = parameters.model_dump(include={"payment_id", "order_number", "amount_minor", "currency"})
        return {**named, "status": "succeeded", "effects": 1}

    async def perform(self, order: ActionCommand) -> Receipt:
        """Issue the refund unless it is already there.

        Raises Refused ('not_permitted'; 'conflict': another refund stands under this key, or the one that stood was
        cancelled; or the payment system's own code), Unavailable (this attempt did nothing), OutcomeUnknown
        (the answer was lost, or an earlier attempt may have acted and the system does not tell; the next attempt
        reconciles) and pydantic's ValidationError for parameters that are no refund.
        """
        key = order.bound.idempotency_key
        wanted = RefundParameters.model_validate(order.bound.action.parameters)
        amount = Money(amount_minor=wanted.amount_minor, currency=wanted.currency)
        with reconciling():
            standing = await self._payments.find_refund(key)
        refund = standing or await self._issue(order, wanted, amount)
        # Compared with the order in either case: a system that honours the key answers with its earlier refund.
        if (refund.payment_id, refund.amount) != (wanted.payment_id, amount):
            raise RefusedError(f"another refund, {refund.refund_id}, stands under {key}", "conflict")
        if refund.status == "cancelled":
            raise RefusedError(f"the refund under {key}, {refund.refund_id}, was cancelled", "conflict")
        return _receipt(
            order.handoff, order.bound, refund, refund.created_at, reconciled=standing is not None
        )

    async def _issue(self, order: ActionCommand, wanted: RefundParameters, amount: Money) -> Refund:
        # Not before the look: an authorization that expired after the refund would hide that it was made.
        self._permits.require(order)
        return await self._payments.refund(
            payment_id=wanted.payment_id,
            amount=amount,
            reason=wanted.reason,
            customer_id=wanted.customer_id,
            idempotency_key=order.bound.idempotency_key,
        )

    async def compensate(self, order: CompensationCommand) -> Receipt:
        """Cancel the refund that stands under the action's key; a cancelled one stays so (`reconciled`).

        Raises Refused ('conflict': the receipt is of another action; 'nothing_to_compensate': no refund under the
        key; or the payment system's own code), Unavailable and OutcomeUnknown as `perform` does.
        """
        key = order.bound.idempotency_key
        if not is_intact(order.bound) or order.receipt.idempotency_key != key:
            raise RefusedError("the receipt is not of the action to compensate", "conflict")
        refund = await self._payments.find_refund(key)
        if refund is None:
            raise RefusedError(f"no refund stands under {key}", "nothing_to_compensate")
        if refund.refund_id != order.receipt.effect_id:
            text = f"the receipt names {order.receipt.effect_id}, and {refund.refund_id} stands under {key}"
            raise RefusedError(text, "conflict")
        was_cancelled = refund.status == "cancelled"
        if not was_cancelled:
            refund = await self._payments.cancel_refund(refund.refund_id, idempotency_key=f"{key}/cancel")
        return _receipt(order.handoff, order.bound, refund, datetime.now(UTC), reconciled=was_cancelled)

    @staticmethod
    async def read_back(systems: Systems, bound: BoundAction) -> Observation:
        """Read the refund that records hold under the key.

        Facts: payment_id, order_number, amount_minor, currency, status of the first, and `effects`, the number of
        refunds that stand under it. Raises Unavailable or Refused if records cannot be read.
        """
        refunds = await systems.get(Records).refunds_by_key(bound.idempotency_key)
        if not refunds:
            return Observation(found=False, reference=bound.idempotency_key)
        standing = [refund for refund in refunds if refund.status == "succeeded"]
        seen = standing[0] if standing else refunds[0]
        return Observation(
            found=True, reference=seen.refund_id, facts={**_facts(seen), "effects": len(standing)}
        )


def _facts(refund: Refund) -> EffectFacts:
    return {
        "payment_id": refund.payment_id,
        "order_number": refund.order_number,
        "amount_minor": refund.amount.amount_minor,
        "currency": refund.amount.currency,
        "status": refund.status,
    }


def _receipt(
    handoff: Handoff, bound: BoundAction, refund: Refund, at: datetime, *, reconciled: bool
) -> Receipt:
    return Receipt(
        handoff=handoff,
        action=bound.action.name,
        idempotency_key=bound.idempotency_key,
        effect_id=refund.refund_id,
        facts=_facts(refund),
        at=at,
        reconciled=reconciled,
    )

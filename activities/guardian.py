"""Inspects each action alone, on what it reads itself immediately before it rules.

An action that spends is ruled on together with what other requests of the same customer spend: its request first reserves
in the customer's quota, which puts requests into one order. What records alone block reserves nothing.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

from pydantic import ValidationError
from temporalio import activity

from activities.contracts import Systems
from activities.failures import translated
from activities.quotas.spend_quota import Reserve, reserve_in_quota
from channels.mail.identity import message_id
from desks.support.models.records import Customer, Order, Payment, Refund
from desks.support.systems.records import Records
from dispatch.guard.guardian import inspect
from dispatch.guard.spend_quota import claims_of
from dispatch.models.errors import RefusedError
from dispatch.models.work.guardian import GuardBrief, GuardDecision, GuardianFacts, GuardResult
from dispatch.models.work.mail_quota import MailQuotaAnswer
from dispatch.models.work.parameters import IssueRefund, SendReply
from dispatch.models.work.proposal import BoundAction
from dispatch.models.work.spend_quota import NO_WINDOW, ReserveRequest

OwnLinks = Callable[[str, str], tuple[str, ...]]
"""Text, request id -> the links in it to the answer page of that request."""

ReserveMail = Callable[[str, str], Awaitable[MailQuotaAnswer]]
"""Recipient, Message-ID -> whether one more automatic mail to that address is within the hour's limit."""

_REFUND = "issue_refund"
_MAIL = "send_reply"
# The records' ways of saying that there is no such thing; what names nothing is then blocked by the rules.
_NO_SUCH = frozenset({"customer_not_found", "invalid_id"})


class Guardian:
    """Reads with the desk's reading systems; what specialists found is not taken on trust.

    `own_links` gives the links of a text that open the answer page of a request and were signed by this desk,
    `reserve` asks the customer's quota, `reserve_mail` the hourly one; without the latter there is no hourly limit.
    """

    def __init__(
        self,
        systems: Systems,
        own_links: OwnLinks | None = None,
        *,
        reserve: Reserve = reserve_in_quota,
        reserve_mail: ReserveMail | None = None,
    ) -> None:
        self._records, self._own_links = systems.get(Records), own_links
        self._reserve, self._reserve_mail = reserve, reserve_mail

    @activity.defn(name="guardian.inspect")
    async def inspect(self, brief: GuardBrief) -> GuardResult:
        """Gather the facts that the action needs and rule on it (dispatch/guard/guardian.py).

        Run as a local activity, it echoes its brief: history keeps no input of such a one, and auditors ask for it. Raises ApplicationError (see activities/failures.py) if a fact cannot be read, or nothing can be reserved: no
        ruling is ever made on a part.
        """
        with translated():
            verdict = await self._ruled(brief)
        return verdict.model_copy(update={"brief": brief}) if activity.info().is_local else verdict

    async def _ruled(self, brief: GuardBrief) -> GuardResult:
        facts = await self._facts(brief)
        verdict = inspect(brief, facts)
        if verdict.ruling is not GuardDecision.BLOCK:
            facts = await self._counted(brief, facts)
            verdict = inspect(brief, facts)
        action = brief.bound.action
        if self._reserve_mail is None or verdict.ruling is not GuardDecision.ALLOW or action.name != _MAIL:
            return verdict
        # Last, for what a person decides on is no automatic mail and takes no place of the hour's.
        recipient = SendReply.model_validate(action.parameters).recipient
        answer = await self._reserve_mail(recipient, message_id(brief.bound.idempotency_key))
        return inspect(brief, facts.model_copy(update={"mail_quota": answer}))

    async def _counted(self, brief: GuardBrief, facts: GuardianFacts) -> GuardianFacts:
        """Return the facts with what other requests of the same customer have reserved, and reserve for this one."""
        claims = claims_of((brief.bound, *brief.siblings))
        owner = next(iter(claims_of([brief.bound])), None)
        if owner is None:
            return facts
        # Reads may come first: what another request pays in between stays in the quota as long as it counts.
        reserved = await self._reserve(
            brief.bound.playbook.desk,
            owner,
            ReserveRequest(
                request_id=brief.bound.request_id,
                as_of=brief.handoff.at,
                claims=claims[owner],
                window=_window(brief),
            ),
        )
        return facts.model_copy(update={"reserved": reserved.others, "quota_full": reserved.full})

    async def _facts(self, brief: GuardBrief) -> GuardianFacts:
        try:
            refund = _refund_of(brief)
        except ValidationError:
            refund = None  # the rules block it; there is nothing to read
        if refund is None:
            return GuardianFacts(
                requester_records=await self._customers(brief.requester.address),
                own_links=self._links_of(brief.bound),
            )
        customers, order, recent, own = await asyncio.gather(
            self._customers(brief.requester.address),
            self._order(refund.order_number),
            self._recent(refund.customer_id, _window(brief)),
            self._records.refunds_by_key(brief.bound.idempotency_key),
        )
        # After the refunds, never before: one that is made in between then counts twice, and not in neither.
        payment = await self._payment(refund.payment_id)
        # All is read by what the action names; the rules block it where those names do not fit together.
        owner = (
            order.customer_id if order and payment and payment.order_number == order.order_number else None
        )
        return GuardianFacts(
            requester_records=customers,
            payment=payment,
            payment_customer_id=owner,
            recent_refunds=tuple({r.refund_id: r for r in (*recent, *own)}.values()),
        )

    def _links_of(self, bound: BoundAction) -> tuple[str, ...]:
        text = bound.action.parameters.get("text")
        if self._own_links is None or not isinstance(text, str):
            return ()
        return self._own_links(text, bound.request_id)

    async def _customers(self, address: str) -> tuple[Customer, ...]:
        # A mail may come without a readable sender; no record is looked up by nothing.
        return await self._records.customers_by_email(address) if address.strip() else ()

    async def _payment(self, payment_id: str) -> Payment | None:
        try:
            return await self._records.payment(payment_id)
        except RefusedError as refusal:
            if refusal.code in _NO_SUCH:
                return None
            raise

    async def _order(self, order_number: str) -> Order | None:
        try:
            return await self._records.order(order_number)
        except RefusedError as refusal:
            if refusal.code in _NO_SUCH:
                return None
            raise

    async def _recent(self, customer_id: str, window: timedelta) -> tuple[Refund, ...]:
        try:
            return await self._records.refunds_since(customer_id, datetime.now(UTC) - window)
        except RefusedError as refusal:
            if refusal.code in _NO_SUCH:
                return ()
            raise


def _window(brief: GuardBrief) -> timedelta:
    return brief.policy.velocity.window if brief.policy.velocity is not None else NO_WINDOW


def _refund_of(brief: GuardBrief) -> IssueRefund | None:
    action = brief.bound.action
    return IssueRefund.model_validate(action.parameters) if action.name == _REFUND else None

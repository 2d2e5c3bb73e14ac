"""Records that no rule of the guardian objects to: what is left of a ruling on them is the playbook's."""

import re
from contextlib import suppress
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlsplit

from pydantic import ValidationError

from desks.support.models.records import Customer, Payment, Refund
from dispatch.models.money import Money
from dispatch.models.work.guardian import GuardBrief, GuardianFacts
from dispatch.models.work.mail_quota import MailQuotaAnswer
from dispatch.models.work.parameters import IssueRefund
from dispatch.models.work.spend_quota import SpendSoFar

_LONG_AGO: Final = datetime(2000, 1, 1, tzinfo=UTC)
_LINK: Final = re.compile(r"https?://[^\s<>\"']+")
_PLENTY: Final = 10**15


def unobjectionable(brief: GuardBrief, spend: SpendSoFar, *, no_room_for_mail: bool = False) -> GuardianFacts:
    """Make up records that fit the action in every way, and with which `spend` counts together with it.

    What the same proposal spends is in the brief, and counted from there.
    """
    action = brief.bound.action
    links = _foreign_links(action.parameters.get("text"), brief.policy.link_hosts)
    try:
        refund = IssueRefund.model_validate(action.parameters) if action.name == "issue_refund" else None
    except ValidationError:
        refund = None
    recipient = action.parameters.get("recipient")
    addresses = [brief.requester.address, *([recipient] if isinstance(recipient, str) else [])]
    customer = Customer(
        customer_id=refund.customer_id if refund else "CU-0",
        name=brief.requester.name,
        email_addresses=tuple(dict.fromkeys(addresses)),
        organisation=None,
        locale="en",
    )
    if refund is None:
        quota = MailQuotaAnswer(granted=False, used=0) if no_room_for_mail else None
        return GuardianFacts(requester_records=(customer,), own_links=links, mail_quota=quota)
    return GuardianFacts(
        requester_records=(customer,),
        payment=Payment(
            payment_id=refund.payment_id,
            order_number=refund.order_number,
            amount=Money(amount_minor=_PLENTY, currency=refund.currency),
            captured_at=_LONG_AGO,
            refunded_minor=max(spend.account_minor - _beside(refund, brief, account=refund.payment_id), 0),
            status="captured",
        ),
        payment_customer_id=refund.customer_id,
        recent_refunds=_earlier(refund, brief, spend),
    )


def _earlier(refund: IssueRefund, brief: GuardBrief, spend: SpendSoFar) -> tuple[Refund, ...]:
    """Make up as many refunds as are counted, with all of the amount in the first; an amount of nothing counts too."""
    beside = _siblings(refund, brief)
    amount = max(spend.owner_minor - _beside(refund, brief), 0)
    number = max(spend.count - len(beside), 0)
    return tuple(_refund(refund, i, amount if i == 0 else 0) for i in range(number))


def _siblings(refund: IssueRefund, brief: GuardBrief) -> tuple[IssueRefund, ...]:
    """Read what else the same proposal refunds to the same customer."""
    others = []
    for bound in brief.siblings:
        with suppress(ValidationError):
            others.append(IssueRefund.model_validate(bound.action.parameters))
    return tuple(other for other in others if other.customer_id == refund.customer_id)


def _beside(refund: IssueRefund, brief: GuardBrief, account: str | None = None) -> int:
    return sum(
        other.amount_minor
        for other in _siblings(refund, brief)
        if other.currency == refund.currency and account in {None, other.payment_id}
    )


def _refund(refund: IssueRefund, number: int, amount_minor: int) -> Refund:
    return Refund(
        refund_id=f"RF-{number}",
        payment_id="another",
        order_number=refund.order_number,
        amount=Money(amount_minor=amount_minor, currency=refund.currency),
        status="succeeded",
        reason="an earlier one",
        created_at=_LONG_AGO,
        idempotency_key=f"earlier-{number}",
    )


def _foreign_links(text: object, hosts: tuple[str, ...]) -> tuple[str, ...]:
    """Give the links that only the desk's own answer page can have been, if the mail was let through then."""
    found = [link.rstrip(".,;)") for link in _LINK.findall(text)] if isinstance(text, str) else []
    return tuple(dict.fromkeys(link for link in found if urlsplit(link).hostname not in hosts))

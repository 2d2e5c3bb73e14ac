"""Records that no rule of the guardian objects to: what is left of a ruling on them is the playbook's."""

import re
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlsplit

from pydantic import ValidationError

from dispatch.models.guardian import GuardBrief, GuardianFacts
from dispatch.models.parameters import IssueRefund
from dispatch.models.records import Customer, Money, Payment, Refund

_LONG_AGO: Final = datetime(2000, 1, 1, tzinfo=UTC)
_LINK: Final = re.compile(r"https?://[^\s<>\"']+")
_PLENTY: Final = 10**15


def unobjectionable(brief: GuardBrief, earlier: int) -> GuardianFacts:
    """Make up records that fit the action in every way, with so many refunds to the customer before it."""
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
        return GuardianFacts(requester_records=(customer,), own_links=links)
    return GuardianFacts(
        requester_records=(customer,),
        payment=Payment(
            payment_id=refund.payment_id,
            order_number=refund.order_number,
            amount=Money(amount_minor=_PLENTY, currency=refund.currency),
            captured_at=_LONG_AGO,
            refunded_minor=0,
            status="captured",
        ),
        payment_customer_id=refund.customer_id,
        recent_refunds=tuple(_refund(refund, number) for number in range(earlier)),
    )


def _refund(refund: IssueRefund, number: int) -> Refund:
    return Refund(
        refund_id=f"RF-{number}",
        payment_id="another",
        order_number=refund.order_number,
        amount=Money(amount_minor=1, currency=refund.currency),
        status="succeeded",
        reason="an earlier one",
        created_at=_LONG_AGO,
        idempotency_key=f"earlier-{number}",
    )


def _foreign_links(text: object, hosts: tuple[str, ...]) -> tuple[str, ...]:
    """Give the links that only the desk's own answer page can have been, if the mail was let through then."""
    found = [link.rstrip(".,;)") for link in _LINK.findall(text)] if isinstance(text, str) else []
    return tuple(dict.fromkeys(link for link in found if urlsplit(link).hostname not in hosts))

"""Bound actions, people and money for tests of guardian, approval, actions and verifier."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from desks.support.models.records import Customer, Payment, Refund
from dispatch.approval.action_digest import bind
from dispatch.models.handoff import Handoff
from dispatch.models.money import Money
from dispatch.models.people.decision import Decision, DecisionType
from dispatch.models.request.submission import Party
from dispatch.models.work.execution import ActionCommand, Authorization
from dispatch.models.work.guardian import GuardDecision, GuardResult, Reason
from dispatch.models.work.playbook import GuardianPolicy, PlaybookRef, Tier
from dispatch.models.work.proposal import Action, BoundAction

NOW = datetime(2025, 3, 1, 12, tzinfo=UTC)
REQUESTER = Party(address="ada@example.org", name="Ada")
PLAYBOOK = PlaybookRef(desk="support", version="1.0.0", digest="a" * 64)
HANDOFF = Handoff(
    seq=1,
    sender="coordinator",
    receiver="guardian",
    what="an action",
    digest="b" * 64,
    why="the stage comes next",
    decided_by="process",
    at=NOW,
)
CUSTOMER = Customer(
    customer_id="C-1",
    name="Ada",
    email_addresses=("ada@example.org", "ada@work.example"),
    organisation=None,
    locale="en-GB",
)
PAYMENT = Payment(
    payment_id="P-1",
    order_number="DD-1",
    amount=Money(amount_minor=50_000, currency="EUR"),
    captured_at=NOW - timedelta(days=10),
    refunded_minor=0,
    status="captured",
)
POLICY: dict[str, Any] = {
    "tiers": {
        "low": {"approval": "none"},
        "medium": {"approval": "named", "waiting": {"approvers": ["anna"], "deadline": "2 days"}},
        "high": {"approval": "signed", "waiting": {"approvers": ["ben"], "deadline": "2 days"}},
        "critical": {"approval": "two_signed", "waiting": {"approvers": ["cleo"], "deadline": "2 days"}},
    },
    "actions": {
        "send_reply": {"tier": "low", "editable": ["text"]},
        "issue_refund": {
            "amounts": {
                "EUR": [
                    {"up_to_minor": 5_000, "tier": "low"},
                    {"up_to_minor": 20_000, "tier": "medium"},
                    {"up_to_minor": 40_000, "tier": "high"},
                ]
            },
            "editable": ["amount_minor", "reason"],
        },
    },
    "velocity": {"max_refunds": 2, "window": "30 days", "tier": "medium"},
    "link_hosts": ["desk.example", "track.desk.example"],
    "desk_addresses": ["support@desk.example"],
}


def policy(**changes: Any) -> GuardianPolicy:
    """Give the policy above with some of its parts replaced."""
    return GuardianPolicy.model_validate({**POLICY, **changes})


SOURCES: Mapping[str, str] = {"order_history.order.DD-1": "records", "playbook.hours": "playbook"}


def reply(
    *,
    evidence: tuple[str, ...] = ("order_history.order.DD-1",),
    sources: Mapping[str, str] = SOURCES,
    **changes: Any,
) -> BoundAction:
    """Give a bound send_reply; `sources` are those of the evidence that has one, `changes` are parameters."""
    parameters = {
        "recipient": "ada@example.org",
        "subject": "Re: my order",
        "text": "Dear Ada,\n\nyour order left us on Monday.\n",
        "in_reply_to": "<1@example.org>",
        "purpose": "reply",
        **changes,
    }
    action = Action(
        name="send_reply",
        subject=parameters["purpose"],
        parameters=parameters,
        item_ids=("item-1", "item-2"),
        why="answers the request",
        evidence_ids=evidence,
        evidence_sources={cited: sources[cited] for cited in evidence if cited in sources},
    )
    return bind("support/r-1", "p1", PLAYBOOK, action)


def refund(*, request_id: str = "support/r-1", **changes: Any) -> BoundAction:
    """Give a bound issue_refund of EUR 30.00 on payment P-1; `changes` are parameters."""
    parameters = {
        "payment_id": "P-1",
        "order_number": "DD-1",
        "customer_id": "C-1",
        "amount_minor": 3_000,
        "currency": "EUR",
        "reason": "damaged on arrival",
        **changes,
    }
    action = Action(
        name="issue_refund",
        subject=f"payment {parameters['payment_id']}",
        parameters=parameters,
        item_ids=("item-1",),
        why="the policy grants it",
        evidence_ids=("order_history.order.DD-1",),
    )
    return bind(request_id, "p1", PLAYBOOK, action)


def earlier_refund(number: int = 1, *, key: str | None = None, amount_minor: int = 1_000) -> Refund:
    """Give a refund that stands on payment P-1, under another request's key unless one is given."""
    return Refund(
        refund_id=f"R-{number}",
        payment_id="P-1",
        order_number="DD-1",
        amount=Money(amount_minor=amount_minor, currency="EUR"),
        status="succeeded",
        reason="earlier",
        created_at=NOW - timedelta(days=1),
        idempotency_key=key or f"support/other-{number}/issue_refund/payment P-1",
    )


def decision(bound: BoundAction, **changes: Any) -> Decision:
    """Give anna's approval of a bound action; `changes` are fields of the decision."""
    fields = {
        "decision_id": "d-1",
        "proposal_id": bound.proposal_id,
        "action_digest": bound.digest,
        "verdict": DecisionType.APPROVE,
        "approver": "anna",
        "issued_at": NOW,
        **changes,
    }
    return Decision.model_validate(fields)


def order(
    bound: BoundAction,
    ruling: GuardDecision = GuardDecision.ALLOW,
    tier: Tier = Tier.LOW,
    decided: Decision | None = None,
) -> ActionCommand:
    """Give leave to act on a bound action, as the guardian ruled and, where it was held, a person decided."""
    verdict = GuardResult(
        handoff=HANDOFF,
        action_digest=bound.digest,
        ruling=ruling,
        tier=tier,
        reasons=(Reason(rule="tier.low", text="every hard rule holds"),),
    )
    authorization = (
        Authorization(
            approval="named", approvers=("anna", "ben"), requester="max@mail.example", decisions=(decided,)
        )
        if decided
        else None
    )
    return ActionCommand(handoff=HANDOFF, bound=bound, verdict=verdict, authorization=authorization)

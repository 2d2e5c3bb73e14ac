"""Bound actions, people and money for tests of guardian, approval, actions and verifier."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from channels.mail.actions.send_reply import SendReply
from channels.mail.reply import MailGuardFacts
from desks.support.actions.issue_refund import IssueRefund
from desks.support.models.records import Customer, Payment, Refund
from desks.support.models.refund_action import RefundGuardFacts, Velocity
from dispatch.guard.contract import with_view
from dispatch.guard.guardian import inspect
from dispatch.models.handoff import Handoff
from dispatch.models.money import Money
from dispatch.models.people.decision import Decision, DecisionType
from dispatch.models.request.submission import Party
from dispatch.models.work.action_digest import bind
from dispatch.models.work.approval_policy import ONE_DECISION
from dispatch.models.work.execution import ActionCommand, Authorization
from dispatch.models.work.guardian import GuardBrief, GuardDecision, GuardianFacts, GuardResult, Reason
from dispatch.models.work.playbook import GuardianPolicy, PlaybookRef, Tier
from dispatch.models.work.proposal import Action, BoundAction
from dispatch.models.work.spend_quota import Claim

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
        "low": {"approval": {"signatures": 0}},
        "medium": {
            "approval": {"signatures": 1},
            "waiting": {"approvers": ["anna"], "role_names": True, "deadline": "2 days"},
        },
        "high": {
            "approval": {"signatures": 1, "signed": True},
            "waiting": {"approvers": ["ben"], "deadline": "2 days"},
        },
        "critical": {
            "approval": {"signatures": 2, "signed": True},
            "waiting": {"approvers": ["cleo"], "deadline": "2 days"},
        },
    },
    "actions": {
        "send_reply": {
            "tier": "low",
            "editable": ["text"],
            "policy": {
                "address_book": "records",
                "link_hosts": ["desk.example", "track.desk.example"],
                "desk_addresses": ["support@desk.example"],
            },
        },
        "issue_refund": {
            "amounts": {
                "EUR": [
                    {"up_to_minor": 5_000, "tier": "low"},
                    {"up_to_minor": 20_000, "tier": "medium"},
                    {"up_to_minor": 40_000, "tier": "high"},
                ]
            },
            "editable": ["amount_minor", "reason"],
            "policy": {"velocity": {"max_refunds": 2, "window": "30 days", "tier": "medium"}},
        },
    },
}


def policy(**changes: Any) -> GuardianPolicy:
    """Return the policy above with some of its parts replaced; parts of an action's own policy by their names."""
    own: dict[str, dict[str, Any]] = {
        "issue_refund": {k: changes.pop(k) for k in ("velocity",) if k in changes},
        "send_reply": {k: changes.pop(k) for k in ("link_hosts", "desk_addresses") if k in changes},
    }
    actions = {
        name: {**each, "policy": {**each.get("policy", {}), **own.get(name, {})}}
        for name, each in changes.pop("actions", POLICY["actions"]).items()
    }
    return GuardianPolicy.model_validate({**POLICY, **changes, "actions": actions})


ACTIONS: dict[str, Any] = {"issue_refund": IssueRefund, "send_reply": SendReply}


_AS_THE_POLICY = timedelta(0)
PARAMETERS = {name: kind.Parameters for name, kind in ACTIONS.items()}


def read(
    *customers: Customer,
    payment: Payment | None = None,
    owner: str | None = None,
    recent: tuple[Refund, ...] = (),
    reserved: tuple[Claim, ...] = (),
    own_links: tuple[str, ...] = (),
    **more: Any,
) -> "Read":
    """Return what the guardian reads of customers with the requester's address, and of a payment."""
    addresses = tuple(each for customer in customers for each in customer.email_addresses)
    return Read(
        refund=RefundGuardFacts(
            requester_records=customers,
            payment=payment,
            payment_customer_id=owner,
            recent_refunds=recent,
            window=more.pop("window", _AS_THE_POLICY),
        ),
        mail=MailGuardFacts(addresses=addresses, own_links=own_links),
        reserved=reserved,
        more=more,
    )


@dataclass(frozen=True)
class Read:
    """The same world, as the facts of either action."""

    refund: RefundGuardFacts
    mail: MailGuardFacts
    reserved: tuple[Claim, ...]
    more: dict[str, Any]

    def but(self, **changes: Any) -> "Read":
        """Return another world, with other facts of a refund, or other facts of the engine's own."""
        own: dict[str, Any] = {
            name: changes.pop(name) for name in ("quota_full", "mail_quota") if name in changes
        }
        reserved = changes.pop("reserved", self.reserved)
        refund = self.refund.model_copy(update=changes)
        return Read(refund, self.mail, reserved, {**self.more, **own})

    def facts_for(self, bound: BoundAction, policy: GuardianPolicy) -> GuardianFacts:
        refund = self.refund
        if refund.window == _AS_THE_POLICY:
            velocity = (
                policy.actions[bound.action.name].policy.get("velocity")
                if bound.action.name in policy.actions
                else None
            )
            window = Velocity.model_validate(velocity).window if velocity else timedelta(days=30)
            refund = refund.model_copy(update={"window": window})
        facts = refund if bound.action.name == "issue_refund" else self.mail
        return GuardianFacts(action=facts.model_dump(mode="json"), reserved=self.reserved, **self.more)


def inspected(brief: GuardBrief, world: Read) -> GuardResult:
    """Rule as the activity does, on facts that a test chose."""
    brief = brief.model_copy(
        update={
            "bound": with_view(brief.bound, ACTIONS),
            "siblings": tuple(with_view(each, ACTIONS) for each in brief.siblings),
        }
    )
    return inspect(brief, world.facts_for(brief.bound, brief.policy), ACTIONS)


SOURCES: Mapping[str, str] = {"order_history.order.DD-1": "records", "playbook.hours": "playbook"}


def reply(
    *,
    evidence: tuple[str, ...] = ("order_history.order.DD-1",),
    sources: Mapping[str, str] = SOURCES,
    **changes: Any,
) -> BoundAction:
    """Return a bound send_reply; `sources` are those of the evidence that has one, `changes` are parameters."""
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
    return with_view(bind("support/r-1", "p1", PLAYBOOK, action), ACTIONS)


def refund(*, request_id: str = "support/r-1", **changes: Any) -> BoundAction:
    """Return a bound issue_refund of EUR 30.00 on payment P-1; `changes` are parameters."""
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
    return with_view(bind(request_id, "p1", PLAYBOOK, action), ACTIONS)


def earlier_refund(number: int = 1, *, key: str | None = None, amount_minor: int = 1_000) -> Refund:
    """Return a refund that stands on payment P-1, under another request's key unless one is given."""
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
    """Return anna's approval of a bound action; `changes` are fields of the decision."""
    fields = {
        "decision_id": "d-1",
        "proposal_id": bound.proposal_id,
        "action_digest": bound.digest,
        "decision_type": DecisionType.APPROVE,
        "approver": "anna",
        "issued_at": NOW,
        **changes,
    }
    return Decision.model_validate(fields)


def order(
    bound: BoundAction,
    decision: GuardDecision = GuardDecision.ALLOW,
    tier: Tier = Tier.LOW,
    decided: Decision | None = None,
) -> ActionCommand:
    """Return the command to act on a bound action, as the guardian decided and, where it was held, a person decided."""
    guard_result = GuardResult(
        handoff=HANDOFF,
        action_digest=bound.digest,
        decision=decision,
        tier=tier,
        reasons=(Reason(rule="tier.low", text="every hard rule holds"),),
    )
    authorization = (
        Authorization(
            approval=ONE_DECISION,
            approvers=("anna", "ben"),
            role_names=True,
            requester="max@mail.example",
            decisions=(decided,),
        )
        if decided
        else None
    )
    return ActionCommand(handoff=HANDOFF, bound=bound, guard_result=guard_result, authorization=authorization)

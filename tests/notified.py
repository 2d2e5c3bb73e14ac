"""People to tell, gates to tell of, and what waits, for tests of notifications."""

from datetime import UTC, datetime, timedelta
from typing import Any

from dispatch.models.handoff import Handoff
from dispatch.models.money import Money
from dispatch.models.people.approvers import Approver, Approvers
from dispatch.models.people.decision import ApprovalItem, ApprovalKind, ApprovalRequest
from dispatch.models.people.notification import NotifyBrief, WaitingRequest
from dispatch.models.work.approval_policy import ApprovalPolicy
from dispatch.models.work.playbook import Tier

NOW = datetime(2026, 11, 5, 12, 0, tzinfo=UTC)
INBOX = "https://desk.example"


def person(name: str, *roles: str, **more: Any) -> Approver:
    return Approver.model_validate(
        {
            "name": name,
            "full_name": name.title(),
            "roles": roles,
            "addresses": [f"{name}@house.example"],
            **more,
        }
    )


def known(*people: Approver) -> Approvers:
    return Approvers(approvers=people)


def during(hours: float) -> dict[str, datetime]:
    """Return a span around now that ends in so many hours."""
    return {"begins_at": NOW - timedelta(days=1), "ends_at": NOW + timedelta(hours=hours)}


def approval_request(**changes: Any) -> ApprovalRequest:
    item = ApprovalItem(
        name="issue_refund",
        digest="d" * 64,
        tier=Tier.CRITICAL,
        approval=ApprovalPolicy(signatures=2, signed=True),
        amount=Money(amount_minor=4990, currency="EUR"),
        summary="issue_refund on payment PAY-1 (critical): the policy grants it",
    )
    fields: dict[str, Any] = {
        "kind": ApprovalKind.APPROVAL,
        "proposal_id": "p1",
        "items": (item,),
        "decision_types": ("approve",),
        "approvers": ("refunds",),
        "opened_at": NOW,
        "deadline": NOW + timedelta(days=3),
        "why": "tier critical needs signed decisions of 2 different people",
        **changes,
    }
    return ApprovalRequest.model_validate(fields)


def brief(event: str = "new", **changes: Any) -> NotifyBrief:
    handoff = Handoff(
        seq=1,
        sender="coordinator",
        receiver="notifier",
        what="word to approvers",
        digest="a" * 64,
        why="a gate has been opened",
        decided_by="playbook",
        at=NOW,
    )
    fields = {
        "handoff": handoff,
        "request_id": "support-mail-abc",
        "desk": "support",
        "event": event,
        "approval_request": approval_request(),
        "owner": "refunds",
        "summary": "ben approves",
        **changes,
    }
    return NotifyBrief.model_validate(fields)


def waiting(number: int, **changes: Any) -> WaitingRequest:
    fields: dict[str, Any] = {
        "request_id": f"support-mail-{number}",
        "desk": "support",
        "state": "waiting_for_approval",
        "owner": "refunds",
        "due": NOW + timedelta(hours=number),
        "priority": 3,
        **changes,
    }
    return WaitingRequest.model_validate(fields)

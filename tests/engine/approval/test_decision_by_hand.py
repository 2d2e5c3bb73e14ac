"""What a person may paste as a decision: it counts as it stands at each gate where a name is enough."""

from datetime import timedelta

import pytest

from dispatch.approval.decisions import check_decision
from dispatch.approval.requests import decision_by_hand, request_routing, request_settlement
from dispatch.models.people.approvers import Approvers
from dispatch.models.people.decision import ApprovalKind, ApprovalRequest, DecisionCheck, DecisionType
from dispatch.models.work.playbook import Tier, Waiting
from tests.bound import HANDOFF, NOW, PARAMETERS
from tests.engine.approval.test_approval import REFUND, item

WAITING = Waiting(approvers=("refunds",), role_names=True, deadline=timedelta(days=2))
LATER = NOW + timedelta(hours=1, microseconds=7)
APPROVAL = ApprovalRequest(
    kind=ApprovalKind.APPROVAL,
    proposal_id="p1",
    items=(item(),),
    decision_types=tuple(DecisionType),
    approvers=("refunds",),
    role_names=True,
    opened_at=NOW,
    deadline=NOW + timedelta(days=2),
    why="held",
)


@pytest.mark.parametrize(
    ("approval_request", "decision_type"),
    [
        (APPROVAL, "approve"),
        (request_routing("r-1", ("support", "website"), WAITING, NOW, "no desk fits", 1), "route"),
        (request_settlement("r-1", "blocked", WAITING, NOW, "nobody may"), "settle"),
    ],
    ids=["approval", "routing", "settlement"],
)
def test_it_counts_as_it_stands(approval_request: ApprovalRequest, decision_type: str) -> None:
    """Accepted by the very check that a decision from anywhere goes through; pasted twice it is one decision."""
    pasted = decision_by_hand(approval_request, approval_request.items[0], "refunds", LATER)
    assert pasted is not None
    assert pasted == decision_by_hand(approval_request, approval_request.items[0], "refunds", LATER)
    result = check_decision(
        DecisionCheck(handoff=HANDOFF, approval_request=approval_request, raw=pasted, received_at=LATER),
        Approvers(),
        PARAMETERS,
    )
    assert result.accepted, result.reason
    assert result.decision is not None
    assert result.decision.decision_type == decision_type
    assert ("edits" in pasted) == (decision_type == "route")


@pytest.mark.parametrize("approval", [{"signatures": 1, "signed": True}, {"signatures": 2}])
def test_there_is_none_where_a_signature_or_a_second_person_is_due(approval: dict[str, int]) -> None:
    """What is pasted bears no signature and no person's name, and would only be refused."""
    due = item(approval=approval, tier=Tier.HIGH, digest=REFUND.digest)
    assert decision_by_hand(APPROVAL, due, "refunds", LATER) is None

"""The check of decisions as an activity: its use of Temporal, and its result while Temporal cannot be reached."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import Client
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities import decision_check as decisions
from activities.decision_check import DecisionChecks
from activities.quotas import asking
from dispatch.models.people.decision import (
    ApprovalItem,
    ApprovalKind,
    ApprovalRequest,
    DecisionCheck,
    DecisionCheckResult,
    DecisionType,
)
from dispatch.models.work.playbook import Tier
from dispatch.storage.approvers_file import ApproversFile
from tests.bound import HANDOFF, NOW, PARAMETERS, decision, refund
from tests.signers import Signer, write_approvers

REFUND = refund()


def check(decision_type: str = "approve", **more: Any) -> DecisionCheck:
    item = ApprovalItem(name="issue_refund", digest=REFUND.digest, tier=Tier.MEDIUM, summary="a refund")
    approval_request = ApprovalRequest(
        kind=ApprovalKind.APPROVAL,
        proposal_id="p1",
        items=(item,),
        decision_types=tuple(DecisionType),
        approvers=("refunds",),
        role_names=True,
        opened_at=NOW,
        deadline=NOW + timedelta(days=2),
        why="held",
    )
    raw = {
        **decision(REFUND).model_dump(mode="json"),
        "approver": "ben",
        "decision_type": decision_type,
        **more,
    }
    return DecisionCheck(
        handoff=HANDOFF, approval_request=approval_request, raw=raw, received_at=NOW + timedelta(hours=1)
    )


@pytest.fixture
def checking(tmp_path: Path) -> DecisionChecks:
    """Know ben, who may approve three a day, and cleo, who has no limit."""
    file = tmp_path / "approvers.yaml"
    write_approvers(
        file, Signer("ben", ("refunds",), {"daily_limit": {"decisions": 3}}), Signer("cleo", ("refunds",))
    )
    return DecisionChecks(ApproversFile(file), PARAMETERS)


@pytest.mark.parametrize("sent", [{"approver": "cleo"}, {"decision_type": "reject", "reason": "no"}])
async def test_without_a_limit_nothing_is_asked_of_temporal(
    checking: DecisionChecks, sent: dict[str, Any]
) -> None:
    """Nobody counts a person without a limit, and a rejection counts for nobody: it works without any client."""
    result: DecisionCheckResult = await ActivityEnvironment().run(checking.verify_decision, check(**sent))
    assert result.accepted, result.reason


async def test_where_no_worker_answers_nothing_is_granted(
    checking: DecisionChecks, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It fails as unavailable, so that it is tried again; the last try refuses, and the gate stays open."""
    monkeypatch.setattr(asking, "ANSWER_TIMEOUT", timedelta(seconds=1))
    with pytest.raises(ApplicationError, match="the approval quota of ben cannot be asked") as raised:
        await ActivityEnvironment(client=client).run(checking.verify_decision, check())
    assert (raised.value.type, raised.value.non_retryable) == ("UnavailableError", False)
    environment = ActivityEnvironment(client=client)
    environment.info = replace(environment.info, attempt=decisions.TRIES)
    result: DecisionCheckResult = await environment.run(checking.verify_decision, check())
    assert not result.accepted
    assert result.reason.startswith("cannot be judged now, send it again: the approval quota of ben")


async def test_a_broken_approvers_file_is_tried_again(tmp_path: Path) -> None:
    """With a broken approvers file nobody may decide until a person corrects it."""
    file = tmp_path / "approvers.yaml"
    file.write_text("approvers: [", encoding="utf-8")
    with pytest.raises(ApplicationError, match=r"approvers\.yaml") as raised:
        await ActivityEnvironment().run(
            DecisionChecks(ApproversFile(file), PARAMETERS).verify_decision, check()
        )
    assert (raised.value.type, raised.value.non_retryable) == ("UnavailableError", False)

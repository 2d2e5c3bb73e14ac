"""Cases of an action on the desk: who is asked, who may decide, and what it says of why."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import Client

from dispatch.models.people.decision import ApprovalRequest, DecisionType
from dispatch.models.request.list_summary import LIST_SUMMARY
from dispatch.models.request.status import Ending
from tests.desk import Case, Desk, quick, running_desk
from tests.workflows.approval.test_approver_notifications import one, until_told, write_approvers
from tests.workflows.replaying import also_replaying, cache_of
from tests.workflows.requests_made import held_refund, until
from workflows.coordinator import Coordinator

WHY = "The lamps team answers for this order."


def of_the_lamps(playbook: dict[str, Any]) -> None:
    """Have one order's refund decided by those who answer for it, and every reply by the usual people."""
    actions = playbook["guardian"]["actions"]
    actions["issue_refund"]["cases"] = [
        {
            "when": {"intent": "refund", "field": "order_number", "values": ["dd-10001"]},
            "approvers": ["lamps-lead", "lamps-head"],
            "why": WHY,
        }
    ]
    actions["send_reply"]["tier"] = "medium"


@pytest.fixture
async def lamps(request: pytest.FixtureRequest, client: Client, tmp_path: Path) -> AsyncIterator[Desk]:
    cache = cache_of(request)
    async with running_desk(client, tmp_path, quick, of_the_lamps, workflow_cache=cache) as running:
        yield running


async def gate_of(case: Case) -> ApprovalRequest:
    gate: ApprovalRequest | None = (await case.handle.query(Coordinator.detail)).approval_request
    assert gate is not None
    return gate


async def decide_on(case: Case, name: str, decision_type: DecisionType, by: str) -> tuple[bool, str]:
    """Decide on the one action of that name."""
    digest = next(item.digest for item in (await gate_of(case)).items if item.name == name)
    return await case.decide(decision_type, by=by, action_digest=digest)


@also_replaying("lamps")
async def test_each_action_is_decided_by_its_own_approvers(lamps: Desk) -> None:
    """Nobody decides for the others; both are asked from the start, and the reason is told."""
    case = await held_refund(lamps)
    gate = await gate_of(case)
    of = {item.name: item.approvers for item in gate.items}
    assert of == {"issue_refund": ("lamps-lead", "lamps-head"), "send_reply": ("refunds", "refunds-lead")}
    assert gate.approvers == ("lamps-lead", "refunds", "lamps-head", "refunds-lead")
    assert WHY in gate.why
    assert (await case.status()).review_point.owner == "lamps-lead"

    async def memo() -> list[str]:
        summary = (await (await case.handle.describe()).memo()).get(LIST_SUMMARY, {})
        return list(summary.get("also_with", ()))

    assert await until(memo) == ["refunds"]
    accepted, why = await decide_on(case, "issue_refund", DecisionType.APPROVE, "refunds")
    assert not accepted
    assert "refunds may not decide here" in why
    accepted, why = await decide_on(case, "send_reply", DecisionType.REJECT, "lamps-lead")
    assert not accepted
    assert "lamps-lead may not decide here" in why
    assert lamps.back_office.refunds() == []
    assert (await decide_on(case, "issue_refund", DecisionType.APPROVE, "lamps-head"))[0]
    assert (await case.status()).review_point.owner == "refunds"
    assert (await decide_on(case, "send_reply", DecisionType.APPROVE, "refunds"))[0]
    assert (await case.outcome()).ending is Ending.DONE
    assert [refund["amount_minor"] for refund in lamps.back_office.refunds()] == [4990]


async def test_another_value_is_decided_as_ever(lamps: Desk) -> None:
    """An order of nobody's in particular: its refund and its reply have the approvers of their tier."""
    case = await lamps.submit(
        "Please refund my canvas bag, order DD-10030.", sender="zoe.dangelo@mail.example"
    )
    await case.until("waiting_for_approval")
    gate = await gate_of(case)
    assert gate.approvers == ("refunds", "refunds-lead")
    assert {item.approvers for item in gate.items} == {()}
    assert WHY not in gate.why


async def test_all_who_are_asked_hear_of_it_at_once(client: Client, tmp_path: Path) -> None:
    """One mail each, of whatever actions; who may decide for several is written to once."""
    write_approvers(
        tmp_path, one("anna", "refunds"), one("ben", "lamps-lead"), one("cleo", "refunds", "lamps-lead")
    )
    async with running_desk(client, tmp_path, quick, of_the_lamps) as desk:
        case = await held_refund(desk)
        for name in ("anna", "ben", "cleo"):
            (mail,) = await until_told(desk, name)
            assert WHY in mail["text"]
        accepted, why = await decide_on(case, "issue_refund", DecisionType.APPROVE, "anna")
        assert not accepted
        assert "anna may not decide here; may: ben, cleo" in why
        assert (await decide_on(case, "issue_refund", DecisionType.APPROVE, "ben"))[0]
        assert (await decide_on(case, "send_reply", DecisionType.APPROVE, "anna"))[0]
        assert (await case.outcome()).ending is Ending.DONE

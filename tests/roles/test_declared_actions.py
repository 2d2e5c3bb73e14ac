"""A declared action against a real ticket system: done once, found again, verified, undone, and bound to its declaration."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from activities.contracts import Action, Systems
from activities.permits import Permits
from dispatch.guard.contract import kind_of
from dispatch.models.declared.actions import DeclaredAction
from dispatch.models.errors import OutcomeUnknownError, RefusedError, UnavailableError
from dispatch.models.work.action_digest import is_intact
from dispatch.models.work.execution import ActionCommand, CompensationCommand
from dispatch.storage.approvers_file import ApproversFile
from tests.activities.at_work import after_unknown, attempt, refusal_of
from tests.bound import HANDOFF, order
from tests.roles.access_desk import GRANT, access_playbook
from tests.roles.granting import DECLARED, catalogue, grant
from tests.roles.ticket_api import Tickets


async def test_it_is_done_once_under_its_key(tickets: Tickets, action: Action) -> None:
    """The body keeps its types, the key is in the header, and a second delivery finds what the first one did."""
    receipt = await attempt(1, action.perform, order(grant()))
    again = await attempt(2, action.perform, order(grant()))
    assert (receipt.effect_id, receipt.reconciled) == ("g-1", False)
    assert (again.effect_id, again.reconciled) == ("g-1", True)
    (sent,) = [content for method, _, content in tickets.asked if method == "POST"]
    assert sent == {
        "key": "r-1/grant_access/item-1",
        "body": {"account": "kim", "place": "shed", "days": 7, "note": "for kim"},
    }


@pytest.mark.parametrize("fault", ["lost", "slow"])
async def test_a_lost_answer_is_reconciled(tickets: Tickets, action: Action, fault: str) -> None:
    """After a change whose answer is lost or late, the next attempt reads back and does nothing more."""
    tickets.faults = [fault]
    receipt = await after_unknown(action.perform, order(grant()))
    assert (receipt.effect_id, receipt.reconciled) == ("g-1", True)
    assert len(tickets.changes()) == 1


async def test_a_failure_before_the_effect_is_repeated(tickets: Tickets, action: Action) -> None:
    """A 500 may have done it: unknown, read back, not there, done by the second attempt."""
    tickets.faults = ["500"]
    receipt = await after_unknown(action.perform, order(grant()))
    assert (receipt.effect_id, receipt.reconciled) == ("g-1", False)
    assert len(tickets.changes()) == 2


@pytest.mark.parametrize("fault", ["404", "409"])
async def test_a_refusal_is_told_by_its_code(tickets: Tickets, action: Action, fault: str) -> None:
    """A plain no is a refusal, and what is read back after it shows that nothing was done."""
    tickets.faults = [fault]
    assert await refusal_of(action.perform, order(grant())) == f"fault_{fault}"
    assert tickets.grants == []


async def test_too_many_requests_are_tried_again(tickets: Tickets, action: Action) -> None:
    """A 429 did nothing, and may be repeated."""
    tickets.faults = ["429"]
    with pytest.raises(UnavailableError):
        await attempt(1, action.perform, order(grant()))


async def test_a_refused_repetition_finds_the_first_effect(tickets: Tickets, action: Action) -> None:
    """Where a system refuses the second change because the first was made meanwhile, the first counts."""
    tickets.faults = ["409"]

    def made_meanwhile(tickets: Tickets = tickets) -> None:
        tickets.grants.append(
            {
                "id": "g-9",
                "key": "r-1/grant_access/item-1",
                "state": "active",
                "account": "kim",
                "place": "shed",
                "days": 7,
            }
        )

    tickets.before_change = made_meanwhile
    receipt = await attempt(2, action.perform, order(grant()))
    assert (receipt.effect_id, receipt.reconciled) == ("g-9", True)


async def test_another_effect_under_the_key_is_a_conflict(tickets: Tickets, action: Action) -> None:
    """What stands under the key and is not as ordered is never taken for the effect, nor done over."""
    tickets.grants.append(
        {
            "id": "g-1",
            "key": "r-1/grant_access/item-1",
            "state": "active",
            "account": "lee",
            "place": "shed",
            "days": 7,
        }
    )
    assert await refusal_of(action.perform, order(grant())) == "conflict"
    assert tickets.changes() == []


async def test_unknown_stays_unknown_while_nothing_can_be_read(tickets: Tickets, action: Action) -> None:
    """On a later attempt a system that cannot be read leaves the outcome unknown; on the first nothing was done."""
    tickets.reads = ["500", "500"]
    with pytest.raises(UnavailableError):
        await attempt(1, action.perform, order(grant()))
    with pytest.raises(OutcomeUnknownError):
        await attempt(2, action.perform, order(grant()))
    assert tickets.changes() == []


@pytest.mark.parametrize(
    "changes",
    [
        {"account": "../admin"},
        {"account": "KIM"},
        {"place": "vault"},
        {"days": "7"},
        {"days": 31},
        {"more": 1},
    ],
)
async def test_values_of_another_type_are_never_sent(
    tickets: Tickets, action: Action, changes: dict[str, Any]
) -> None:
    """Parameters that are not of the declared types reach nothing, not even a read."""
    with pytest.raises(ValidationError):
        await attempt(1, action.perform, order(grant(**changes)))
    assert tickets.asked == []


async def test_it_is_undone_once(tickets: Tickets, action: Action) -> None:
    """The compensation undoes the effect; a second one finds it undone, and one of another action is refused."""
    receipt = await attempt(1, action.perform, order(grant()))
    command = CompensationCommand(handoff=HANDOFF, bound=grant(), receipt=receipt)
    undone = await attempt(1, action.compensate, command)
    again = await attempt(1, action.compensate, command)
    assert (undone.reconciled, again.reconciled) == (False, True)
    assert tickets.changes() == ["POST /api/grants", "DELETE /api/grants/g-1"]
    other = command.model_copy(update={"receipt": receipt.model_copy(update={"idempotency_key": "x"})})
    assert await refusal_of(action.compensate, other) == "conflict"
    assert await refusal_of(action.perform, order(grant())) == "conflict"


async def test_what_is_not_shown_is_not_undone(tickets: Tickets, action: Action) -> None:
    """An effect that the system does not show, and another one in its place, are a person's to undo."""
    receipt = await attempt(1, action.perform, order(grant()))
    command = CompensationCommand(handoff=HANDOFF, bound=grant(), receipt=receipt)
    standing = tickets.grants.pop()
    assert await refusal_of(action.compensate, command) == "nothing_to_compensate"
    tickets.grants.append(standing | {"id": "g-77"})
    assert await refusal_of(action.compensate, command) == "conflict"
    assert tickets.changes() == ["POST /api/grants"]


async def test_without_a_mark_gone_is_undone(tickets: Tickets, action: Action) -> None:
    """Where an undone effect is no longer shown, a later attempt that finds none has undone it."""
    gone = {"request": GRANT["compensation"]["request"]}
    bound = grant(DeclaredAction.model_validate({"http_call": GRANT | {"compensation": gone}}))
    receipt = await attempt(1, action.perform, order(bound))
    tickets.grants.clear()
    command = CompensationCommand(handoff=HANDOFF, bound=bound, receipt=receipt)
    assert await refusal_of(action.compensate, command) == "nothing_to_compensate"
    assert (await attempt(2, action.compensate, command)).reconciled


async def test_the_verifier_reads_it_back(tickets: Tickets, action: Action, opened: Systems) -> None:
    """It is confirmed where each declared part is as ordered, and not where one is not, or two effects stand."""
    kind = catalogue().action_classes["grant_access"]
    assert not (await kind.read_back(opened, grant())).found
    await attempt(1, action.perform, order(grant()))
    seen = await kind.read_back(opened, grant())
    expected = kind.expected(kind.Parameters.model_validate(grant().action.parameters))
    assert (
        seen.facts
        == expected
        == {"/account": "kim", "/place": "shed", "/days": 7, "/state": "active", "effects": 1}
    )
    tickets.grants.append(dict(tickets.grants[0], id="g-2"))
    assert (await kind.read_back(opened, grant())).facts["effects"] == 2


async def test_a_changed_declaration_changes_nothing_that_was_approved(
    tickets: Tickets, opened: Systems, tmp_path: Path
) -> None:
    """A worker with a newer playbook carries out the declaration that the action was approved with."""
    content = access_playbook()
    content["actions"]["grant_access"]["http_call"] = GRANT | {
        "parameters": GRANT["parameters"] | {"account": {"pattern": "[0-9]+"}},
        "request": {"path": "/everything/{account}", "body": {"all": True}},
    }
    newer = catalogue(content).action_classes
    assert kind_of(grant(), newer) is not newer["grant_access"]
    kind = newer["grant_access"]
    action = kind(opened.only(kind.uses).beside(Permits(ApproversFile(tmp_path / "approvers.yaml"))))
    await attempt(1, action.perform, order(grant()))
    assert tickets.changes() == ["POST /api/grants"]


def test_the_digest_covers_the_declaration() -> None:
    """Another path, and no declaration at all, make another action, which no approval of this one covers."""
    call = DECLARED.http_call
    request = call.request.model_copy(update={"path": "/everything"})
    other = DeclaredAction(http_call=call.model_copy(update={"request": request}))
    assert len({bound.digest for bound in (grant(), grant(other), grant(None))}) == 3
    swapped = grant().model_copy(update={"action": grant(other).action})
    assert not is_intact(swapped)


async def test_without_leave_nothing_is_sent(tickets: Tickets, action: Action) -> None:
    """A command whose guard result is of another action is refused before the call."""
    command = ActionCommand(handoff=HANDOFF, bound=grant(), guard_result=order(grant(days=8)).guard_result)
    with pytest.raises(RefusedError):
        await attempt(1, action.perform, command)
    assert tickets.changes() == []

"""Waiting: reminders, escalation, being found, and withdrawing."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import Client

from dispatch.models.request.status import Ending
from dispatch.models.trail import EntryKind
from tests.desk import Case, Desk, quick, running_desk
from tests.workflows.replaying import also_replaying
from tests.workflows.requests_made import (
    ANNA,
    HELD_REFUND,
    beyond_the_desk,
    damage_without_details,
    entries,
    held_refund,
    listed,
    until,
)


@pytest.fixture
async def turning(client: Client, tmp_path: Path) -> AsyncIterator[Desk]:
    """Run a desk that turns to the next approver after a second and then waits for days, as shipped."""

    def turn(playbook: dict[str, Any]) -> None:
        playbook["guardian"]["tiers"]["medium"]["waiting"] |= {"reminders": [], "escalate_after": "1 second"}

    async with running_desk(client, tmp_path, quick, turn) as running:
        yield running


@also_replaying("hasty", in_each_run=True)
async def test_silence_is_reminded_escalated_and_at_last_denied(hasty: Desk) -> None:
    """Each step is recorded in order, the next owner moves, and nothing is paid: silence approves nothing."""
    case = await hasty.submit(HELD_REFUND, sender=ANNA)
    outcome = await case.outcome()
    assert (outcome.ending, outcome.why) == (
        Ending.REJECTED,
        "nobody decided by the deadline; silence approves nothing",
    )
    assert [(e.what, e.receiver) for e in outcome.trail if e.kind is EntryKind.REMINDER] == [
        ("reminder", "approver.refunds"),
        ("escalation", "approver.refunds-lead"),
    ]
    assert [owner for owner in await owners(case) if owner.startswith("refunds")] == [
        "refunds",
        "refunds-lead",
    ]
    assert hasty.back_office.refunds() == []
    assert len(hasty.mail_sink.messages()) == 1


async def owners(case: Case) -> list[str]:
    """Return the next owners that the request was listed under, in order; looking on could miss one."""
    listed_under: list[str] = []
    async for event in case.handle.fetch_history_events():
        upserted = event.upsert_workflow_search_attributes_event_attributes.search_attributes
        if "NextOwner" in upserted.indexed_fields:
            owner = str(json.loads(upserted.indexed_fields["NextOwner"].data))
            listed_under += [owner] if listed_under[-1:] != [owner] else []
    return listed_under


async def test_who_is_turned_to_next_is_shown_what_to_type(turning: Desk) -> None:
    """Once the first approver has been silent for long, status names the next as owner and in the command."""
    case = await held_refund(turning)

    async def with_the_lead() -> bool:
        return (await case.status()).review_point.owner == "refunds-lead"

    await until(with_the_lead)
    assert "--as refunds-lead" in (await case.status()).next_command


@also_replaying("hasty")
async def test_a_settlement_that_nobody_makes_closes_as_theirs(hasty: Desk) -> None:
    """At the deadline an escalated request closes unsettled, owned by the last of those asked."""
    case = await beyond_the_desk(hasty)
    outcome = await case.outcome()
    assert (outcome.ending, outcome.owner) == (Ending.ESCALATED, "head-of-support")
    assert outcome.why.endswith("nobody settled it by the deadline")


async def test_a_request_that_waits_for_approval_is_found_by_state_and_owner(desk: Desk) -> None:
    """Status, search attributes and the next command say the same: who, what, by when."""
    case = await held_refund(desk)
    status = await case.status()
    assert (status.review_point.owner, status.desk) == ("refunds", "support")
    assert status.review_point.awaiting.startswith("a decision: issue_refund on payment PAY-10001 (medium)")
    assert status.review_point.by is not None
    assert status.next_command.endswith(f"dispatch approve {case.id} --as refunds")
    assert await listed(
        case,
        "RequestState = 'waiting_for_approval' AND NextOwner = 'refunds' AND Desk = 'support' "
        f"AND RequestPriority = {status.priority}",
    )
    await case.decide("reject", reason="no")
    await case.outcome()
    assert await listed(case, "RequestState = 'rejected' AND NextOwner = 'nobody'")


async def test_a_request_that_waits_for_its_requester_is_found(desk: Desk) -> None:
    """The next owner is the requester, and the command carries an example of each answer."""
    case = await damage_without_details(desk)
    status = await case.status()
    assert status.review_point.owner == "requester"
    assert status.next_command.startswith(f"dispatch answer {case.id} order_number='DD-10001' damage=")
    assert await listed(case, "RequestState = 'waiting_for_information' AND NextOwner = 'requester'")


async def test_a_request_that_waits_for_routing_is_found(desk: Desk) -> None:
    """The reception is asked, and the command is an edit that names a desk there is."""
    case = await desk.submit("Good morning to all of you.", sender=ANNA, desk=None)
    status = await case.until("waiting_for_routing")
    assert status.review_point.owner == "reception"
    assert status.next_command.endswith(f"dispatch route {case.id} helpdesk --as reception")
    assert await listed(case, "RequestState = 'waiting_for_routing' AND NextOwner = 'reception'")


async def test_a_request_that_waits_to_be_settled_is_found(desk: Desk) -> None:
    """An escalated request is still open and names who settles it."""
    case = await beyond_the_desk(desk)
    status = await case.status()
    assert status.next_command.endswith(f"dispatch settle {case.id} --as support-lead")
    assert await listed(case, "RequestState = 'escalated' AND NextOwner = 'support-lead'")


@also_replaying(in_each_run=True)
async def test_withdrawing_while_it_waits_ends_it_and_nothing_is_done(desk: Desk) -> None:
    """The requester may take it back as long as nothing has begun, at any wait."""
    case = await held_refund(desk)
    await case.signal("withdraw", {"reason": "I will keep it"})
    outcome = await case.outcome()
    assert outcome.ending is Ending.WITHDRAWN
    assert desk.back_office.refunds() == []
    assert desk.mail_sink.messages() == []


@also_replaying()
async def test_withdrawing_instead_of_answering_ends_it(desk: Desk) -> None:
    """No answer is awaited any longer and no notice goes out."""
    case = await damage_without_details(desk)
    await case.signal("withdraw")
    assert (await case.outcome()).ending is Ending.WITHDRAWN
    assert len(desk.mail_sink.messages()) == 1


async def test_withdrawing_what_a_person_has_in_hand_does_not_take_it_from_them(desk: Desk) -> None:
    """An escalated request stays with the person, who reads in the trail that the requester took it back."""
    case = await beyond_the_desk(desk)
    await case.signal("withdraw", {"reason": "never mind"})
    assert [entry.what for entry in await entries(case, EntryKind.ANSWER)] == ["withdraw"]
    assert (await case.status()).state == "escalated"

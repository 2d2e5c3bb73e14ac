"""The order of the parts is the playbooks' word; questions, and what a part has to be told, find the part."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

from temporalio.client import Client

from dispatch.models.request.request_detail import RequestDetail
from dispatch.models.request.status import Ending
from tests.desk import PATIENCE_SECONDS, Looks, at_work
from tests.two_desks import JONAS, LIVIA, SOFIA, TwoDesks, outcomes, resting_two_desks, running_two_desks
from tests.workflows.family.test_parts import REFUND_AND_ACCESS
from tests.workflows.later_refunds import LATER, FakeSomewhatLaterRefunds


def after_support(failure: str = "start") -> Any:
    """Let the helpdesk's part begin after the support's."""

    def change(playbook: dict[str, Any]) -> None:
        playbook["routing"] |= {"after": ["support"], "after_failure": failure}

    return change


async def _detail(case: Any) -> RequestDetail:
    detail: RequestDetail = await case.handle.query("detail", result_type=RequestDetail)
    return detail


async def test_a_part_begins_after_the_one_that_it_waits_for(client: Client, tmp_path: Path) -> None:
    """The helpdesk's part exists only once the support's has ended, knows what became of it, and starts though that failed."""
    async with running_two_desks(client, tmp_path, helpdesk=(after_support(),)) as desks:
        whole = await desks.submit(REFUND_AND_ACCESS, **JONAS)
        support = await desks.begun(whole, "support")
        await support.until("waiting_for_approval")
        detail = await _detail(whole)
        assert [(part.name, part.begun) for part in detail.parts] == [("support", True), ("helpdesk", False)]
        assert "helpdesk begins after support" in detail.status.review_point.awaiting
        await support.decide("reject", reason="no")
        helpdesk = await desks.begun(whole, "helpdesk")
        await helpdesk.until("waiting_for_approval")
        part = (await _detail(helpdesk)).submission.part
        assert part is not None
        assert [(one.desk, one.ending) for one in part.earlier] == [("support", "rejected")]
        await helpdesk.decide("approve", by="design-systems")
        outcome = await whole.outcome()
        assert outcome.ending is Ending.REJECTED, outcome.why
        assert len(desks.letters_to(JONAS)) == 1


async def test_a_part_whose_first_part_failed_goes_to_a_person(client: Client, tmp_path: Path) -> None:
    """With `after_failure: person` nothing is done on it by itself; its desk's people settle it."""
    async with running_two_desks(client, tmp_path, helpdesk=(after_support("person"),)) as desks:
        whole = await desks.submit(REFUND_AND_ACCESS, **JONAS)
        support = await desks.begun(whole, "support")
        await support.until("waiting_for_approval")
        await support.decide("reject", reason="no")
        helpdesk = await desks.begun(whole, "helpdesk")
        status = await helpdesk.until("escalated")
        await helpdesk.decide("settle", by=status.review_point.owner, reason="granted by hand")
        outcome, held = await outcomes(whole, helpdesk)
        assert (outcome.ending, held.ending) == (Ending.ESCALATED, Ending.ESCALATED)
        assert "support ended as rejected" in held.why
        assert desks.systems.effects("grant") == []
        (letter,) = desks.letters_to(JONAS)
        assert "A colleague will look at your request" in letter["text"]


async def test_withdrawing_ends_a_part_that_has_not_begun(client: Client, tmp_path: Path) -> None:
    """Nothing of it is done, and no child of it exists."""
    async with running_two_desks(client, tmp_path, helpdesk=(after_support(),)) as desks:
        whole = await desks.submit(REFUND_AND_ACCESS, **JONAS)
        support = await desks.begun(whole, "support")
        await support.until("waiting_for_approval")
        await whole.signal("withdraw", {})
        outcome, taken_back = await outcomes(whole, support)
        assert (outcome.ending, taken_back.ending) == (Ending.WITHDRAWN, Ending.WITHDRAWN)
        assert [part.ending for part in outcome.parts] == ["withdrawn", "withdrawn"]


async def test_a_part_asks_its_own_question(desks: TwoDesks) -> None:
    """The question goes out by the part's contact; its answer comes to the part, and the one answer follows."""
    text = "An item of my order arrived damaged, please help.\n\nI also forgot my password, please reset my password."
    whole = await desks.submit(text, **SOFIA)
    support = await desks.begun(whole, "support")
    await support.until("waiting_for_information")
    (question,) = await desks.letters(SOFIA, 1)
    assert "Before we can go on" in question["text"]
    assert support.id in question["message_id"]
    looks = Looks()
    async with asyncio.timeout(PATIENCE_SECONDS):
        while "support waits for requester" not in (await whole.status()).review_point.awaiting:
            await looks.pause()
    await support.signal("withdraw", {})
    outcome = await whole.outcome()
    assert outcome.ending is Ending.WITHDRAWN, outcome.why
    _, letter = desks.letters_to(SOFIA)
    assert "one-time link" in letter["text"]
    assert "You took this back" in letter["text"]


async def test_what_a_part_does_later_is_told_at_once(client: Client, tmp_path: Path) -> None:
    """A part whose action waits for its time has its reviewed text in the one answer; the whole ends when that is done too."""
    async with resting_two_desks(client, tmp_path) as desks:
        later = {**desks.desk.catalogue.specialist_classes, "refund_policy": FakeSomewhatLaterRefunds}
        desks.desk.catalogue = replace(desks.desk.catalogue, specialist_classes=later)
        async with at_work(desks.desk):
            text = "Please refund order DD-10038, I send it back.\n\nI also forgot my password, please reset my password."
            whole = await desks.submit(text, subject=LATER, **LIVIA)
            support = await desks.begun(whole, "support")
            await support.until("scheduled")
            (letter,) = await desks.letters(LIVIA, 1)
            assert "EUR 9.00" in letter["text"]
            assert "one-time link" in letter["text"]
            assert desks.desk.back_office.refunds() == []
            assert (await whole.status()).state == "waiting_for_parts"
            outcome = await whole.outcome()
            assert outcome.ending is Ending.DONE, outcome.why
            assert len(desks.desk.back_office.refunds()) == 2
            assert len(desks.letters_to(LIVIA)) == 1

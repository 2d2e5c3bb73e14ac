"""Actions whose approvers differ: what each of them sees on the list and on the page."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import Client

from dispatch.models.request.status import Ending
from tests.desk import Desk, at_work, quick, resting_desk
from tests.inbox.stand import Browser, Inbox, running_inbox, with_people
from tests.workflows.requests_made import held_refund, until

WHY = "The head answers for lamps."


def of_the_head(playbook: dict[str, Any]) -> None:
    """Have the head decide on the refund of one order, and the usual people on every reply."""
    case = {"when": {"field": "order_number", "values": ["DD-10001"]}, "approvers": ["head-of-support"]}
    actions = playbook["guardian"]["actions"]
    actions["issue_refund"]["cases"] = [{**case, "why": WHY}]
    actions["send_reply"]["tier"] = "medium"


@pytest.fixture
async def lamps(client: Client, tmp_path: Path) -> AsyncIterator[Desk]:
    async with resting_desk(client, tmp_path, quick, of_the_head) as desk:
        desk.settings = with_people(desk.settings, tmp_path)
        async with at_work(desk):
            yield desk


@pytest.fixture
async def pages(lamps: Desk) -> AsyncIterator[Inbox]:
    async with running_inbox(lamps.client, lamps.settings) as inbox:
        yield inbox


async def signed_in(inbox: Inbox, name: str) -> Browser:
    browser = inbox.browser()
    await browser.sign_in(name)
    return browser


async def test_each_sees_what_is_theirs_to_decide(lamps: Desk, pages: Inbox) -> None:
    """Emil, who is not the head, has a form for the reply alone; his list holds the request all the same, and says why."""
    case = await held_refund(lamps, subject="Lamps for the head")
    emil, dora = await signed_in(pages, "emil"), await signed_in(pages, "dora")

    async def on_his_list() -> bool:
        return "Lamps for the head" in (await emil.get("/")).text

    assert await until(on_his_list)
    his, hers = await emil.request(case.id), await dora.request(case.id)
    assert WHY in his.text
    assert "Asked of head-of-support." in his.text
    assert len(hers.forms("/decide")) == 2
    (form,), refund = his.forms("/decide"), hers.forms("/decide")[0]
    forged = {**form.fields, "digest": refund.fields["digest"], "decision_type": "approve"}
    assert "emil may not decide here" in (await emil.post(form.action, forged)).said
    (form,) = (await emil.request(case.id)).forms("/decide")
    after = await emil.post(form.action, {**form.fields, "decision_type": "approve"})
    assert "Nothing is done until this is decided too" in after.said
    await dora.post(refund.action, {**refund.fields, "decision_type": "approve"})
    assert (await case.outcome()).ending is Ending.DONE

"""The page, the starter and a plain Temporal client are three doors to one request."""

import uuid
from datetime import UTC, datetime

import pytest
from temporalio.client import Client
from temporalio.service import RPCError

import starter
from dispatch.models.errors import RequestClosedError
from dispatch.models.request.status import Ending
from dispatch.models.trail import EntryKind
from tests.desk import Desk
from tests.inbox.stand import Browser
from tests.workflows.requests_made import held_refund


async def test_three_doors_decide_in_turn_with_one_outcome(inbox_desk: Desk, dora: Browser) -> None:
    """Sent back by a plain client, edited by the page, rejected by the starter; afterwards all three hear that it is over."""
    case = await held_refund(inbox_desk)
    page = await dora.request(case.id)

    # A client of Temporal that knows nothing of ours: names, signals and JSON alone.
    plain = await Client.connect(inbox_desk.client.service_client.config.target_host)
    handle = plain.get_workflow_handle(case.id)
    status = await handle.query("status")
    decision = {
        "decision_id": f"plain-{uuid.uuid4().hex}",
        "proposal_id": status["proposal_id"],
        "action_digest": status["action_digest"],
        "decision_type": "respond",
        "purpose": "change_draft",
        "reason": "mention the return label",
        "approver": "refunds",
        "issued_at": datetime.now(UTC).isoformat(),
    }
    await handle.signal("decide", decision)
    await case.until("waiting_for_approval", proposal="p2")

    assert "stale" in (await page.send("/decide", 0, decision_type="approve", reason="too late")).said
    edited = await dora.request(case.id)
    await edited.send("/decide", 0, decision_type="edit", field__amount_minor="20,00", reason="half")
    await case.until("waiting_for_approval", proposal="p3")

    assert await case.decide("reject", by="emil", reason="not on these grounds") == (
        True,
        "accepted: reject by emil on issue_refund as refunds",
    )
    outcome = await case.outcome()
    assert outcome.ending is Ending.REJECTED
    decided = [(e.decided_by, e.what.split()[0]) for e in outcome.trail if e.kind is EntryKind.DECISION]
    assert decided == [("refunds", "respond"), ("dora", "edit"), ("emil", "reject")]

    with pytest.raises(RPCError, match="already completed"):
        await handle.signal("decide", decision)
    assert (await edited.send("/decide", 0, decision_type="approve")).said.startswith("Too late")
    with pytest.raises(RequestClosedError, match="is closed"):
        await starter.decide(inbox_desk.client, case.id, decision)

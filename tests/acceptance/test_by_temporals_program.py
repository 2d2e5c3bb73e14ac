"""Temporal's own program drives the desk: what an operator without any of our code can see and do."""

import asyncio
import json
from pathlib import Path
from typing import Any

from dispatch.models.trail import EntryKind
from tests.acceptance.shell import Shell
from tests.desk import PATIENCE_SECONDS, Desk


async def test_a_request_is_found_read_and_approved(desk: Desk, shell: Shell, program: Path) -> None:
    """List by search attribute, describe, query, signal and show; the signal's form is all that an approval needs."""
    case = await desk.submit(
        "Please refund order DD-10001.", sender="anna.mueller@post.example", subject="Refund for a jug"
    )
    await case.until("waiting_for_approval")
    request = ("--workflow-id", case.id)
    waiting = f"RequestState='waiting_for_approval' AND Desk='support' AND WorkflowId='{case.id}'"
    listed, described, queried = await asyncio.gather(
        shell.run(program, "workflow", "list", "--query", waiting, "--output", "json"),
        shell.run(program, "workflow", "describe", *request),
        shell.run(program, "workflow", "query", *request, "--type", "status", "--output", "json"),
    )
    assert [row["execution"]["workflowId"] for row in json.loads(listed.words())] == [case.id]
    described.words(case.id, "waiting_for_approval", "NextOwner", "Coordinator")
    status = _answer(queried.words())
    assert status["state"] == "waiting_for_approval"
    assert status["review_point"]["owner"] == "refunds"

    # As a person fills the form of Temporal's UI: nothing of starter.py.
    decision = {
        "decision_id": "typed-by-hand-1",
        "proposal_id": status["proposal_id"],
        "action_digest": status["action_digest"],
        "decision_type": "approve",
        "approver": "refunds",
        "reason": "seen in the list",
        "issued_at": "2026-11-02T10:00:00Z",
    }
    name = ("--name", "decide", "--input")
    await shell.run(program, "workflow", "signal", *request, *name, '{"decision_type": "approve"}')
    await shell.run(program, "workflow", "signal", *request, *name, json.dumps(decision))
    outcome = await case.outcome()
    assert outcome.ending == "done", outcome.why
    assert [entry.kind for entry in outcome.trail].count(EntryKind.REFUSED) == 1

    shown, done = await asyncio.gather(
        shell.run(program, "workflow", "show", *request, "--output", "json"),
        shell.run(program, "workflow", "describe", *request, "--output", "json"),
    )
    # What only reads is tried inside the workflow's task, where Temporal's program shows no name.
    shown.words("guardian.inspect", "action.issue_refund", "action.send_reply")
    assert json.loads(shown.out)["events"][-1]["eventType"] == "EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED"
    done.words("WORKFLOW_EXECUTION_STATUS_COMPLETED", '"RequestState"')


async def test_a_request_is_answered_by_update_and_cancelled(desk: Desk, shell: Shell, program: Path) -> None:
    """The update says what became of a decision; Temporal's cancellation ends a request as cancelled."""
    case = await desk.submit("Please refund order DD-10001.", sender="anna.mueller@post.example")
    await case.until("waiting_for_approval")
    request = ("--workflow-id", case.id)
    nonsense = ("--name", "decide", "--input", '{"approver": "refunds"}')
    said = await shell.run(program, "workflow", "update", "execute", *request, *nonsense)
    said.words("accepted", "false")
    (await shell.run(program, "workflow", "cancel", *request)).words()
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not (await case.handle.describe()).close_time:  # noqa: ASYNC110 (the server closes it)
            await asyncio.sleep(0.1)
    described = await shell.run(program, "workflow", "describe", *request, "--output", "json")
    described.words("WORKFLOW_EXECUTION_STATUS_CANCELED")
    cancelled = await shell.run(
        program, "workflow", "list", "--query", f"RequestState='cancelled' AND WorkflowId='{case.id}'"
    )
    cancelled.words(case.id)


def _answer(said: str) -> dict[str, Any]:
    """Return the query's result as the program prints it in JSON."""
    answer: dict[str, Any] = json.loads(said)["queryResult"][0]
    return answer

"""The auditor's commands on a real server, and from a file with no server at all."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from temporalio import workflow
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import ResetWorkflowExecutionRequest
from temporalio.client import Client, WorkflowFailureError
from temporalio.exceptions import ApplicationError
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

import starter
from devstack.ports import LOOPBACK, free_port
from dispatch.audit.models import AuditKind, Judgement, Rest, Trail
from dispatch.audit.read.chain import chain_of, effects, unfounded
from dispatch.audit.read.trail import as_json, unaccounted
from dispatch.audit.report.report import signature
from runtime.histories import history_of, trail_of_history
from runtime.worker_parts.shutdown import running_workers
from tests.acceptance.shell import Shell
from tests.desk import PATIENCE_SECONDS, STOPPED_WITHIN, Desk, Looks, quick, running_desk
from tests.replay.recorded import ROOT, all_recorded
from tests.signers import Signer, write_approvers

BEN = Signer("ben", ("refunds-lead",))
RECORDED = next(recorded for recorded in all_recorded() if recorded.name == "07-refund-sent-back")
SMALL = "I would like a refund for order DD-10003, please."


def signed_at_medium(playbook: dict[str, Any]) -> None:
    waiting = {"approvers": ["refunds-lead"], "deadline": "3 days"}
    playbook["guardian"]["tiers"]["high"] = {
        "approval": {"signatures": 1, "signed": True},
        "waiting": waiting,
    }
    playbook["guardian"]["actions"]["issue_refund"]["amounts"] = {
        "EUR": [{"up_to_minor": 500_000, "tier": "high"}]
    }


@pytest.fixture
async def desk(client: Client, tmp_path: Path) -> AsyncIterator[Desk]:
    async with running_desk(client, tmp_path, quick, signed_at_medium) as running:
        write_approvers(running.settings.approvers_path, BEN)
        yield running


@pytest.fixture
def away(tmp_path: Path) -> Shell:
    """Return the shell of an auditor on a machine that reaches nothing."""
    return Shell({"TEMPORAL_ADDRESS": f"{LOOPBACK}:{free_port()}", "DISPATCH_VAR_DIR": str(tmp_path)})


async def whole(client: Client, request_id: str) -> Trail:
    """Read a trail, of whose history nothing may be left over."""
    trail = await trail_of_history(client, request_id)
    events = [event async for event in history_of(client, request_id)]
    assert unaccounted(events, trail.entries) == ()
    assert trail.discrepancies == ()
    return trail


async def test_a_request_under_way_then_approved_with_a_signature(desk: Desk) -> None:
    """Its trail grows; the refund rests on a decision whose signature was verified at receipt."""
    case = await desk.submit(SMALL, sender="sean.obrien@mail.example")
    await case.until("waiting_for_approval")
    await case.signal("decide", {"junk": True})
    await case.refused()
    before = await whole(desk.client, case.id)
    assert (before.ending, [m.judgement for m in before.messages]) == ("open", [Judgement.NOT_JUDGED])
    accepted, reason = await starter.decide(desk.client, case.id, BEN.signs(await case.decision("approve")))
    assert accepted, reason
    assert (await case.outcome()).ending == "done"
    after = await whole(desk.client, case.id)
    assert [m.judgement.value for m in after.messages] == ["refused", "accepted"]
    assert unfounded(after) == ()
    refund = effects(after)[0]
    chain = chain_of(after, refund)
    assert (chain.rests_on, chain.decided_by, chain.tier) == (Rest.DECISION, ("ben",), "high")
    (decided,) = (entry for entry in after.entries if entry.kind is AuditKind.DECISION)
    assert signature(decided) == ("verified at receipt", BEN.key.key_id)


async def test_what_was_terminated_and_what_was_reset_is_told(desk: Desk) -> None:
    """Neither leaves a result; the history says who did it and why, and what happened before."""
    case = await desk.submit(SMALL, sender="sean.obrien@mail.example")
    await case.until("waiting_for_approval")
    described = await case.handle.describe()
    await desk.client.workflow_service.reset_workflow_execution(
        ResetWorkflowExecutionRequest(
            namespace=desk.client.namespace,
            workflow_execution=WorkflowExecution(workflow_id=case.id, run_id=described.run_id or ""),
            workflow_task_finish_event_id=4,
            reason="a test of the trail",
            request_id=f"reset-{case.id}",
        )
    )
    await case.until("waiting_for_approval")
    reset = await whole(desk.client, case.id)
    (entry,) = (entry for entry in reset.entries if entry.kind is AuditKind.RESET)
    assert "a test of the trail" in entry.why
    await desk.client.get_workflow_handle(case.id).terminate(reason="no longer needed")
    ended = await whole(desk.client, case.id)
    assert (ended.ending, ended.entries[-1].why) == ("terminated", "no longer needed")


@workflow.defn(name="GoesOn", sandboxed=False)
class GoesOn:
    """Goes on in a new history at its first signal, and fails at its second."""

    def __init__(self) -> None:
        self._seen = False

    @workflow.run
    async def run(self, submission: dict[str, Any], carried: dict[str, Any] | None = None) -> None:
        await workflow.wait_condition(lambda: self._seen)
        if carried is None:
            workflow.continue_as_new(args=[submission, {"trail": []}])
        raise ApplicationError("as it must", non_retryable=True)

    @workflow.signal
    def decide(self, _raw: dict[str, Any]) -> None:
        self._seen = True


async def test_a_chain_of_histories_is_fetched_from_its_first(client: Client) -> None:
    """Both runs, in order, each message with its run."""
    worker = Worker(
        client, task_queue="goes-on", workflows=[GoesOn], workflow_runner=UnsandboxedWorkflowRunner()
    )
    async with running_workers(worker, give_up_after=STOPPED_WITHIN):
        handle = await client.start_workflow("GoesOn", {"subject": "x"}, id="goes-on-1", task_queue="goes-on")
        first = handle.first_execution_run_id
        latest = client.get_workflow_handle("goes-on-1")
        await latest.signal("decide", {"n": 1})
        looks = Looks()
        async with asyncio.timeout(PATIENCE_SECONDS):
            while (await latest.describe()).run_id == first:
                await looks.pause()
        await latest.signal("decide", {"n": 2})
        with pytest.raises(WorkflowFailureError):
            await latest.result()
    trail = await whole(client, "goes-on-1")
    assert trail.runs[0].run_id == first
    assert [entry.run for entry in trail.entries if entry.kind is AuditKind.MESSAGE] == [1, 2]
    assert trail.ending == "failed"


async def test_every_shape_from_a_file_without_a_server(away: Shell, tmp_path: Path) -> None:
    """Text, JSON, Markdown, a page, and sentences; no settings, no worker, no Temporal."""
    file, page = RECORDED.path, tmp_path / "trail.html"
    short, full, as_data, markdown, html, told = await asyncio.gather(
        away.starter("trail", "--from", file),
        away.starter("trail", "--from", file, "--all"),
        away.starter("trail", "--from", file, "--json"),
        away.starter("trail", "--from", file, "--md"),
        away.starter("trail", "--from", file, "--html", page),
        away.starter("explain", "--from", file),
    )
    short.words("approver.ana: respond issue_refund", "guard-result", "left out; --all shows them")
    full.words("handoff", "wait", "status")
    trail = Trail.model_validate(json.loads(as_data.words()))
    assert as_json(trail) == as_data.out
    markdown.words("# Trail of ", "## What happened")
    html.words(str(page))
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")
    sentences = told.words("It rests on the decision of ana").splitlines()
    assert all(re.search(r"\[events? \d", sentence) for sentence in sentences)


async def test_what_is_wrong_is_one_sentence(away: Shell, tmp_path: Path) -> None:
    """No request named, a file that is none, a file of another request, a page that cannot be written, no server."""
    nothing, broken, other, unwritable, unreached = await asyncio.gather(
        away.starter("trail"),
        away.starter("trail", "--from", ROOT / "README.md"),
        away.starter("explain", "support-mail-1", "--from", RECORDED.path),
        away.starter("trail", "--from", RECORDED.path, "--html", tmp_path / "no" / "page.html"),
        away.starter("trail", "support-mail-1"),
    )
    nothing.sentence("name a request, or a file")
    broken.sentence("README.md", "holds no list of events")
    other.sentence("not of support-mail-1")
    unwritable.sentence("cannot be written", "name another file")
    unreached.sentence()

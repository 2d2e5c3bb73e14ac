"""`python -m tests.replay.record` (make record): record the histories of this version again, at least one per ending.

Everything is real: the embedded Temporal server (in memory), the back office, the mail sink, the worker, the sample
requests with the people's part from examples/script.yaml, then what no sample shows: cancellations, follow-ups,
decisions by signal, silence. Nothing is replaced unless all of it ended as it must.

When that is allowed is said in tests/replay/test_replay.py. The trails beside the histories are written along with them;
`--trails` (make trails) writes these alone.
"""

import asyncio
import shutil
import sys
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from rich.console import Console
from starlette.responses import Response
from temporalio.client import Client, WorkflowFailureError, WorkflowHistory

import starter
from channels.mail.identity import message_id
from devstack.approvers import demo_signer, make_people
from devstack.demo import REQUESTS, SCRIPT
from devstack.ports import free_port
from devstack.script import Sample, load_script, play
from devstack.temporal_server import TemporalServer
from dispatch.approval.approval_quota import day_of
from dispatch.guard.mail_quota import address_digest, quota_workflow_id
from dispatch.guard.spend_quota import quota_id
from dispatch.models.errors import DevStackError
from dispatch.models.people.approvers import Approver, Approvers, DailyLimit
from dispatch.models.people.decision import DecisionType
from dispatch.models.request.automatic import AutomaticMail, AutomaticSign
from dispatch.storage.approvers_file import ApproversFile
from runtime.connection import connect
from runtime.lifecycle import run_to_end
from runtime.logs import set_up_logs
from runtime.settings import Settings
from runtime.webhooks import ensure_webhooks, follower_id
from tests.desk import Case, Desk, quick, running_desk, unanswered
from tests.replay import recorded
from tests.replay.record_families import record_families
from tests.replay.record_models import record_models
from tests.replay.trails import TRAILS, write_trails
from tests.webhooks.receiver import configured, receiving
from tests.workflows.requests_made import two_held_refunds
from workflows.audit_follow import AuditFollow
from workflows.audit_sweep import AuditSweep
from workflows.coordinator import Coordinator
from workflows.digest import DailyDigest
from workflows.parts import options

_AT_ONCE = 8
SILENT = 12
"""Seconds after which nobody decides any more, in the recordings of silence."""

Histories = dict[str, WorkflowHistory]
Recording = Callable[[Desk, Histories], Awaitable[None]]


def _follows_up_soon(playbook: dict[str, Any]) -> None:
    playbook["guardian"]["actions"]["issue_refund"]["follow_up_after"] = "3 seconds"


def _nobody_is_there(playbook: dict[str, Any]) -> None:
    playbook["guardian"]["tiers"]["medium"]["waiting"] |= {
        "reminders": ["3 seconds"],
        "escalate_after": "7 seconds",
        "deadline": f"{SILENT} seconds",
    }
    playbook["missing_information"] |= {"reminders": ["3 seconds"], "deadline": f"{SILENT} seconds"}


async def _ended(case: Case, ending: str) -> WorkflowHistory:
    """Fetch the history of a request that has ended; raises DevStackError where it did not end so."""
    async with asyncio.timeout(180):
        try:
            why = (await case.handle.result()).why
        except WorkflowFailureError as error:
            why = str(error.cause)
    history = await case.handle.fetch_history()
    _must(case.id, ending, history, why)
    return history


def _must(what: str, ending: str, history: WorkflowHistory, why: str = "") -> None:
    if (really := recorded.ended_as(history)) != ending:
        raise DevStackError(f"{what} ended as {really} and must end as {ending}: {why}; nothing is replaced")


def _sample(sample: Sample) -> Recording:
    async def record(desk: Desk, histories: Histories) -> None:
        async def arm(fault: Mapping[str, Any]) -> None:
            await desk.back_office.arm(**fault)

        make_people(desk.settings)
        case = await desk.submit_file(REQUESTS / sample.file)
        sign = demo_signer(desk.settings)
        try:
            async with asyncio.timeout(90):
                await play(desk.client, case.id, sample, arm=arm, sign=sign, poll_seconds=0.1)
        except TimeoutError:
            raise DevStackError(
                f"{sample.file} still stands at {(await case.status()).state} after 90 s"
            ) from None
        histories[Path(sample.file).stem] = await _ended(case, sample.ending)

    return record


async def _cancelled_while_it_waits(desk: Desk, histories: Histories) -> None:
    case = await _refund(desk, "DD-10001", "anna.mueller@post.example")
    await case.until("waiting_for_approval")
    await case.handle.cancel()
    histories["cancelled-while-it-waits"] = await _ended(case, "cancelled")


async def _cancelled_while_it_acts(desk: Desk, histories: Histories) -> None:
    """Cancel when the refund is done: it is undone."""
    await desk.back_office.arm("POST /refunds", "slow", payment_id="PAY-10015", delay_seconds=1.5)
    case = await _refund(desk, "DD-10015", "i.bergmann@bergmann-buero.example")
    await case.until("waiting_for_approval")
    await case.decide("approve")
    await case.until("execute")
    await asyncio.sleep(0.5)  # the refund is made at once and answered late
    await case.handle.cancel()
    histories["cancelled-while-it-acts"] = await _ended(case, "cancelled")


async def _partly_done(desk: Desk, histories: Histories) -> None:
    """Reject one of two refunds and approve the other."""
    case = await two_held_refunds(desk)
    detail = await case.handle.query(Coordinator.detail)
    gate = detail.approval_request
    if gate is None:
        raise DevStackError("two refunds wait for nobody; nothing is replaced")
    for decision_type, item in zip(("reject", "approve"), gate.awaited, strict=True):
        decision = starter.decision_for(
            DecisionType(decision_type),
            "refunds",
            gate.proposal_id,
            item.digest,
            "one of them was paid before",
        )
        await starter.decide(desk.client, case.id, decision)
    histories["partly-done"] = await _ended(case, "partly_done")


async def _cancelled_after_refusals(desk: Desk, histories: Histories) -> None:
    """Send what no activity judges: what became of it is nowhere but in the desk's own record."""
    case = await _refund(desk, "DD-10001", "anna.mueller@post.example")
    await case.until("waiting_for_approval")
    await case.signal("decide", "approve it")
    await case.refused()
    await case.handle.cancel()
    histories["cancelled-after-refusals"] = await _ended(case, "cancelled")


async def _followed_up(desk: Desk, histories: Histories) -> None:
    case = await _refund(desk, "DD-10003", "sean.obrien@mail.example")
    histories["followed-up"] = await _ended(case, "done")
    histories["follow-up-confirmed"] = await _follow_up(desk, case, "confirmed")


async def _followed_up_and_reopened(desk: Desk, histories: Histories) -> None:
    """Somebody cancels the refund after the answer went out; the follow-up finds it and a person settles it."""
    case = await _refund(desk, "DD-10011", "thomas.weber@post.example")
    await case.until("waiting_for_approval")
    await case.decide("approve")
    outcome = await case.outcome()
    refund = next(effect for effect in outcome.effects if effect.startswith("RF-"))
    cancelled = await desk.back_office.http().post(f"/refunds/{refund}/cancel")
    cancelled.raise_for_status()
    check = Case(desk, desk.client.get_workflow_handle(outcome.follow_ups[0]))
    status = await check.until("escalated")
    decision = starter.decision_for(
        DecisionType.SETTLE,
        "support-lead",
        status.proposal_id or "",
        status.action_digest or "",
        "issued again by hand",
    )
    await check.signal("decide", decision)
    histories["follow-up-reopened"] = await _follow_up(desk, case, "refuted")


async def _follow_up(desk: Desk, case: Case, verdict: str) -> WorkflowHistory:
    handle = desk.client.get_workflow_handle((await case.outcome()).follow_ups[0])
    async with asyncio.timeout(60):
        await handle.result()
    history = await handle.fetch_history()
    _must(handle.id, verdict, history)
    return history


async def _decided_by_signal(desk: Desk, histories: Histories) -> None:
    """One that cannot be read and a stale one are refused, the right one is taken, its duplicate comes late."""
    case = await _refund(desk, "DD-10013", "t.weber@kanzlei-weber.example")
    status = await case.until("waiting_for_approval")
    right = starter.decision_for(
        DecisionType.APPROVE, "refunds", status.proposal_id or "", status.action_digest or ""
    )
    stale = right | {"decision_id": "d-stale", "action_digest": "0" * 64}
    for decision in ("approve it", stale, right, right):
        await case.signal("decide", decision)
    histories["decided-by-signal"] = await _ended(case, "done")


async def _nobody_decides(desk: Desk, histories: Histories) -> None:
    case = await _refund(desk, "DD-10013", "t.weber@kanzlei-weber.example")
    histories["nobody-decides"] = await _ended(case, "rejected")


async def _nobody_answers(desk: Desk, histories: Histories) -> None:
    case = await desk.submit(
        "My order arrived damaged. Please refund me.", sender="anna.mueller@post.example"
    )
    histories["nobody-answers"] = await _ended(case, "abandoned")


async def _approvers_told(desk: Desk, histories: Histories) -> None:
    """Somebody is told of the gate and of its end, and somebody else once a day."""
    anna = Approver(name="anna", full_name="Anna", roles=("refunds",), addresses=("anna@desk.example",))
    ben = anna.model_copy(update={"name": "ben", "addresses": ("ben@desk.example",), "notify": "daily"})
    ApproversFile(desk.settings.approvers_path).write(Approvers(approvers=(anna, ben)))
    case = await _refund(desk, "DD-10013", "t.weber@kanzlei-weber.example")
    await case.until("waiting_for_approval")
    digest = await desk.client.start_workflow(
        DailyDigest.run, id="daily-digest-2026-11-23", task_queue=desk.settings.task_queue
    )
    async with asyncio.timeout(60):
        await digest.result()
    histories["daily-digest"] = await digest.fetch_history()
    await case.decide("approve")
    histories["approvers-told"] = await _ended(case, "done")


async def _held_up(desk: Desk, histories: Histories) -> None:
    """Let the records be away for so long that lists say where the request is."""
    await desk.back_office.arm("GET /customers*", "status", status=503, times=-1)
    case = await desk.submit("Where is my order DD-10008?", sender="chloe.lefevre@courriel.example")
    await asyncio.sleep(options.LASTING / timedelta(seconds=1) + 1)
    await desk.back_office.disarm()
    histories["held-up"] = await _ended(case, "done")


async def _swept(desk: Desk, histories: Histories) -> None:
    """Let the audit sweep find one closed request and export it."""
    case = await desk.submit("Where is my order DD-10008?", sender="chloe.lefevre@courriel.example")
    await case.outcome()
    sweep = await desk.client.start_workflow(
        AuditSweep.run, id="audit-sweep", task_queue=desk.settings.task_queue
    )
    async with asyncio.timeout(60):
        await sweep.result()
    histories["audit-sweep"] = await sweep.fetch_history()


async def _exported_as_it_ends(desk: Desk, histories: Histories) -> None:
    """Let the follower export one request, and then be switched off."""
    follower = await desk.client.start_workflow(
        AuditFollow.run, id="audit-follow", task_queue=desk.settings.task_queue
    )
    case = await desk.submit("Where is my order DD-10008?", sender="chloe.lefevre@courriel.example")
    await case.outcome()
    async with asyncio.timeout(60):
        while not (desk.settings.audit_dir / "store" / "manifest.jsonl").exists():  # noqa: ASYNC110 (the worker writes it)
            await asyncio.sleep(0.1)
        await follower.cancel()
        with suppress(WorkflowFailureError):
            await follower.result()
    history = await follower.fetch_history()
    _must("audit-follow", "cancelled", history)
    histories["audit-follow"] = history


async def _told_by_webhook(desk: Desk, histories: Histories) -> None:
    """Let the follower of webhooks tell a receiver of one end, which it takes at the second attempt."""
    async with receiving() as receiver:
        settings = desk.settings.model_copy(
            update={"webhooks": configured(desk.settings.var_dir, receiver, events=["request.closed"])}
        )
        receiver.answers = [Response(status_code=503, headers={"Retry-After": "1"})]
        await ensure_webhooks(desk.client, settings)
        case = await desk.submit("Where is my order DD-10008?", sender="chloe.lefevre@courriel.example")
        (closed,) = await receiver.until_taken(case.id, "request.closed")
        await ensure_webhooks(desk.client, settings.model_copy(update={"webhooks": None}))
    for name, workflow_id, ending in (
        ("webhook-follow", follower_id(settings), "cancelled"),
        ("webhook-delivery", closed.webhook_id, "completed"),
    ):
        handle = desk.client.get_workflow_handle(workflow_id)
        async with asyncio.timeout(60):
            with suppress(WorkflowFailureError):
                await handle.result()
        histories[name] = await handle.fetch_history()
        _must(name, ending, histories[name])


async def _daily_limit_reached(desk: Desk, histories: Histories) -> None:
    """Somebody may approve once a day: the second refund of the request needs somebody else."""
    limit = DailyLimit(decisions=1, amounts_minor={"EUR": 10_000})
    lena = Approver(name="lena", full_name="Lena", roles=("refunds",), daily_limit=limit)
    ApproversFile(desk.settings.approvers_path).write(Approvers(approvers=(lena,)))
    case = await _refund(desk, "DD-10030", "zoe.dangelo@mail.example")
    await case.until("waiting_for_approval")
    said = [await case.decide("approve", by=by) for by in ("lena", "lena", "refunds")]
    if [accepted for accepted, _ in said] != [True, False, True]:
        raise DevStackError(f"a daily limit of one approval was kept so: {said}; nothing is replaced")
    histories["daily-limit-reached"] = await _ended(case, "done")
    account = desk.client.get_workflow_handle(day_of("lena", datetime.now(UTC)).workflow_id)
    histories["approval-quota"] = await account.fetch_history()
    customer = desk.client.get_workflow_handle(quota_id(desk.settings.task_queue, "support", "CU-1003"))
    histories["spend-quota"] = await customer.fetch_history()


async def _set_apart(desk: Desk, histories: Histories) -> None:
    """Let an absence note answer a mail of ours."""
    away = AutomaticMail(
        sign=AutomaticSign.AUTO_SUBMITTED,
        shown="Auto-Submitted: auto-replied",
        our_message_id=message_id("support-mail-1/send_reply/reply"),
    )
    case = await desk.submit(
        "I am away until Monday.", sender="chloe.lefevre@courriel.example", automatic=away
    )
    histories["set-apart"] = await _ended(case, "set_apart")


async def _hourly_limit_reached(desk: Desk, histories: Histories) -> None:
    """Let one address ask twice where one automatic mail an hour is the limit: the second answer waits for a person."""
    sender = "chloe.lefevre@courriel.example"
    await (await desk.submit("Where is my order DD-10008?", sender=sender)).outcome()
    case = await desk.submit("Where is my order DD-10008?", sender=sender)
    await case.until("waiting_for_approval")
    await case.decide("approve")
    histories["hourly-limit-reached"] = await _ended(case, "done")
    name = quota_workflow_id(desk.settings.task_queue, address_digest(sender))
    histories["mail-quota"] = await desk.client.get_workflow_handle(name).fetch_history()


async def _refund(desk: Desk, order: str, sender: str) -> Case:
    return await desk.submit(f"Hello,\n\nplease refund order {order}.\n", sender=sender)


async def _record_all(client: Client, folder: Path) -> Histories:
    """Run every recording at once, on desks with data of their own."""
    histories: Histories = {}
    samples = [_sample(sample) for sample in load_script(SCRIPT)]
    acts = [
        _cancelled_while_it_waits,
        _cancelled_while_it_acts,
        _cancelled_after_refusals,
        _partly_done,
        _followed_up,
        _followed_up_and_reopened,
        _decided_by_signal,
        _set_apart,
    ]
    async with AsyncExitStack() as stack:
        running = []
        for name, changes, recordings in (
            ("samples", (quick, unanswered), samples),
            ("acts", (quick, _follows_up_soon), acts),
            ("silence", (quick, _nobody_is_there), [_nobody_decides, _nobody_answers]),
            ("told", (quick,), [_approvers_told]),
            ("held up", (quick,), [_held_up]),
            ("swept", (quick,), [_swept]),
            ("followed", (quick,), [_exported_as_it_ends]),
            ("limited", (quick,), [_daily_limit_reached]),
        ):
            own = folder / name
            own.mkdir()
            desk = await stack.enter_async_context(running_desk(client, own, *changes))
            running += [recording(desk, histories) for recording in recordings]
        own = folder / "one an hour"
        own.mkdir()
        desk = await stack.enter_async_context(running_desk(client, own, quick, automatic_mails_an_hour=1))
        running.append(_hourly_limit_reached(desk, histories))
        own = folder / "webhooks"
        own.mkdir()
        file = own / "webhooks.yaml"
        desk = await stack.enter_async_context(
            running_desk(client, own, quick, webhooks=file, webhook_look_seconds=0.2)
        )
        running.append(_told_by_webhook(desk, histories))
        # All at once they would wait for each other until a deadline passes that should not.
        free = asyncio.Semaphore(_AT_ONCE)

        async def in_turn(recording: Awaitable[None]) -> None:
            async with free:
                await recording

        await asyncio.gather(*map(in_turn, running))
    return histories


def _replace(histories: Histories) -> None:
    """Put the new histories in the place of this version's old ones; other versions' stay forever."""
    console, target = Console(highlight=False), recorded.HISTORIES / recorded.version()
    fresh = target.with_name(f".{target.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    for name, history in sorted(histories.items()):
        path = recorded.write(fresh, name, history)
        size = path.stat().st_size // 1024
        console.print(f"{path.name}: {recorded.ended_as(history)}, {len(history.events)} events, {size} KB")
    shutil.rmtree(target, ignore_errors=True)
    fresh.rename(target)
    console.print(f"{len(histories)} histories in {target.relative_to(recorded.ROOT)}")


async def main() -> int:
    """Record, then replace."""
    set_up_logs("console", "error")  # the samples' failures are part of the play
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        async with TemporalServer(
            Settings(var_dir=folder), in_memory=True, headless=True, port=free_port()
        ) as server:
            client = await connect("dispatch-record", server.address)
            histories = await _record_all(client, folder) | await record_models(client, folder / "models")
            _replace(histories | await record_families(client, folder / "families"))
    return _write_trails()


def _write_trails() -> int:
    count = write_trails()
    Console(highlight=False).print(f"{count} trails in {TRAILS.relative_to(recorded.ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(_write_trails() if sys.argv[1:] == ["--trails"] else run_to_end(main))

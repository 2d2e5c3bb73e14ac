"""The follower on the real server: what ends is in the store within seconds, and nothing stops it for long."""

import asyncio
import json
import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from temporalio import activity
from temporalio.api.enums.v1 import EventType
from temporalio.api.workflow.v1 import PendingActivityInfo
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.testing import ActivityEnvironment
from temporalio.worker import Worker

from activities.following.audit import AuditFollower
from cli.audit.commands import run as run_audit
from cli.commands import parsed
from dispatch.audit.store.verify import verify
from dispatch.audit.store_models import Followed
from runtime.audit.parts import audit_export, backend_from, ensure_follower, follower_id
from runtime.settings import Settings
from runtime.worker_parts.sandbox import SANDBOX
from runtime.worker_parts.shutdown import running_workers
from tests.audit_store.followed import (
    EVERY_SECONDS,
    attempt_of,
    exported,
    followed_desk,
    following,
    handle_of,
    pause_after,
    until_exported,
    until_looking,
    untouched,
)
from tests.desk import PATIENCE_SECONDS, STOPPED_WITHIN, at_work
from tests.workflows.requests_made import held_refund, status_question, until
from workflows.audit_follow import AuditFollow
from workflows.parts.following import TURNS


async def test_what_ends_is_in_the_store_within_seconds_however_it_ends(
    client: Client, tmp_path: Path
) -> None:
    """Done, cancelled, terminated: each once, without a sweep; what belongs to another desk is left alone."""
    async with followed_desk(client, tmp_path) as desk, at_work(desk):
        await ensure_follower(client, desk.settings)
        done, cancelled, terminated = [
            await make(desk) for make in (status_question, held_refund, held_refund)
        ]
        elsewhere = await untouched(
            replace(desk, settings=desk.settings.model_copy(update={"task_queue": f"x-{uuid.uuid4()}"}))
        )
        await client.get_workflow_handle(elsewhere).terminate("another desk's")
        await cancelled.handle.cancel()
        await terminated.handle.terminate("by an operator")
        await done.outcome()
        endings = await until_exported(desk, done.id, cancelled.id, terminated.id)
        assert endings == {done.id: "done", cancelled.id: "cancelled", terminated.id: "terminated"}
        assert (await audit_export(client, desk.settings).list_missing()).total == 0
        assert (await verify(backend_from(desk.settings))).broken == []


async def test_a_request_that_runs_out_of_time_while_no_worker_is_there_is_exported_by_the_next(
    client: Client, tmp_path: Path
) -> None:
    """A worker that stops gives up its place at once; the next goes on where it was, also with what it has not seen."""
    async with followed_desk(client, tmp_path) as desk:
        # An activity that waited for its worker's end would take all of its grace.
        patient = desk.settings.model_copy(update={"graceful_shutdown_seconds": PATIENCE_SECONDS})
        async with at_work(replace(desk, settings=patient)):
            await ensure_follower(client, desk.settings)
            first = await status_question(desk)
            await until_exported(desk, first.id)
            stopping = asyncio.get_running_loop().time()
        assert asyncio.get_running_loop().time() - stopping < PATIENCE_SECONDS / 2
        timed_out = await untouched(desk, execution_timeout=timedelta(seconds=1))
        terminated = await untouched(desk)
        await client.get_workflow_handle(terminated).terminate("by an operator")

        async def is_out_of_time() -> bool:
            described = await client.get_workflow_handle(timed_out).describe()
            return described.status is WorkflowExecutionStatus.TIMED_OUT

        await until(is_out_of_time)
        assert exported(desk).keys() == {first.id}
        async with at_work(desk):
            await ensure_follower(client, desk.settings)
            endings = await until_exported(desk, timed_out, terminated, within=30)
        assert endings[timed_out] == "timed_out"
        # Each worker that stopped ended one turn, and none began another on a worker that was stopping.
        events = (await handle_of(desk).fetch_history()).events
        ended = [e for e in events if e.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED]
        assert len(ended) == 2


async def test_a_store_that_cannot_be_written_is_told_and_waited_for(client: Client, tmp_path: Path) -> None:
    """It says why where an operator looks, is tried again ever more slowly, and goes on once the store is mended."""
    async with followed_desk(client, tmp_path) as desk:
        in_the_way = desk.settings.audit_dir / "store"
        in_the_way.parent.mkdir(parents=True)
        in_the_way.write_text("a file where a folder is due")
        async with at_work(desk):
            await ensure_follower(client, desk.settings)
            case = await status_question(desk)
            await case.outcome()

            async def failed(number: int) -> PendingActivityInfo | None:
                attempt = await attempt_of(desk)
                waits = attempt is not None and attempt.HasField("next_attempt_schedule_time")
                return attempt if attempt is not None and waits and attempt.attempt > number else None

            once = await until(partial(failed, 1))
            assert str(in_the_way) in once.last_failure.message
            assert pause_after(await until(partial(failed, once.attempt))) > 1.5 * pause_after(once)
            in_the_way.unlink()
            await until_exported(desk, case.id, within=40)


async def test_status_says_how_far_it_has_come_and_what_keeps_it(
    client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Not started, following with a count, kept from it with the reason, switched off."""
    monkeypatch.setenv("TEMPORAL_ADDRESS", client.service_client.config.target_host)

    async def told(settings: Settings) -> str:
        capsys.readouterr()
        await run_audit(parsed(["audit", "status", "--json"]), settings)
        return str(json.loads(capsys.readouterr().out)["follower"])

    async with followed_desk(client, tmp_path) as desk:
        assert "there is no audit-follow.test-" in await told(desk.settings)
        assert "switched off" in await told(following(desk, 0).settings)
        async with at_work(desk):
            await ensure_follower(client, desk.settings)
            await until_looking(desk)
            assert "has seen what was closed by 20" in await told(desk.settings)
            case = await status_question(desk)
            await until_exported(desk, case.id)
        async with at_work(following(desk, 0)):

            async def is_kept() -> bool:
                return "attempt 2 follows: the follower is switched off" in await told(desk.settings)

            await until(is_kept)
            await ensure_follower(client, following(desk, 0).settings)

            async def has_ended() -> bool:
                return "has ended (canceled)" in await told(desk.settings)

            await until(has_ended)


async def test_an_idle_look_adds_nothing_to_the_history(client: Client, tmp_path: Path) -> None:
    """It may look for years, and export too: only turns and restarts add events, and those go on in a new history."""
    async with followed_desk(client, tmp_path) as desk, at_work(desk):
        await ensure_follower(client, desk.settings)
        await until_looking(desk)
        before = (await handle_of(desk).describe()).history_length
        await asyncio.sleep(10 * EVERY_SECONDS)
        assert (await handle_of(desk).describe()).history_length == before
        case = await status_question(desk)
        await until_exported(desk, case.id)
        assert (await handle_of(desk).describe()).history_length == before


async def test_one_that_starts_when_its_process_is_told_to_end_holds_it_up_for_nothing(
    client: Client, tmp_path: Path
) -> None:
    """The SDK tells such an activity nothing, for it remembers nobody to tell; its turn is over all the same."""
    async with followed_desk(client, tmp_path) as desk:
        stopping = asyncio.Event()
        stopping.set()
        late = AuditFollower(audit_export(client, desk.settings), timedelta(hours=1), stopping=stopping)
        environment = ActivityEnvironment()
        begin = Followed(until=datetime.now(UTC))
        async with asyncio.timeout(PATIENCE_SECONDS):
            assert (await environment.run(late.follow, begin)).exported == 0


async def test_after_its_turns_it_goes_on_in_a_new_history_with_what_it_knows(
    client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Turns of one look instead of an hour: the count of what it exported is carried over, and no history grows long."""
    async with followed_desk(client, tmp_path) as desk:
        audit, over, looks = audit_export(client, desk.settings), asyncio.Event(), 0
        look, follower = audit.closed_since, AuditFollower(audit, timedelta(seconds=0.01), stopping=over)

        async def counted(moment: datetime) -> dict[str, str]:
            """End the turn with its second look, so that the first was whole, however long that took."""
            nonlocal looks
            looks += 1
            if looks > 1:
                over.set()
            return await look(moment)

        @activity.defn(name="audit.follow")
        async def one_turn(begin: Followed) -> Followed:
            nonlocal looks
            looks = 0
            over.clear()
            return await follower.follow(begin)

        monkeypatch.setattr(audit, "closed_since", counted)
        worker = Worker(
            client,
            task_queue=desk.settings.task_queue,
            workflows=[AuditFollow],
            activities=[one_turn],
            workflow_runner=SANDBOX,
        )
        request_id = await untouched(desk)
        await client.get_workflow_handle(request_id).terminate("by an operator")

        async def is_listed() -> bool:
            return (await audit.list_missing()).total == 1

        await until(is_listed)
        async with running_workers(worker, give_up_after=STOPPED_WITHIN):
            await ensure_follower(client, desk.settings)
            first = (await handle_of(desk).describe()).run_id

            async def gone_on() -> bool:
                return (await handle_of(desk).describe()).run_id != first

            await until(gone_on)
        history = await client.get_workflow_handle(follower_id(desk.settings), run_id=first).fetch_history()
        last = history.events[-1]
        assert last.event_type == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW
        carried = json.loads(last.workflow_execution_continued_as_new_event_attributes.input.payloads[0].data)
        assert carried["exported"] == 1
        assert exported(desk).keys() == {request_id}
        ended = [e for e in history.events if e.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED]
        assert len(ended) == TURNS


async def test_it_runs_once_however_many_workers_start_it_and_ends_where_it_is_switched_off(
    client: Client, tmp_path: Path
) -> None:
    """A second start changes nothing; a worker that starts with 0 ends it, and a later one starts it again."""
    async with followed_desk(client, tmp_path) as desk, at_work(desk):
        for _ in range(2):
            await ensure_follower(client, desk.settings)
        await until_looking(desk)
        first = await handle_of(desk).describe()
        await ensure_follower(client, following(desk, 0).settings)

        async def has_ended() -> bool:
            return (await handle_of(desk).describe()).status is WorkflowExecutionStatus.CANCELED

        await until(has_ended)
        await ensure_follower(client, following(desk, 0).settings)
        await ensure_follower(client, desk.settings)
        assert (await handle_of(desk).describe()).run_id != first.run_id


async def test_a_worker_that_is_not_to_follow_does_not_and_says_so(client: Client, tmp_path: Path) -> None:
    """Another worker's follower meets it: it is refused with what to do, and not again and again."""
    async with followed_desk(client, tmp_path) as desk, at_work(following(desk, 0)):
        await ensure_follower(client, desk.settings)

        async def refused() -> PendingActivityInfo | None:
            attempt = await attempt_of(desk)
            return attempt if attempt is not None and attempt.last_failure.message else None

        attempt = await until(refused)
        assert "DISPATCH_AUDIT_FOLLOW_SECONDS" in attempt.last_failure.message
        assert pause_after(attempt) >= timedelta(seconds=59)

"""From a closed request to a verified line: on the real server, by the sweep and by hand."""

import json
import uuid
from datetime import timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import ResetWorkflowExecutionRequest
from temporalio.client import Client, WorkflowFailureError

from activities.audit_export import AuditExport
from cli.audit.checks import decisions
from cli.audit.commands import run as run_audit
from cli.commands import parsed
from dispatch.audit.query.extract_file import ExtractFile
from dispatch.audit.store.document import Document, Run, kind_of
from dispatch.audit.store.export_keys import ExportKey
from dispatch.audit.store.manifest import sha256
from dispatch.audit.store.store import AuditStore
from dispatch.audit.store.verify import verify
from dispatch.audit.store_models import SweepReport
from dispatch.models.errors import SettingsError
from runtime.audit.parts import (
    audit_export,
    backend_from,
    check_retention,
    checkpoints_from,
    ensure_sweep,
    schedule_id,
)
from runtime.audit.replay import replays
from tests.audit_store.forged import forge_a_record
from tests.audit_store.made import NOW, lines_of
from tests.desk import Desk, running_desk
from tests.servers import settings_from
from tests.workflows.requests_made import held_refund, small_refund, status_question, until
from workflows.audit_sweep import AuditSweep


async def sweep(desk: Desk) -> SweepReport:
    return await desk.client.execute_workflow(
        AuditSweep.run, id=f"sweep-{uuid.uuid4()}", task_queue=desk.settings.task_queue
    )


def exporter(desk: Desk) -> AuditExport:
    return audit_export(desk.client, desk.settings)


async def until_missing(desk: Desk, number: int) -> None:
    """Wait until Temporal's list, which lags behind, shows so many closed requests that the store lacks."""

    async def shown() -> bool:
        return (await exporter(desk).list_missing()).total == number

    await until(shown)


async def test_the_sweep_exports_what_is_closed_and_leaves_what_is_open(
    client: Client, tmp_path: Path
) -> None:
    """Two closed requests are exported once, an open one not; a second sweep finds nothing; the store verifies."""
    async with running_desk(client, tmp_path) as desk:
        for case in (await small_refund(desk), await status_question(desk)):
            await case.outcome()
        held = await held_refund(desk)
        # The small refund's follow-up waits for its day: it is open, too.
        await until_missing(desk, 2)
        assert await sweep(desk) == SweepReport(exported=2, failed={}, left=0)
        assert await sweep(desk) == SweepReport(exported=0, failed={}, left=0)
        assert (await exporter(desk).export_history([held.id])).still_open == (held.id,)
        await held.decide("reject", reason="not this one")
        await held.outcome()
        by_hand = exporter(desk)
        assert (await by_hand.export_history([held.id])).exported == (held.id,)
        assert (await by_hand.export_history([held.id])).already_there == (held.id,)
        assert (await exporter(desk).list_missing()).total == 0
        verified = await verify(backend_from(desk.settings), checks=[replays(), decisions(desk.settings)])
        assert verified.broken == []
        assert verified.counts == {"records": 3, "runs replayed": 3}
        records = ExtractFile(desk.settings.audit_dir, backend_from(desk.settings))
        assert len(records.path.read_bytes().splitlines()) == 3


async def test_a_request_that_went_on_after_a_reset_is_exported_with_all_its_runs(
    client: Client, tmp_path: Path
) -> None:
    """A reset makes a second run; both are in one object, and the first alone is no gap."""
    async with running_desk(client, tmp_path) as desk:
        case = await held_refund(desk)
        await case.decide("reject", reason="by mistake")
        await case.outcome()
        first = exporter(desk)
        assert (await first.export_history([case.id])).exported == (case.id,)
        await reset_to_the_first_task(desk, case.id)
        assert (await exporter(desk).export_history([case.id])).still_open == (case.id,)
        assert (await exporter(desk).list_missing()).total == 0
        await case.handle.cancel()
        document = None
        while document is None:
            done = await exporter(desk).export_history([case.id])
            if done.exported:
                document = await exporter(desk).read(case.id)
        assert len(document.runs) == 2
        assert [len(line) > 0 for line in lines_of(desk.settings.audit_dir)] == [True, True]
        assert (await verify(backend_from(desk.settings))).broken == []


async def reset_to_the_first_task(desk: Desk, request_id: str) -> None:
    await desk.client.workflow_service.reset_workflow_execution(
        ResetWorkflowExecutionRequest(
            namespace=desk.client.namespace,
            workflow_execution=WorkflowExecution(workflow_id=request_id),
            reason="a test",
            workflow_task_finish_event_id=4,
            request_id=str(uuid.uuid4()),
        )
    )


async def test_a_history_that_the_code_at_hand_wrote_must_replay(client: Client, tmp_path: Path) -> None:
    """Its build is at hand, so a history that was changed before it was exported is found by its replay."""
    async with running_desk(client, tmp_path) as desk:
        case = await status_question(desk)
        await case.outcome()
        honest = await exporter(desk).read(case.id)
        (run,) = honest.runs
        events = [event for event in run.events if kind_of(event) != "MARKER_RECORDED"]
        settings = desk.settings
        store = AuditStore(backend_from(settings), ExportKey(tmp_path / "k"), checkpoints_from(settings))
        store.append([Document(honest.request_id, honest.workflow_type, (Run(run.run_id, events),))], NOW)
        first = (await verify(backend_from(settings), checks=[replays()])).first_broken
        assert first is not None
        assert "does not replay on the code that wrote it" in first.what


async def test_the_schedule_is_made_and_follows_the_settings(client: Client, tmp_path: Path) -> None:
    """The worker's start creates it; a start with another interval changes it."""
    async with running_desk(client, tmp_path) as desk:
        await ensure_sweep(client, desk.settings)
        hourly = desk.settings.model_copy(update={"audit_sweep_minutes": 7})
        await ensure_sweep(client, hourly)
        handle = client.get_schedule_handle(schedule_id(desk.settings))
        described = await handle.describe()
        (interval,) = described.schedule.spec.intervals
        assert interval.every.total_seconds() == 7 * 60
        await handle.delete()


def test_a_retention_below_three_sweeps_is_refused(tmp_path: Path) -> None:
    """What Temporal may delete before the third sweep is not kept safely."""
    settings = settings_from({"DISPATCH_VAR_DIR": str(tmp_path), "DISPATCH_AUDIT_SWEEP_MINUTES": "600"})
    check_retention("default", timedelta(hours=30), settings)
    with pytest.raises(SettingsError, match="three times as long"):
        check_retention("default", timedelta(hours=29), settings)


async def test_status_names_the_gap_and_export_closes_it(
    client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is missing is listed with exit code 1; after an export, or a sweep, nothing is, and the last sweep is told."""
    monkeypatch.setenv("TEMPORAL_ADDRESS", client.service_client.config.target_host)
    async with running_desk(client, tmp_path) as desk:

        async def typed(*words: str) -> tuple[int, str]:
            capsys.readouterr()
            code = await run_audit(parsed(["audit", *words]), desk.settings)
            return code, capsys.readouterr().out

        case = await status_question(desk)
        await case.outcome()
        await until_missing(desk, 1)
        code, said = await typed("status", "--json")
        told = json.loads(said)
        assert (code, told["missing"], told["missing_ids"], told["records"]) == (1, 1, [case.id], 0)
        assert "there is no schedule audit-sweep." in told["schedule"]
        assert await typed("export") == (0, f"{case.id}  exported\n")
        assert (await typed("export", case.id))[1] == f"{case.id}  was exported before\n"
        assert (await typed("export", "nobody"))[0] == 1
        await sweep(desk)
        code, said = await typed("status")
        assert code == 0
        assert "0 exported, 0 failed, 0 left" in said
        assert f"head  {place_head(desk)}" in said


async def test_a_forged_line_stops_the_export_and_status_says_so(
    client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 1 and the line; the sweep exports nothing and logs why, until a person has acknowledged it."""
    monkeypatch.setenv("TEMPORAL_ADDRESS", client.service_client.config.target_host)
    async with running_desk(client, tmp_path) as desk:

        async def typed(*words: str) -> tuple[int, str]:
            capsys.readouterr()
            code = await run_audit(parsed(["audit", *words]), desk.settings)
            return code, capsys.readouterr().out

        first, second = await status_question(desk), await small_refund(desk)
        await first.outcome()
        assert (await exporter(desk).export_history([first.id])).exported == (first.id,)
        forge_a_record(desk.settings.audit_dir)
        await second.outcome()
        with capture_logs() as logged, pytest.raises(WorkflowFailureError):
            await sweep(desk)
        assert any("line 2 was not exported by this desk" in str(one.get("reason")) for one in logged)
        code, said = await typed("status", "--json")
        assert (code, "line 2 was not exported by this desk" in json.loads(said)["refused"]) == (1, True)
        assert (await typed("export", second.id))[0] == 1
        assert len(lines_of(desk.settings.audit_dir)) == 2
        assert (await typed("acknowledge", "--as", "olga", "--reason", "no backup", "--yes"))[0] == 0
        assert (await typed("export", second.id)) == (0, f"{second.id}  exported\n")
        code, said = await typed("status", "--json")
        assert (code, json.loads(said)["refused"]) == (0, None)


def place_head(desk: Desk) -> str:
    return sha256(lines_of(desk.settings.audit_dir)[-1].rstrip())

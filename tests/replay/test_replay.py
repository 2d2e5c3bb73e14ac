"""Histories that earlier desks wrote, replayed against the workflows as they are now: what runs must go on."""

from pathlib import Path

import pytest
from temporalio.client import WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Replayer

from dispatch.models.request.status import Ending
from runtime.worker_parts.sandbox import SANDBOX
from runtime.workers import WORKFLOWS
from tests.replay.changed_process import GuardsBeforeItReviews, PausesBehindAPatch, PausesWithoutAPatch
from tests.replay.recorded import Recorded, all_recorded, ended_as, version, workflow_type, write
from workflows.follow_up import FollowUp

RECORDED = all_recorded()
RUNBOOK = """
{name} of {version} does not replay: {failure}

A request that such a desk has running now would stop at its next step, for the workflow code no longer does what
its history says ({path}).

1. Was the order of commands (activities, timers, children, search attributes) meant to change? If not, undo that;
   `git diff workflows/` shows where. Names, messages, types and rules may change freely.
2. If so, keep the old way for the requests that run and guard the new one:
       if workflow.patched("what-changed"):   # new requests
           ...
       else:                                  # those that began before
           ...
   in the first turn of a run, before any local activity (docs/decisions/0012-a-row-of-the-list-is-a-memo.md),
   then `make replay`. Remove the old branch (workflow.deprecate_patch) when none of them runs any more.
3. `make record` records the histories of the version in pyproject.toml again. It is allowed only while that version
   is not released, so that no desk anywhere runs requests that it started, and for histories added to it. The folder
   of a released version is never touched: raise the version first, and record beside it.
"""


def replayer(*workflows: type) -> Replayer:
    """Replay as a worker works: with the sandbox and the import policy that raises."""
    return Replayer(
        workflows=workflows or WORKFLOWS,
        workflow_runner=SANDBOX,
        data_converter=pydantic_data_converter,
    )


async def replay(recorded: Recorded, *workflows: type) -> Exception | None:
    result = await replayer(*workflows).replay_workflow(recorded.read(), raise_on_replay_failure=False)
    return result.replay_failure


def named(name: str) -> Recorded:
    return next(recorded for recorded in RECORDED if (recorded.version, recorded.name) == (version(), name))


@pytest.mark.parametrize("recorded", RECORDED, ids=lambda recorded: f"{recorded.version}/{recorded.name}")
async def test_a_recorded_history_replays(recorded: Recorded) -> None:
    """The workflows still do what this history says that they did."""
    failure = await replay(recorded)
    if failure is not None:
        pytest.fail(
            RUNBOOK.format(name=recorded.name, version=recorded.version, failure=failure, path=recorded.path),
            pytrace=False,
        )


@pytest.mark.parametrize("ending", Ending)
def test_each_ending_is_recorded(ending: Ending) -> None:
    """This version has a history of a request for every way to end; if not, `make record` with a sample for it."""
    endings = {
        ended_as(history)
        for history in _histories_of_this_version()
        if workflow_type(history) == "Coordinator"
    }
    assert ending in endings


@pytest.mark.parametrize("verdict", ["confirmed", "refuted"])
def test_each_follow_up_is_recorded(verdict: str) -> None:
    """This version has a follow-up that found the effect standing, and one reopened to a person."""
    verdicts = {ended_as(h) for h in _histories_of_this_version() if workflow_type(h) == "FollowUp"}
    assert verdict in verdicts


def test_each_workflow_is_recorded() -> None:
    """No workflow that the worker runs is without a history."""
    recorded = {workflow_type(history) for history in _histories_of_this_version()}
    assert recorded == {workflow.__name__ for workflow in WORKFLOWS}


def test_a_history_is_kept_as_temporal_gives_it(tmp_path: Path) -> None:
    """Compressed, the same bytes each time, and read back event by event."""
    history = named("05-refund-approved").read()
    path = write(tmp_path, "05-refund-approved", history)
    before = path.read_bytes()
    assert write(tmp_path, "05-refund-approved", history).read_bytes() == before
    assert len(before) < len(history.to_json()) / 3
    assert Recorded(path).read() == history


async def test_stages_in_another_order_are_caught() -> None:
    """A coordinator that asks the guardian before the reviewer does not replay."""
    failure = await replay(named("05-refund-approved"), GuardsBeforeItReviews, FollowUp)
    assert failure is not None
    assert "Nondeterminism" in f"{type(failure).__name__}: {failure}"


async def test_a_change_behind_a_patch_replays_and_without_one_does_not() -> None:
    """The runbook's remedy works, and is needed."""
    recorded = named("05-refund-approved")
    assert await replay(recorded, PausesBehindAPatch, FollowUp) is None
    assert await replay(recorded, PausesWithoutAPatch, FollowUp) is not None


def _histories_of_this_version() -> list[WorkflowHistory]:
    return [recorded.read() for recorded in RECORDED if recorded.version == version()]

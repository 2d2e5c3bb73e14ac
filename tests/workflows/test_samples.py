"""Every sample request comes to the ending that examples/script.yaml says, by the same people's part as the demo's.

On a worker that remembers nothing, so that each task replays; with a cache, and in processes of its own, `make demo` plays
them all (tests/acceptance/test_make_demo.py). One desk serves the samples that one process of the suite plays.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest
from temporalio.client import Client

from devstack.approvers import demo_signer, make_people
from devstack.demo import REQUESTS, SCRIPT
from devstack.script import Sample, load_script, play
from tests.desk import Desk, quick, running_desk, unanswered

SAMPLES = load_script(SCRIPT)


@pytest.fixture(scope="module")
async def playing_desk(client: Client, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Desk]:
    async with running_desk(
        client, tmp_path_factory.mktemp("samples"), quick, unanswered, workflow_cache=0
    ) as desk:
        make_people(desk.settings)
        yield desk


def standing_refunds(desk: Desk) -> set[str]:
    """Return the refunds that the back office has made and not undone."""
    return {row["refund_id"] for row in desk.back_office.refunds() if row["status"] == "succeeded"}


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.file)
async def test_a_sample_ends_as_it_must(playing_desk: Desk, sample: Sample) -> None:
    """Each ending is reached, nothing is left over, and what stands in the back office is what the outcome says."""
    desk = playing_desk

    async def arm(fault: Mapping[str, Any]) -> None:
        await desk.back_office.arm(**fault)

    before = standing_refunds(desk)
    case = await desk.submit_file(REQUESTS / sample.file)
    async with asyncio.timeout(60):
        outcome = await play(
            desk.client, case.id, sample, arm=arm, sign=demo_signer(desk.settings), poll_seconds=0.2
        )
    assert outcome.ending == sample.ending, outcome.why
    assert outcome.items
    if outcome.ending == "done":
        assert all(item.disposition != "open" for item in outcome.items), outcome.items
    standing = standing_refunds(desk) - before
    told = {effect for effect in outcome.effects if effect in standing}
    assert told == standing or outcome.ending == "unknown"

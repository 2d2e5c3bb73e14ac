"""Every sample request comes to the ending that examples/script.yaml says, by the same people's part as the demo's."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from embedded.approvers import demo_signer, make_people
from embedded.demo import REQUESTS, SCRIPT
from embedded.script import Sample, load_script, play
from tests.desk import Desk

SAMPLES = load_script(SCRIPT)


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.file)
async def test_a_sample_ends_as_it_must(desk: Desk, sample: Sample) -> None:
    """Each ending is reached, nothing is left over, and what stands in the back office is what the outcome says."""

    async def arm(fault: Mapping[str, Any]) -> None:
        await desk.back_office.arm(**fault)

    make_people(desk.settings)
    case = await desk.submit_file(REQUESTS / sample.file)
    async with asyncio.timeout(60):
        outcome = await play(
            desk.client, case.id, sample, arm=arm, sign=demo_signer(desk.settings), poll_seconds=0.05
        )
    assert outcome.ending == sample.ending, outcome.why
    assert outcome.items
    if outcome.ending == "done":
        assert all(item.disposition != "open" for item in outcome.items), outcome.items
    standing = {
        refund["refund_id"] for refund in desk.back_office.refunds() if refund["status"] == "succeeded"
    }
    told = {effect for effect in outcome.effects if effect in standing}
    assert told == standing or outcome.ending == "unknown"

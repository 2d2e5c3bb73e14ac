"""The samples of requests for two desks, played as the demo plays them: each ends as it must, and each part is told truly."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any, Final

import pytest
from temporalio.client import Client

from devstack.approvers import demo_signer, make_people
from devstack.script import ANSWER_AFTER, Sample, load_script, play
from dispatch.models.request.item import Disposition
from tests.two_desks import TwoDesks, running_two_desks

FOLDER: Final = Path(__file__).parents[3] / "examples" / "families"
SAMPLES: Final = {sample.file: sample for sample in load_script(FOLDER / "script.yaml")}
TOLD: Final = {
    "01-both-done.eml": (("one-time link", "on its way to you"),),
    "02-one-rejected.eml": (("We take back only what is unused", "Design Library"),),
    "03-one-waits.eml": (("wartet noch auf eine Entscheidung", "4,90 EUR"), ("noch offen", "CRM")),
    "04-one-compensated.eml": (("we have undone what had been done", "9:00 to 18:00"),),
    "05-one-for-a-person.eml": (("one-time link", "within 30 days", "sponsor our school party"),),
}
"""What each letter of a sample says, letter by letter."""


@pytest.fixture(scope="module")
async def played(client: Client, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[TwoDesks]:
    def as_in_the_demo(reception: dict[str, Any]) -> None:
        reception["answer_after"] = ANSWER_AFTER

    folder = tmp_path_factory.mktemp("families")
    async with running_two_desks(client, folder, reception=(as_in_the_demo,)) as desks:
        make_people(desks.desk.settings)
        yield desks


@pytest.mark.parametrize("sample", SAMPLES.values(), ids=lambda sample: sample.file)
async def test_a_sample_ends_as_it_must(played: TwoDesks, sample: Sample) -> None:
    """Every part comes to its ending, the letters tell each truly, and nothing is left over."""

    async def arm(fault: Mapping[str, Any]) -> None:
        await played.desk.back_office.arm(**fault)

    before = len(played.desk.mail_sink.messages())
    case = await played.desk.submit_file(FOLDER / sample.file)
    async with asyncio.timeout(100):
        outcome = await play(
            played.desk.client, case.id, sample, arm=arm, sign=demo_signer(played.desk.settings)
        )
    assert outcome.ending == sample.ending, outcome.why
    assert len(outcome.parts) >= 2
    if outcome.ending == "done":
        assert all(item.disposition is not Disposition.OPEN for item in outcome.items)
    recipient = case.desk.mail_sink.messages()[-1]["recipient"]
    letters = [m["text"] for m in played.desk.mail_sink.messages()[before:] if m["recipient"] == recipient]
    for letter, told in zip(letters, TOLD[sample.file], strict=True):
        assert all(words in letter for words in told), letter

"""The marketing desk on the real server, against the stand-in that takes posts: every sample, and what goes wrong."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any, Final

import pytest
import yaml
from temporalio.client import Client

from devstack.approvers import demo_signer, make_people
from devstack.script import Sample, load_script, play
from runtime.settings import SHIPPED_DESKS
from tests.desk import Desk, quick, running_desk, unanswered
from tests.servers import MarketingService, running_marketing

DESK: Final = SHIPPED_DESKS / "marketing"
SAMPLES = {sample.file: sample for sample in load_script(DESK / "samples" / "script.yaml")}
JO: Final = {"sender": "jo.park@kestrel.example", "name": "Jo Park", "desk": "marketing"}


class Marketing:
    """The running desk with the stand-in that takes its posts."""

    def __init__(self, desk: Desk, system: MarketingService) -> None:
        self.desk, self.system = desk, system

    def standing(self) -> set[str]:
        """Return what is published."""
        return {row["post_id"] for row in self.system.posts() if row["status"] == "published"}

    def letters_to(self, address: str) -> list[str]:
        return [mail["text"] for mail in self.desk.mail_sink.messages() if mail["recipient"] == address]


def _write_quick_playbook(folder: Path) -> None:
    document = yaml.safe_load((DESK / "playbook.yaml").read_text(encoding="utf-8"))
    quick(document)
    unanswered(document)
    folder.mkdir(parents=True, exist_ok=True)
    text = yaml.safe_dump(document, allow_unicode=True, sort_keys=False)
    (folder / "marketing.yaml").write_text(text, encoding="utf-8")


@pytest.fixture(scope="module")
async def marketing(client: Client, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Marketing]:
    tmp_path = tmp_path_factory.mktemp("marketing")
    _write_quick_playbook(tmp_path / "playbooks")
    async with running_marketing(tmp_path) as system:
        environment: dict[str, Any] = {
            name.removeprefix("DISPATCH_").lower(): value
            for name, value in system.environment.items()
            if "POSTS" in name
        }
        async with running_desk(client, tmp_path, **environment) as desk:
            make_people(desk.settings)
            yield Marketing(desk, system)


async def _played(marketing: Marketing, sample: Sample) -> Any:
    async def arm(fault: Mapping[str, Any]) -> None:
        await marketing.system.arm(**fault)

    desk = marketing.desk
    case = await desk.submit_file(DESK / "samples" / sample.file)
    try:
        async with asyncio.timeout(60):
            return await play(
                desk.client, case.id, sample, arm=arm, sign=demo_signer(desk.settings), poll_seconds=0.2
            )
    except TimeoutError:
        trail = "\n".join(f"{entry.receiver}: {entry.what}: {entry.why}" for entry in await case.trail())
        pytest.fail(f"{sample.file} rests at {await case.status()}\n{trail}")


@pytest.mark.parametrize("sample", SAMPLES.values(), ids=lambda sample: sample.file)
async def test_a_sample_ends_as_it_must(marketing: Marketing, sample: Sample) -> None:
    """Each mail finds the desk by itself and comes to its ending; what is published is what the outcome says."""
    before = marketing.standing()
    outcome = await _played(marketing, sample)
    assert outcome.ending == sample.ending, outcome.why
    if outcome.ending == "done":
        assert all(item.disposition != "open" for item in outcome.items), outcome.items
    made = marketing.standing() - before
    assert made == {effect for effect in outcome.effects if effect.startswith("PB-")}

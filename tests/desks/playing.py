"""What the tests of the shipped desks have in common: a playbook with short waits, and a sample played to its end."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from devstack.approvers import demo_signer
from devstack.script import Sample, play
from runtime.settings import SHIPPED_DESKS
from tests.desk import Desk, quick, unanswered

_SECONDS = 60


def write_quick_playbook(name: str, folder: Path) -> None:
    """Write a shipped desk's playbook with shorter waits into a folder of playbooks."""
    document = yaml.safe_load((SHIPPED_DESKS / name / "playbook.yaml").read_text(encoding="utf-8"))
    quick(document)
    unanswered(document)
    folder.mkdir(parents=True, exist_ok=True)
    text = yaml.safe_dump(document, allow_unicode=True, sort_keys=False)
    (folder / f"{name}.yaml").write_text(text, encoding="utf-8")


async def played(
    desk: Desk, name: str, sample: Sample, arm: Callable[[Mapping[str, Any]], Awaitable[None]]
) -> Any:
    """Play a sample of a shipped desk to its end and return its outcome; one that rests fails the test with its trail."""
    case = await desk.submit_file(SHIPPED_DESKS / name / "samples" / sample.file)
    try:
        async with asyncio.timeout(_SECONDS):
            return await play(
                desk.client, case.id, sample, arm=arm, sign=demo_signer(desk.settings), poll_seconds=0.2
            )
    except TimeoutError:
        trail = "\n".join(f"{entry.receiver}: {entry.what}: {entry.why}" for entry in await case.trail())
        pytest.fail(f"{sample.file} rests at {await case.status()}\n{trail}")

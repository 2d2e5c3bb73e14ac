"""The worker is killed (kill -9) at random moments while requests for two desks are at work, again and again.

The samples of examples/families are sent in waves, and people decide in each part as their script says, until so many
workers were killed. Then every request must have ended as its sample must, its requester must have heard each part once,
and what stands in the outside systems must be what its parts say, once.
"""

import asyncio
import random
import uuid
from collections import Counter
from collections.abc import Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml
from temporalio.client import WorkflowExecutionStatus
from temporalio.service import RPCError

from devstack.approvers import make_people
from devstack.script import Act, Sample, load_script
from dispatch.models.errors import DispatchError
from dispatch.models.request.submission import RECEPTION
from dispatch.models.trail import EntryKind, Outcome
from dispatch.process.family.dividing import part_id
from runtime.doors.starting import read_request_file
from runtime.gateway import Gateway
from runtime.gateway_types import decision_for
from runtime.settings import SHIPPED_DESKS
from tests.chaos.stage import Stage, stage, temporal
from tests.desk import changed_playbooks, role_names_decide
from tests.servers import HelpdeskService, running_back_office, running_helpdesk, running_mail_sink

FOLDER: Final = Path(__file__).parents[2] / "examples" / "families"
SAMPLES: Final = load_script(FOLDER / "script.yaml")
LONGEST_LIFE_SECONDS: Final = 8.0
"""Temporal waits 10 seconds for a killed worker before another one gets its turn; shorter lives alone would show nothing new."""
KILLS_IN_A_WAVE: Final = 8
"""Then what is at work may end: an action that no worker lives long enough for is given up after minutes, as it should be."""
WAVE_SECONDS: Final = 240
"""For what is left of a wave after its last kill: a killed worker's activity is tried again after 30 seconds."""


@dataclass
class Families:
    """What was sent in, and what became of it."""

    on: Stage
    helpdesk: HelpdeskService
    outcomes: list[tuple[Sample, Outcome]] = field(default_factory=list)
    kills: int = 0


async def kill_over_families(folder: Path, kills: int, seed: int) -> Families:
    """Kill so many workers; raises AssertionError for a wrong ending, a letter or an effect too many or too few."""
    chance = random.Random(seed)  # noqa: S311 (moments of a test, no secret)
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(temporal(folder))
        back_office = await stack.enter_async_context(running_back_office(folder))
        mail_sink = await stack.enter_async_context(running_mail_sink(folder))
        helpdesk = await stack.enter_async_context(running_helpdesk(folder))
        on = await stack.enter_async_context(
            stage(
                "family-kills",
                folder,
                server,
                back_office,
                mail_sink,
                DISPATCH_PLAYBOOKS_DIR=str(_playbooks(folder / "own")),
                DISPATCH_AUTOMATIC_MAILS_AN_HOUR="1000",
                DISPATCH_CLIENT_TIMEOUT_SECONDS="5",
                DISPATCH_GRACEFUL_SHUTDOWN_SECONDS="5",
                **{name: value for name, value in helpdesk.environment.items() if "HELPDESK" in name},
            )
        )
        make_people(on.desk.settings)
        families = Families(on, helpdesk)
        while families.kills < kills:
            await _wave(families, kills, chance)
        _look(families)
        return families


def _playbooks(folder: Path) -> Path:
    def patient(reception: dict[str, Any]) -> None:
        # Longer than any wave, so that each requester hears all of it at once, in one letter.
        reception["answer_after"] = "10 minutes"

    # Not `quick`: after three seconds without a worker an action's result would be unknown.
    own = changed_playbooks(folder, reception=(patient,))
    document = yaml.safe_load((SHIPPED_DESKS / "helpdesk" / "playbook.yaml").read_text(encoding="utf-8"))
    role_names_decide(document)
    text = yaml.safe_dump(document, allow_unicode=True, sort_keys=False)
    (own / "helpdesk.yaml").write_text(text, encoding="utf-8")
    return own


async def _wave(families: Families, kills: int, chance: random.Random) -> None:
    """Send each sample in, and kill the worker while they are at work."""
    on = families.on
    gateway = Gateway.over(on.desk.client)
    wave = [await _submitted(gateway, on, sample) for sample in SAMPLES]
    playing = asyncio.gather(
        *(_played(gateway, request_id, sample) for request_id, sample in zip(wave, SAMPLES, strict=True))
    )
    try:
        most = min(kills, families.kills + KILLS_IN_A_WAVE)
        while families.kills < most and not playing.done():
            await asyncio.sleep(chance.uniform(0.1, LONGEST_LIFE_SECONDS))
            await on.worker.kill9()
            families.kills += 1
            await on.worker.start()
        async with asyncio.timeout(WAVE_SECONDS):
            outcomes = await playing
    finally:
        playing.cancel()
        with suppress(asyncio.CancelledError):
            await playing
    families.outcomes += zip(SAMPLES, outcomes, strict=True)


async def _submitted(gateway: Gateway, on: Stage, sample: Sample) -> str:
    read = read_request_file(on.desk.settings, FOLDER / sample.file)
    trigger = read.trigger.model_copy(update={"trigger_id": f"<{uuid.uuid4()}@kills>"})
    submitted = await gateway.submit(on.desk.settings, read.model_copy(update={"trigger": trigger}))
    return submitted.request_id


async def _played(gateway: Gateway, request_id: str, sample: Sample) -> Outcome:
    parts = (
        _decided(gateway, part_id(request_id, None if desk == RECEPTION else desk), acts)
        for desk, acts in sample.parts.items()
    )
    await asyncio.gather(*parts)
    outcome = await gateway.outcome(request_id) if await _has_ended(gateway, request_id) else None
    assert outcome is not None, f"{request_id} has no outcome"
    return outcome


async def _decided(gateway: Gateway, request_id: str, acts: Sequence[Act]) -> None:
    """Decide as the script says; whoever gets no answer looks again, for a decision may have been taken all the same."""
    left = list(acts)
    while left:
        with suppress(DispatchError):
            status = await gateway.status(request_id)
            if status.state == left[0].when and status.proposal_id:
                act = left[0]
                made = decision_for(
                    act.decision or "approve",  # type: ignore[arg-type]  # the samples' acts are decisions
                    act.by,
                    status.proposal_id,
                    status.action_digest or "",
                    act.reason,
                    act.edits,
                    reason_for_requester=act.reason_for_requester,
                )
                await gateway.decide(request_id, made)
                left.pop(0)
            elif await _is_taken(gateway, request_id, len(acts) - len(left) + 1):
                left.pop(0)
        await asyncio.sleep(0.3)


async def _is_taken(gateway: Gateway, request_id: str, number: int) -> bool:
    """Check whether a decision that got no answer was taken: so many of them are on record."""
    trail = await gateway.trail(request_id)
    return sum(entry.kind is EntryKind.DECISION for entry in trail) >= number


async def _has_ended(gateway: Gateway, request_id: str) -> bool:
    while True:
        with suppress(DispatchError, RPCError):
            found = await gateway.describe(request_id)
            if found.status is not WorkflowExecutionStatus.RUNNING:
                return found.status is WorkflowExecutionStatus.COMPLETED
        await asyncio.sleep(0.3)


def _look(families: Families) -> None:
    """Check endings, letters and effects of all waves."""
    for sample, outcome in families.outcomes:
        assert outcome.ending == sample.ending, f"{sample.file} {outcome.request_id}: {outcome.why}"
        assert len(outcome.parts) >= 2, outcome.parts
    letters = families.on.desk.mail_sink.messages()
    sent = Counter(letter["message_id"] for letter in letters)
    assert set(sent.values()) == {1}, [name for name, number in sent.items() if number > 1]
    for _, outcome in families.outcomes:
        own = [letter["text"] for letter in letters if outcome.request_id in letter["message_id"]]
        assert len(own) == 1, (outcome.request_id, own)
        assert all(item.text[:40] in own[0] for item in outcome.items), own
    waves = len(families.outcomes) // len(SAMPLES)
    resets = [row for row in families.helpdesk.effects("reset") if row["status"] == "issued"]
    assert len(resets) == 2 * waves, resets
    granted = Counter(row["status"] for row in families.helpdesk.effects("grant"))
    assert granted == {"active": 2 * waves, "revoked": waves}, granted
    assert families.on.desk.back_office.refunds() == []

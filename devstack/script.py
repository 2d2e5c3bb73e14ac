"""The demo's script: who does what in which state, and how each sample must end."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import yaml
from pydantic import Field, JsonValue, TypeAdapter, ValidationError
from rich.table import Table
from temporalio.client import Client, WorkflowExecutionStatus

from devstack.settings import StackSettings
from devstack.website.service import arm as arm_website
from dispatch.http import http_client
from dispatch.models.contract import Contract
from dispatch.models.errors import DevStackError, DispatchError
from dispatch.models.people.decision import DecisionType
from dispatch.models.request.message_names import MessageName
from dispatch.models.request.status import Ending, Status
from dispatch.models.request.submission import RECEPTION
from dispatch.models.trail import Outcome
from dispatch.models.work.guidance import RespondPurpose
from dispatch.process.family.dividing import part_id
from dispatch.storage.private_folders import make_private
from runtime.gateway import Gateway
from runtime.gateway_types import ExtensionOutcome, decision_for

_LOOK_SECONDS: Final = 0.3
QUICK: Final = {"give_up_after": "15 seconds", "follow_up_after": "20 seconds"}
"""The waits that the demo shortens in the playbooks; everything else is as shipped."""
ANSWER_AFTER: Final = "12 seconds"
"""Likewise, how long the answer to a request for several desks waits for its parts: in one of the samples a part takes longer."""
UNANSWERED: Final = "25 seconds"
"""How long a question waits if the script decides: one of the samples is never answered."""


class Act(Contract):
    """One person's step, due in the state `when`."""

    when: str
    decision: DecisionType | None = None
    by: str = "requester"
    reason: str = ""
    reason_for_requester: str = ""
    purpose: RespondPurpose | None = None
    edits: dict[str, JsonValue] = Field(default_factory=dict)
    signed: bool = Field(default=False, description="with the key that the key store holds of `by`")
    answer: dict[str, str] | None = None
    extend_seconds: int | None = None
    withdraw: str | None = None
    after_seconds: float = Field(default=0, ge=0, description="how long the person takes")
    faults: tuple[dict[str, Any], ...] = ()


class Sample(Contract):
    """A request, what it demonstrates, who does what, and its expected ending."""

    file: str
    shows: str
    ending: Ending
    people: tuple[Act, ...] = ()
    parts: dict[str, tuple[Act, ...]] = Field(
        default_factory=dict, description="of a request for several desks, who does what in whose part"
    )


def load_script(path: Path) -> tuple[Sample, ...]:
    """Read the script; raises DevStackError that names the error in it."""
    try:
        return TypeAdapter(tuple[Sample, ...]).validate_python(
            yaml.safe_load(path.read_text(encoding="utf-8"))
        )
    except (OSError, yaml.YAMLError, ValidationError) as error:
        raise DevStackError(f"{path}: {error}") from None


Sign = Callable[[str, Mapping[str, JsonValue]], dict[str, JsonValue]]
"""Signs a decision as a person, named first."""


def _nobody_signs(name: str, _decision: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    raise DevStackError(f"the script's decision by {name} is due signed, and no key is at hand")


async def play(
    client: Client,
    request_id: str,
    sample: Sample,
    *,
    arm: Callable[[Mapping[str, Any]], Awaitable[None]],
    sign: Sign = _nobody_signs,
    seen: Callable[[Status], None] = lambda _: None,
    poll_seconds: float = 0.3,
) -> Outcome:
    """Play the people's part for one request and its parts until it has ended; `arm` arms a fault. Returns its outcome.

    `seen` is told of the request alone. Raises DevStackError if a decision is refused, or cannot be signed.
    """
    in_parts = [
        asyncio.create_task(
            _play_part(client, part_id(request_id, None if desk == RECEPTION else desk), acts, arm, sign)
        )
        for desk, acts in sample.parts.items()
    ]
    whole = asyncio.create_task(_play(client, request_id, sample.people, arm, sign, seen, poll_seconds))
    try:
        running = {whole, *in_parts}
        while whole in running:
            done, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            for task in done - {whole}:
                task.result()
    finally:
        for task in (whole, *in_parts):
            task.cancel()
        await asyncio.gather(whole, *in_parts, return_exceptions=True)
    return whole.result()


async def _play_part(
    client: Client,
    request_id: str,
    acts: Sequence[Act],
    arm: Callable[[Mapping[str, Any]], Awaitable[None]],
    sign: Sign,
) -> None:
    """Play one desk's part, once that has begun."""
    gateway = Gateway.over(client)
    while True:
        try:
            await gateway.describe(request_id)
            break
        except DispatchError:
            await asyncio.sleep(_LOOK_SECONDS)
    await _play(client, request_id, acts, arm, sign, lambda _: None, _LOOK_SECONDS)


async def _play(
    client: Client,
    request_id: str,
    people: Sequence[Act],
    arm: Callable[[Mapping[str, Any]], Awaitable[None]],
    sign: Sign,
    seen: Callable[[Status], None],
    poll_seconds: float,
) -> Outcome:
    handle, gateway = client.get_workflow_handle(request_id, result_type=Outcome), Gateway.over(client)
    acts = list(people)
    done_at: tuple[object, ...] | None = None
    while (await handle.describe()).status is WorkflowExecutionStatus.RUNNING:
        try:
            status = await gateway.status(request_id)
        except DispatchError:
            await asyncio.sleep(poll_seconds)
            continue
        seen(status)
        awaiting = status.review_point.awaiting  # the remaining one of two approvals of one subject
        point = (status.state, status.proposal_id, status.action_digest, status.questions, awaiting)
        if acts and acts[0].when == status.state and point != done_at:
            act = acts.pop(0)
            await asyncio.sleep(act.after_seconds)
            for fault in act.faults:
                await arm(fault)
            await _perform(gateway, request_id, act, status, sign)
            done_at = point
        await asyncio.sleep(poll_seconds)
    outcome: Outcome = await handle.result()
    return outcome


async def arm(settings: StackSettings, fault: Mapping[str, Any]) -> None:
    """Arm one of the faults that a script names, in the stand-in that it names as `at`; by default the back office."""
    fault = dict(fault)
    if fault.get("at") == "website":
        await arm_website(settings.site_url, fault)
        return
    stand_ins = {
        "back_office": (settings.back_office_url, settings.back_office_write_key),
        "helpdesk": (settings.helpdesk_url, settings.helpdesk_write_key),
        "marketing": (settings.posts_url, settings.posts_write_key),
    }
    url, key = stand_ins[fault.pop("at", "back_office")]
    async with http_client(
        base_url=url, key=key.get_secret_value(), timeout_seconds=settings.client_timeout_seconds
    ) as stand_in:
        (await stand_in.post("/faults", json=fault)).raise_for_status()


async def _perform(gateway: Gateway, request_id: str, act: Act, status: Status, sign: Sign) -> None:
    if act.answer is not None:
        await gateway.signal(request_id, "answer", {"fields": {**act.answer}})
    elif act.withdraw is not None:
        await gateway.signal(request_id, "withdraw", {"reason": act.withdraw})
    elif act.extend_seconds is not None:
        until = (datetime.now(UTC) + timedelta(seconds=act.extend_seconds)).isoformat()
        extension: dict[str, JsonValue] = {"approver": act.by, "deadline": until, "reason": act.reason}
        moved = await gateway.update(request_id, MessageName.EXTEND, extension, ExtensionOutcome)
        if not moved.accepted:
            raise DevStackError(f"the script's extension of {request_id} was refused: {moved.reason}")
    elif act.decision is not None:
        decision = decision_for(
            act.decision,
            act.by,
            status.proposal_id or "",
            status.action_digest or "",
            act.reason,
            act.edits,
            purpose=act.purpose,
            reason_for_requester=act.reason_for_requester,
        )
        if act.signed:
            decision = sign(act.by, decision)
        outcome = await gateway.decide(request_id, decision)
        if not (outcome.accepted or outcome.kept):
            raise DevStackError(f"the script's {act.decision} on {request_id} was refused: {outcome.reason}")


def shorten(document: dict[str, Any], *, played: bool) -> None:
    """Shorten a playbook's waits; where the script plays the people's part (`played`), those for answers too."""
    policies = [*document.get("guardian", {}).get("actions", {}).values()]
    policies += [contact["policy"]] if "policy" in (contact := document.get("contact") or {}) else []
    for action in policies:
        action["give_up_after"] = QUICK["give_up_after"]
        if "follow_up_after" in action:
            action["follow_up_after"] = QUICK["follow_up_after"]
    if played and "routing" in document and "approvers" in document["routing"]:
        document["answer_after"] = ANSWER_AFTER
    if played and "missing_information" in document:
        document["missing_information"] |= {"reminders": [], "deadline": UNANSWERED}


def write_playbooks(
    folder: Path,
    files: Mapping[str, Path],
    *,
    played: bool,
    change: Callable[[str, dict[str, Any]], None] = lambda _desk, _document: None,
) -> None:
    """Copy playbooks with the demo's shorter waits into `folder`; `change` is what else is to be changed in each."""
    make_private(folder)
    for desk, file in files.items():
        document = yaml.safe_load(file.read_text(encoding="utf-8"))
        shorten(document, played=played)
        change(desk, document)
        text = yaml.safe_dump(document, allow_unicode=True, sort_keys=False)
        (folder / f"{desk}.yaml").write_text(text, encoding="utf-8")


def summary_of(results: Sequence[tuple[Sample, Outcome | str]]) -> tuple[Table, int]:
    """Return how each sample ended beside how it must, and how many ended otherwise."""
    table = Table("sample", "shows", "must end", "ended", title="Summary")
    wrong = 0
    for sample, outcome in results:
        ended = outcome if isinstance(outcome, str) else outcome.ending
        left = (
            [] if isinstance(outcome, str) else [i.item_id for i in outcome.items if i.disposition == "open"]
        )
        good = ended == sample.ending and (not left or sample.ending != "done")
        wrong += not good
        mark = "" if good else "[red]"
        table.add_row(
            sample.file,
            sample.shows,
            sample.ending,
            f"{mark}{ended}{f' (left over: {left})' if left and not good else ''}",
        )
    return table, wrong

"""The recordings of roles that language models do, against a scripted server: an answer, a repair, fallbacks, a budget."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from temporalio.client import Client, WorkflowHistory

from dispatch.models.errors import DevStackError
from dispatch.models.work.model_use import ModelFailure, ModelOutcome
from tests.language_models.model_desk import ask, model_desk, sorting_playbook, uses
from tests.language_models.scripted_server import Scene, says, scripted_server, silent

_SURE: Final = {"item-1": {"garden": 0.9, "house": 0.1}}


class _Recording(NamedTuple):
    scenes: tuple[Scene, ...]
    came_to: ModelOutcome | ModelFailure
    role: Mapping[str, Any] = {}
    models: Mapping[str, Any] = {}
    waits: bool = False


_RECORDINGS: Final = {
    "by-model": _Recording((says(_SURE),), ModelOutcome.ACCEPTED),
    "by-model-repaired": _Recording((says({"item-1": {}}), says(_SURE)), ModelOutcome.REPAIRED),
    "by-model-rules-instead": _Recording((silent(),), ModelFailure.TIMEOUT),
    "by-model-person-instead": _Recording(
        (says("no"),), ModelFailure.NOT_JSON, role={"fallback": "person"}, waits=True
    ),
    "by-model-over-budget": _Recording(
        (says(_SURE),), ModelFailure.OVER_BUDGET, models={"budget": {"calls": 0}}
    ),
    "by-model-no-worker": _Recording(
        (says(_SURE),), ModelFailure.NO_WORKER, role={"model": "large"}, models={"give_up_after": "1 second"}
    ),
}


async def record_models(client: Client, folder: Path) -> dict[str, WorkflowHistory]:
    """Return the histories by name. Raises DevStackError where a question came to something else."""
    histories: dict[str, WorkflowHistory] = {}
    for name, recording in _RECORDINGS.items():
        content = sorting_playbook(**recording.role)
        content["models"] = dict(recording.models)
        content["escalation"]["role_names"] = True
        own = folder / name
        own.mkdir(parents=True)
        async with scripted_server() as server, model_desk(client, own, server, content) as desk:
            server.play(*recording.scenes)
            case = await ask(desk)
            if recording.waits:
                await case.until("escalated")
                await case.decide("settle", by="ana", reason="told them where the saw is")
            await case.outcome()
            (told,) = await uses(case)
            if told.use is None or recording.came_to not in {told.use.outcome, told.use.failure}:
                raise DevStackError(f"{name}: {told.why}; nothing is replaced")
            histories[name] = await case.handle.fetch_history()
    return histories

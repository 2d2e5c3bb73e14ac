"""`make bench-models`: roles that a model does; writes var/bench/models.json.

The model is a script on the loopback that takes BENCH_MODEL_SECONDS (2) for each answer, so that what is measured is ours:
ten specialists in one group beside the slowest of them, requests with one such role at 50 in flight beside the same desk by
its rules, and what the worker holds. BENCH_REQUESTS is how many are submitted at 50 in flight (200).
"""

import asyncio
import copy
import json
import os
import statistics
import sys
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import yaml
from rich.console import Console

from bench.environment import BenchEnvironment, circumstances, results_folder, running_environment
from bench.figures import lap, machine, resident_mb, write
from bench.requests import outcome_of
from dispatch.models.request.submission import DocumentRef, Party, Submission, Trigger
from dispatch.models.trail import EntryKind, Outcome
from runtime.gateway import Gateway
from runtime.lifecycle import run_to_end
from tests.language_models.scripted_server import Scene, says, scripted_server
from tests.roles.yaml_desk import playbook, write_desk

SPECIALISTS: Final = 10
IN_FLIGHT: Final = 50
MOST_OVER_SLOWEST: Final = 1.15
_CONCURRENCY: Final = 64
_WIDE, _ONE, _RULES = "bench_wide", "bench_one", "bench_rules"
_SAYS: Final = {"item-1": {"garden": 0.9, "house": 0.1}}
_PROMPT: Final = "version: 1\nSay what the tool is for.\n"


async def main() -> int:
    """Measure, print, write models.json; 1 where parallel questions do not run in parallel."""
    facts, seconds = machine(), float(os.environ.get("BENCH_MODEL_SECONDS", "2"))
    count = int(os.environ.get("BENCH_REQUESTS", "200"))
    folder = results_folder().absolute() / "models-desks"
    async with scripted_server() as server:
        server.play(_late(seconds))
        variables = _written(folder, server.url)
        async with asyncio.timeout(290), running_environment("models", variables) as environment:
            idle = resident_mb(environment.worker)
            await _done(environment, _WIDE)
            walls = [_walls(await _done(environment, _WIDE)) for _ in range(5)]
            by_rules = await lap(lambda: _done(environment, _RULES), count, IN_FLIGHT)
            by_model = await lap(lambda: _done(environment, _ONE), count, IN_FLIGHT)
            held = resident_mb(environment.worker)
    ratio = statistics.median(wall / slowest for wall, slowest in walls)
    result = {
        **facts,
        **circumstances(environment.settings),
        "model_seconds": seconds,
        "parallel": {
            "specialists": SPECIALISTS,
            "wall_seconds": round(statistics.median(wall for wall, _ in walls), 2),
            "slowest_seconds": round(statistics.median(slowest for _, slowest in walls), 2),
            "ratio_to_slowest": round(ratio, 3),
        },
        "in_flight": {
            "requests": IN_FLIGHT,
            "requests_per_second": round(by_model.per_second, 2),
            "requests_per_second_by_rules": round(by_rules.per_second, 2),
            "ratio_to_rules": round(by_model.per_second / by_rules.per_second, 2),
            "most_possible": round(IN_FLIGHT / seconds, 2),
        },
        "worker_memory_mb": {"idle": idle, "after": held},
    }
    write(results_folder() / "models.json", result)
    console = Console()
    console.print_json(json.dumps(result))
    console.print(f"written: {results_folder() / 'models.json'}")
    return int(ratio > MOST_OVER_SLOWEST)


def _late(seconds: float) -> Scene:
    answer = says(_SAYS)

    async def scene(writer: asyncio.StreamWriter, asked: dict[str, Any]) -> None:
        await asyncio.sleep(seconds)
        await answer(writer, asked)

    return scene


def _written(folder: Path, url: str) -> dict[str, str]:
    """Write the desks and the file of models; returns the variables that name them."""
    folder.mkdir(parents=True, exist_ok=True)
    for desk, specialists, backend in (
        (_WIDE, SPECIALISTS, "model"),
        (_ONE, 1, "model"),
        (_RULES, 1, "rules"),
    ):
        home = write_desk(folder / "desks", _desk(desk, specialists, backend))
        (home / "prompts").mkdir(exist_ok=True)
        (home / "prompts" / "classify.md").write_text(_PROMPT, encoding="utf-8")
    file = folder / "models.yaml"
    entry = {"url": url, "id": "m", "concurrency": _CONCURRENCY}
    file.write_text(yaml.safe_dump({"models": {"slow": entry}}), encoding="utf-8")
    return {"DISPATCH_DESKS_DIR": str(folder / "desks"), "DISPATCH_MODELS_FILE": str(file)}


def _desk(name: str, specialists: int, backend: str) -> dict[str, Any]:
    content = playbook()
    names = [f"purpose_{n}" for n in range(specialists)]
    by = {"backend": "model", "model": "slow"} if backend == "model" else {}
    labels = {"labels": {"garden": ["saw"], "house": ["drill"]}, "sure": 0.6}
    paragraph = {
        "name": "garden",
        "when": [{"value": f"{names[0]}.label", "equals": "garden"}],
        "text": "That is in the garden cupboard.",
    }
    content["desk"] = name
    content["specialists"] = {
        **{each: {"role": "classify", **by, "config": copy.deepcopy(labels)} for each in names},
        "reply": {"role": "write", "config": {"paragraphs": [paragraph]}},
    }
    content["intents"]["borrow"]["specialists"] = [*names, "reply"]
    content["plan"] |= {"groups": [names, ["reply"]], "max_specialists": specialists + 1}
    content["review"]["reviewers"] = {
        "rubric": {"role": "judge", "config": {"checks": [{"name": "short", "max_chars": 2000}]}}
    }
    return content


async def _done(environment: BenchEnvironment, desk: str) -> Outcome:
    submission = Submission(
        trigger=Trigger(
            kind="mail", trigger_id=f"<{uuid.uuid4()}@bench>", received_at=datetime.now(UTC), content=""
        ),
        sender=Party(address="kim@club.example"),
        subject="A question",
        body="May I borrow a saw?",
        desk=desk,
        source=DocumentRef(sha256="0" * 64, size_bytes=0, media_type="message/rfc822", name="bench.eml"),
    )
    started = await Gateway.over(environment.client).submit(environment.settings, submission)
    return await outcome_of(environment.client, started.request_id)


def _walls(outcome: Outcome) -> tuple[float, float]:
    """Return how long the group of specialists took, and how long the slowest of its questions, in seconds."""
    used = [entry for entry in outcome.trail if entry.kind is EntryKind.MODEL and entry.use is not None]
    begun = min(e.at for e in outcome.trail if e.receiver.startswith("specialist.") and e.use is None)
    wall = (max(entry.at for entry in used) - begun).total_seconds()
    return wall, max(entry.use.seconds for entry in used if entry.use is not None)


if __name__ == "__main__":
    sys.exit(run_to_end(main))

"""The recorded histories: where they lie, how they are written and read, and how each ended, by its own last event.

They are kept compressed: more than half of one is payloads in base64, which nobody reads in a diff, and a version's would
weigh 3.6 MB instead of 0.7. What a change means is read in the diff of the trails beside them (tests/replay/trails).
"""

import gzip
import json
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from temporalio.client import WorkflowHistory

ROOT: Final = Path(__file__).parents[2]
HISTORIES: Final = ROOT / "tests" / "replay" / "histories"


@dataclass(frozen=True)
class Recorded:
    """One history, as a desk of `version` wrote it."""

    path: Path

    @property
    def name(self) -> str:
        return self.path.name.split(".json")[0]

    @property
    def version(self) -> str:
        return self.path.parent.name

    def text(self) -> str:
        """Return the JSON that Temporal gives for it."""
        raw = self.path.read_bytes()
        return (gzip.decompress(raw) if self.path.suffix == ".gz" else raw).decode()

    def read(self) -> WorkflowHistory:
        document = json.loads(self.text())
        started = document["events"][0]["workflowExecutionStartedEventAttributes"]
        return WorkflowHistory.from_json(started["workflowId"], document)


def version() -> str:
    """Name the folder of what the desk records now."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return f"v{project['project']['version']}"


def all_recorded() -> list[Recorded]:
    """Return every history of every version."""
    return [Recorded(path) for path in sorted(HISTORIES.glob("*/*.json*"))]


def write(folder: Path, name: str, history: WorkflowHistory) -> Path:
    """Write one history; the same history makes the same bytes."""
    path = folder / f"{name}.json.gz"
    path.write_bytes(gzip.compress((history.to_json() + "\n").encode(), mtime=0))
    return path


def workflow_type(history: WorkflowHistory) -> str:
    return history.events[0].workflow_execution_started_event_attributes.workflow_type.name


def ended_as(history: WorkflowHistory) -> str:
    """Return the ending of a request, the verdict of a follow-up; 'open' for one that has no end."""
    last = history.events[-1]
    if last.HasField("workflow_execution_canceled_event_attributes"):
        return "cancelled"
    if not last.HasField("workflow_execution_completed_event_attributes"):
        return "open"
    result: dict[str, Any] = json.loads(
        last.workflow_execution_completed_event_attributes.result.payloads[0].data
    )
    return str(result.get("ending") or result.get("verdict") or "completed")

"""The golden trails beside the recorded histories: what the audit reads out of each, byte for byte."""

import shutil
from pathlib import Path
from typing import Final

from dispatch.audit.read.history import events_in
from dispatch.audit.read.trail import as_json, trail_of_events
from tests.replay.recorded import ROOT, Recorded, all_recorded, version

TRAILS: Final = ROOT / "tests" / "replay" / "trails"


def golden(recorded: Recorded) -> Path:
    """Describe where the trail of a recorded history lies."""
    return TRAILS / recorded.version / f"{recorded.name}.json"


def trail_text(recorded: Recorded) -> str:
    """Read the trail of a recorded history with the code as it is now."""
    return as_json(trail_of_events(events_in(recorded.path)))


def write_trails() -> int:
    """Write the golden trails of this version anew, and those missing of others; returns how many were written.

    A released version's trail that is there is never touched: what an auditor was shown stays what is shown.
    """
    shutil.rmtree(TRAILS / version(), ignore_errors=True)
    missing = [recorded for recorded in all_recorded() if not golden(recorded).exists()]
    for recorded in missing:
        golden(recorded).parent.mkdir(parents=True, exist_ok=True)
        golden(recorded).write_text(trail_text(recorded), encoding="utf-8")
    return len(missing)

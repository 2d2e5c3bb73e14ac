"""Exported histories as they are found: plain, packed, of several runs, old, long, large, or broken."""

import gzip
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.json_format import MessageToDict
from temporalio.api.history.v1 import HistoryEvent

from dispatch.audit.models import Judgement
from dispatch.audit.read.history import HistoryError, events_in
from dispatch.audit.read.trail import as_json, trail_of_events, unaccounted
from tests.audit.made import Made, check_result, decision, handoff
from tests.replay.recorded import all_recorded

RECORDED = next(recorded for recorded in all_recorded() if recorded.name == "05-refund-approved")
MOST_MEGABYTES = 100
"""Generous: about 20 were measured for each; the large one, held at once as Python objects, would take 100 and more."""
MEASURE = """
import resource, sys
from pathlib import Path
from dispatch.audit.read.history import events_in
from dispatch.audit.read.trail import trail_of_events
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
trail = trail_of_events(events_in(Path(sys.argv[1])))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""
"""Prints by how many KB the process has grown."""


def exported(path: Path, *histories: list[HistoryEvent]) -> Path:
    """Write histories as the store does: a document with its runs."""
    runs = [{"run_id": "r", "events": [MessageToDict(event) for event in events]} for events in histories]
    path.write_text(json.dumps({"format": "x", "runs": runs}), encoding="utf-8")
    return path


def document() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(RECORDED.text())
    return found


def test_it_reads_what_temporal_wrote() -> None:
    """The same events as the SDK reads."""
    assert list(events_in(RECORDED.path)) == list(RECORDED.read().events)


def test_packed_files_are_read_as_they_are(tmp_path: Path) -> None:
    """Told by their first bytes and not by their names."""
    packed, plain = tmp_path / "packed", tmp_path / "plain"
    packed.write_bytes(gzip.compress(RECORDED.text().encode()))
    plain.write_text(RECORDED.text(), encoding="utf-8")
    assert list(events_in(packed)) == list(events_in(plain))


def test_several_runs_in_one_file_or_in_several_are_one_history(tmp_path: Path) -> None:
    """In the order in which they are given."""
    first, second = Made(), Made(second=50)
    first.started()
    second.started(continues="run-0")
    second.completed()
    together = exported(tmp_path / "both.json", first.events, second.events)
    apart = [exported(tmp_path / f"{n}.json", made.events) for n, made in enumerate((first, second))]
    trail = trail_of_events(events_in(together))
    assert as_json(trail) == as_json(trail_of_events(events_in(*apart)))
    assert (len(trail.runs), trail.ending) == (2, "done")


def test_older_names_and_newer_fields_are_read(tmp_path: Path) -> None:
    """Old exports name event types otherwise, and a newer server writes fields that we do not know."""
    old = document()
    for event in old["events"]:
        words = event["eventType"].removeprefix("EVENT_TYPE_").split("_")
        event["eventType"] = "".join(word.capitalize() for word in words)
        event["inventedLater"] = {"x": 1}
    path = tmp_path / "old.json"
    path.write_text(json.dumps(old), encoding="utf-8")
    assert list(events_in(path)) == list(events_in(RECORDED.path))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "holds no list of events"),
        (b"# A text", "holds no list of events"),
        (b'{"events": []}', "holds no list of events"),
        (b'{"events": [{"eventId": "1"', "is cut off or no JSON"),
        (b'{"events": [1]}', "event 1 is no object"),
        (b'{"events": [{"eventId": {"x": 1}}]}', "event 1 is no event of a history"),
        (b"\xff\xfe\x00", "cannot be read"),
        (b"\x1f\x8bnot packed", "cannot be read"),
    ],
)
def test_what_is_no_history_is_one_sentence(tmp_path: Path, content: bytes, said: str) -> None:
    """It names the file."""
    path = tmp_path / "broken.json"
    path.write_bytes(content)
    with pytest.raises(HistoryError, match=said) as raised:
        list(events_in(path))
    assert str(path) in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_file_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    """And names it."""
    with pytest.raises(HistoryError, match="cannot be read"):
        list(events_in(tmp_path / "none.json"))


def long_history() -> list[HistoryEvent]:
    """10,000 events: a flood of decisions at a gate, all but one refused by a check of its own."""
    made = Made()
    made.started()
    for number in range(2_000):
        made.signal("decide", decision(number, approver="a" * 50))
        made.task()
        made.local("verify_decision", check_result(decision(number), accepted=number == 1_999))
    made.completed()
    return made.events


def large_history() -> list[HistoryEvent]:
    """20 MB: eleven findings near the largest payload that Temporal takes."""
    made = Made()
    made.started()
    for number in range(11):
        answer = {"status": "found", "summary": "x" * 1_900_000, "evidence": [{"evidence_id": f"e{number}"}]}
        made.activity("specialist.x", {"handoff": handoff(number, "specialist.x")}, answer)
    made.completed()
    return made.events


@pytest.fixture(params=[long_history, large_history], ids=["long", "large"])
def big(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return exported(tmp_path / "big.json", request.param())


def test_a_long_and_a_large_history_are_read_in_bounded_memory(big: Path) -> None:
    """Event by event, in a process of its own: its memory grows by far less than the whole would take."""
    grown = subprocess.run(
        [sys.executable, "-c", MEASURE, str(big)], check=True, capture_output=True, text=True
    )
    assert int(grown.stdout) < MOST_MEGABYTES << 10


def test_in_a_long_and_a_large_history_nothing_is_left_over(big: Path) -> None:
    """Every event is in an entry or is internal, and every message is judged."""
    trail = trail_of_events(events_in(big))
    assert unaccounted(events_in(big), trail.entries) == ()
    assert all(message.judgement is not Judgement.NOT_JUDGED for message in trail.messages)
    assert trail.ending == "done"

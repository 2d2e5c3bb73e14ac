"""What the audit reads out of the recorded histories stays the same, byte for byte, with newer code."""

import difflib
import json
from functools import cache

import pytest

from dispatch.audit.models import AuditKind, Judgement, Rest, Trail
from dispatch.audit.read.chain import chain_of, effects, unfounded
from dispatch.audit.read.history import events_in
from dispatch.audit.read.trail import invented, trail_of_events, unaccounted
from dispatch.models.trail import EntryKind
from tests.replay.recorded import Recorded, all_recorded, ended_as, workflow_type
from tests.replay.trails import TRAILS, golden, trail_text

RECORDED = all_recorded()
REQUESTS = {"Coordinator", "FollowUp"}
RUNBOOK = """
{name} of {version} gives another trail than the one kept beside it ({path}):

{difference}

An auditor who read this history before would now be shown something else.

1. Was that meant? If not, undo it: `git diff dispatch/audit dispatch/audit/models.py` shows where.
2. If the reading of this version's histories was wrong or lacked something, and the version in pyproject.toml is not
   released, `make trails` writes its trails again (`make record` does so after recording).
3. The trails of a released version change only where they were wrong, never for looks: say what was wrong in the
   changelog, delete the files concerned by name, and `make trails` writes what is missing. A new field that is empty
   in old histories changes nothing, for empty fields are left out; one that old histories fill is such a change.
"""

every_history = pytest.mark.parametrize("recorded", RECORDED, ids=lambda r: f"{r.version}/{r.name}")


@cache
def read(recorded: Recorded) -> Trail:
    """Read a trail once for all that is asked of it; it is frozen."""
    return trail_of_events(events_in(recorded.path))


@every_history
def test_a_recorded_history_gives_the_trail_kept_beside_it(recorded: Recorded) -> None:
    """Byte for byte; the text of a failure says when a change is allowed."""
    path = golden(recorded)
    assert path.exists(), f"{recorded.name} has no trail beside it; `make trails` writes it"
    kept, now = path.read_text(encoding="utf-8"), trail_text(recorded)
    if kept != now:
        lines = difflib.unified_diff(kept.splitlines(), now.splitlines(), "kept", "now", lineterm="", n=2)
        pytest.fail(
            RUNBOOK.format(
                name=recorded.name,
                version=recorded.version,
                path=path,
                difference="\n".join(list(lines)[:60]),
            ),
            pytrace=False,
        )


@every_history
def test_nothing_in_a_history_is_left_over_and_nothing_is_added(recorded: Recorded) -> None:
    """Each event is in an entry or in a stated class of internal events; each entry names events that are there."""
    trail = read(recorded)
    assert unaccounted(events_in(recorded.path), trail.entries) == ()
    assert invented(events_in(recorded.path), trail.entries) == ()
    assert trail.discrepancies == ()
    assert not [entry for entry in trail.entries if entry.kind is AuditKind.OTHER]


@every_history
def test_every_effect_has_its_chain(recorded: Recorded) -> None:
    """Back to a person's decision or a tier that needed none, to the evidence, and to the trigger."""
    trail = read(recorded)
    assert unfounded(trail) == ()
    for entry in effects(trail):
        chain = chain_of(trail, entry)
        assert chain.entries[0] == 1
        if entry.kind is not AuditKind.COMPENSATION:
            assert chain.rests_on in {Rest.DECISION, Rest.TIER}
            assert list(chain.evidence) == entry.facts.get("evidence", [])


@every_history
def test_every_message_is_judged(recorded: Recorded) -> None:
    """No signal and no update of a request that came to its end is without a word on what became of it."""
    if workflow_type(recorded.read()) not in REQUESTS:
        return  # what activities ask of a quota is no message to a request
    trail = read(recorded)
    assert not [message for message in trail.messages if message.judgement is Judgement.NOT_JUDGED]


@every_history
def test_the_trail_ends_as_the_history_does(recorded: Recorded) -> None:
    """By the last event, as the replay tests read it."""
    assert read(recorded).ending == ended_as(recorded.read())


@every_history
def test_the_trail_holds_what_the_desk_recorded_itself(recorded: Recorded) -> None:
    """Each effect, compensation, refusal, decision and reminder of the outcome's own record has an entry."""
    trail = read(recorded)
    last = recorded.read().events[-1].workflow_execution_completed_event_attributes
    record = json.loads(last.result.payloads[0].data).get("trail") if last.result.payloads else None
    if record is None:
        return  # cancelled, or a follow-up: the history is all there is
    kinds = [entry.kind for entry in trail.entries]
    ours = {
        EntryKind.REMINDER: kinds.count(AuditKind.REMINDER),
        EntryKind.REFUSED: kinds.count(AuditKind.REFUSAL),
        EntryKind.COMPENSATION: kinds.count(AuditKind.COMPENSATION),
        EntryKind.VERIFICATION: kinds.count(AuditKind.VERIFICATION),
    }
    recorded_kinds = [entry["kind"] for entry in record]
    for kind, count in ours.items():
        assert count >= recorded_kinds.count(kind), kind
    done = [e["why"].rpartition(": ")[2] for e in record if e["kind"] == "effect" and "done" in e["why"]]
    assert done == [e.facts["effect_id"] for e in trail.entries if e.kind is AuditKind.ACTION]


def test_no_trail_is_without_its_history() -> None:
    """What lies in tests/replay/trails belongs to a history that is still there."""
    assert set(TRAILS.glob("*/*.json")) <= {golden(recorded) for recorded in RECORDED}

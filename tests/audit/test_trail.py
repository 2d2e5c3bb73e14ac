"""What the trail reads out of single events and their combinations, on histories written by hand."""

import hashlib
import json
from typing import Any

import pytest
from google.protobuf.json_format import MessageToJson
from temporalio.api.common.v1 import Payload, Payloads, SearchAttributes
from temporalio.api.enums.v1 import TimeoutType, WorkflowTaskFailedCause

from dispatch.audit.models import AuditEntry, AuditKind, Judgement, Trail
from dispatch.audit.read.steps import status_changes
from dispatch.audit.read.trail import TrailReader, as_json, invented, trail_of_events, unaccounted
from tests.audit.made import SUBMISSION, Made, check_result, decision, handoff, payload, payloads


def read(*made: Made) -> Trail:
    """Read one history, or several as the chain that a request went on in; nothing may be left over."""
    events = [event for one in made for event in one.events]
    trail = trail_of_events(events)
    assert unaccounted(events, trail.entries) == ()
    assert invented(events, trail.entries) == ()
    return trail


def only(trail: Trail, kind: AuditKind) -> AuditEntry:
    (entry,) = (entry for entry in trail.entries if entry.kind is kind)
    return entry


@pytest.fixture
def made() -> Made:
    history = Made()
    history.started()
    history.task()
    return history


def test_the_trigger_says_who_asked_for_what(made: Made) -> None:
    """And the digest is that of the payload's bytes."""
    trigger = only(read(made), AuditKind.TRIGGER)
    assert (trigger.sender, trigger.what, trigger.event_ids) == ("ada@mail.example", "mail <1@test>", (1,))
    assert trigger.facts["body"] == SUBMISSION["body"]
    assert trigger.digest == hashlib.sha256(payload(SUBMISSION).data).hexdigest()


def test_the_branches_of_the_code_are_no_place_where_it_stands(made: Made) -> None:
    """The search attribute that the SDK writes beside a version marker is internal, as the marker is."""
    made.add("MARKER_RECORDED", marker_name="core_patch")
    versions = SearchAttributes(indexed_fields={"TemporalChangeVersion": payload(["what-changed"])})
    written = made.add("UPSERT_WORKFLOW_SEARCH_ATTRIBUTES", search_attributes=versions)
    trail = read(made)
    assert all(entry.kind is not AuditKind.STATUS for entry in trail.entries)
    (markers,) = (kept for kept in trail.internal_events if kept.reason.startswith("version markers"))
    assert markers.event_ids == (written - 1, written)
    stood = SearchAttributes(
        indexed_fields={
            "RequestState": payload("review"),
            "NextOwner": payload("coordinator"),
            "TemporalChangeVersion": payload(["what-changed"]),
        }
    )
    made.add("UPSERT_WORKFLOW_SEARCH_ATTRIBUTES", search_attributes=stood)
    assert only(read(made), AuditKind.STATUS).what == "review"
    events = [json.loads(MessageToJson(event)) for event in made.events]
    assert [(stand.state, stand.owner) for stand in status_changes(events)] == [("review", "coordinator")]


def test_a_regular_activity_is_a_handoff_and_an_answer(made: Made) -> None:
    """With who handed what to whom, why, and what came back."""
    end = made.activity(
        "specialist.order_history",
        {"handoff": handoff(4, "specialist.order_history", why="the plan calls it")},
        {"status": "found", "summary": "an order", "evidence": [{"evidence_id": "e1", "text": "paid"}]},
    )
    trail = read(made)
    given, found = only(trail, AuditKind.HANDOFF), only(trail, AuditKind.FINDING)
    assert (given.receiver, given.why, given.facts["record"]) == (
        "specialist.order_history",
        "the plan calls it",
        4,
    )
    assert (found.sender, found.what, found.why) == ("specialist.order_history", "found", "an order")
    assert (given.event_ids, found.event_ids, found.because) == ((end - 2, end - 1), (end,), (1, given.seq))
    assert found.facts["evidence"] == [{"evidence_id": "e1", "text": "paid"}]


def test_a_read_that_failed_locally_and_goes_on_is_one_handoff(made: Made) -> None:
    """The attempt within the coordinator's turn is a retry of the handoff that the queued activity names."""
    failed = made.local("specialist.order_history", failure="no answer", why="the plan calls it")
    made.activity(
        "specialist.order_history",
        {"handoff": handoff(4, "specialist.order_history", why="the plan calls it")},
        {"status": "nothing", "summary": "no order"},
        summary="the plan calls it",
    )
    trail = read(made)
    given, tried = only(trail, AuditKind.HANDOFF), only(trail, AuditKind.RETRY)
    assert (given.facts["record"], given.event_ids[0], tried.event_ids) == (4, failed, (failed,))
    assert (tried.why, given.seq in tried.because) == ("no answer", True)
    assert not [entry for entry in trail.entries if entry.kind is AuditKind.FAILURE]


def test_what_a_local_guardian_ruled_on_is_in_its_answer(made: Made) -> None:
    """Its guard result and its handoff name the action that the answer repeats."""
    bound = {"proposal_id": "p7", "digest": "d" * 64, "action": {"name": "send_reply", "subject": "reply"}}
    brief = {"handoff": handoff(5, "guardian"), "bound": bound}
    made.local("guardian.inspect", {"handoff": handoff(5, "guardian"), "decision": "allow", "brief": brief})
    trail = read(made)
    assert only(trail, AuditKind.GUARD_RESULT).what == "allow send_reply reply"
    assert only(trail, AuditKind.HANDOFF).facts["proposal_id"] == "p7"


def test_a_local_activity_is_both_in_one_event(made: Made) -> None:
    """Its input is in history only as the handoff that the answer echoes."""
    event = made.local(
        "plan", {"handoff": handoff(3, "planner"), "step": "ask", "rule": "r", "questions": [{"field": "x"}]}
    )
    trail = read(made)
    assert only(trail, AuditKind.HANDOFF).event_ids == only(trail, AuditKind.QUESTION).event_ids == (event,)
    assert (only(trail, AuditKind.QUESTION).what, only(trail, AuditKind.QUESTION).decided_by) == (
        "ask x",
        "rule r",
    )


def test_a_local_activity_that_failed_says_so(made: Made) -> None:
    """There is no answer to echo the handoff; the summary in history says why it was handed over."""
    made.local("assemble", failure="no draft", why="one draft from 3 findings")
    trail = read(made)
    assert only(trail, AuditKind.HANDOFF).why == "one draft from 3 findings"
    assert only(trail, AuditKind.FAILURE).what == "assemble failed: Broken"
    assert only(trail, AuditKind.FAILURE).why == "no draft"


def test_each_repeated_attempt_is_an_entry(made: Made) -> None:
    """With the failure of the attempt before it."""
    scheduled = made.scheduled("action.send_reply", {"handoff": handoff(7, "action.send_reply")})
    made.add("ACTIVITY_TASK_STARTED", scheduled_event_id=scheduled, attempt=3)
    failure = made.events[-1].activity_task_started_event_attributes.last_failure
    failure.message = "mail sink away"
    failure.application_failure_info.type = "UnavailableError"
    made.add("ACTIVITY_TASK_TIMED_OUT", scheduled_event_id=scheduled)
    timed_out = made.events[-1].activity_task_timed_out_event_attributes
    timed_out.failure.timeout_failure_info.timeout_type = TimeoutType.TIMEOUT_TYPE_START_TO_CLOSE
    trail = read(made)
    retry = only(trail, AuditKind.RETRY)
    assert (retry.what, retry.why, retry.facts) == (
        "attempt 3 of action.send_reply",
        "mail sink away",
        {"attempt": 3, "failure": "UnavailableError"},
    )
    assert only(trail, AuditKind.FAILURE).what == "action.send_reply failed: timeout"


@pytest.mark.parametrize(
    ("kind", "ending"),
    [
        ("WORKFLOW_EXECUTION_FAILED", "failed"),
        ("WORKFLOW_EXECUTION_TERMINATED", "terminated"),
        ("WORKFLOW_EXECUTION_TIMED_OUT", "timed_out"),
        ("WORKFLOW_EXECUTION_CANCELED", "cancelled"),
    ],
)
def test_a_request_that_did_not_complete_has_an_outcome_too(made: Made, kind: str, ending: str) -> None:
    """However it ended."""
    made.add(kind)
    trail = read(made)
    assert (trail.ending, only(trail, AuditKind.OUTCOME).what) == (ending, ending)
    assert trail.ended_at is not None


def test_who_terminated_it_and_why(made: Made) -> None:
    """Termination is somebody's word, and the only trace of it."""
    made.add("WORKFLOW_EXECUTION_TERMINATED", reason="test data", identity="root@host")
    outcome = only(read(made), AuditKind.OUTCOME)
    assert (outcome.sender, outcome.decided_by, outcome.why) == ("root@host", "root@host", "test data")


def test_an_open_request_has_a_trail_so_far(made: Made) -> None:
    """Without an outcome; what came in and was not judged is said."""
    made.signal("decide", decision())
    trail = read(made)
    assert (trail.ending, trail.ended_at) == ("open", None)
    assert [message.judgement for message in trail.messages] == [Judgement.NOT_JUDGED]
    assert only(trail, AuditKind.MESSAGE).what == "decide: received, not judged"


def test_a_signal_is_judged_by_the_check_that_names_it(made: Made) -> None:
    """Whatever came in between; the entry holds the signal and the check."""
    first, second = made.signal("decide", decision(1)), made.signal("decide", decision(2, approver="ben"))
    check = made.local("verify_decision", check_result(decision(2)) | {"signed_with": "SHA256:abc"})
    made.local("verify_decision", check_result(decision(1), accepted=False, reason="late"))
    trail = read(made)
    decided, refused = only(trail, AuditKind.DECISION), only(trail, AuditKind.REFUSAL)
    assert (decided.event_ids, decided.decided_by, decided.facts["signed_with"]) == (
        (second, check),
        "ben",
        "SHA256:abc",
    )
    assert (refused.event_ids, refused.why) == ((first, check + 1), "late")
    assert [message.judgement for message in trail.messages] == [Judgement.REFUSED, Judgement.ACCEPTED]


def test_an_update_is_judged_by_its_answer(made: Made) -> None:
    """One that is kept waits for its gate and is judged there."""
    made.update("u1", decision(1))
    made.told("u1", {"accepted": False, "kept": True, "reason": "no gate is open"})
    made.update("u2", "approve it")
    made.told("u2", {"accepted": False, "kept": False, "reason": "a decision is an object"})
    check = made.local("verify_decision", check_result(decision(1)))
    trail = read(made)
    decided, refused = only(trail, AuditKind.DECISION), only(trail, AuditKind.REFUSAL)
    assert decided.event_ids[-1] == check
    assert decided.facts["kept"] == "no gate is open"
    assert refused.why == "a decision is an object"


def test_an_update_that_failed_was_refused(made: Made) -> None:
    """With the failure's text as the reason."""
    made.update("u1", decision())
    made.add("WORKFLOW_EXECUTION_UPDATE_COMPLETED")
    completed = made.events[-1].workflow_execution_update_completed_event_attributes
    completed.meta.update_id = "u1"
    completed.outcome.failure.message = "the request is closed"
    assert only(read(made), AuditKind.REFUSAL).why == "the request is closed"


def test_the_desks_own_record_judges_the_rest_by_digest(made: Made) -> None:
    """A refusal that no activity made is in the outcome alone, with the digest of the message; two are never mixed up."""
    bad, good = {"approver": "ana", "junk": "ü"}, {"approver": "ana", "junk": 2}
    first, second = made.signal("decide", good), made.signal("decide", bad)
    digest = hashlib.sha256('{"approver":"ana","junk":"ü"}'.encode()).hexdigest()
    made.completed(trail=[{"kind": "refused", "what": "decide", "why": "no such field", "digest": digest}])
    trail = read(made)
    assert (only(trail, AuditKind.REFUSAL).event_ids, only(trail, AuditKind.REFUSAL).why) == (
        (second,),
        "no such field",
    )
    assert only(trail, AuditKind.MESSAGE).event_ids == (first,)


def test_a_record_kept_at_a_cancellation_adds_to_the_one_carried_over() -> None:
    """What an earlier history told is not told again, and so judges no other message of the same name."""
    first, second = Made(), Made()
    carried = {"seq": 1, "kind": "refused", "what": "decide", "why": "no such field", "digest": "a" * 64}
    first.started()
    first.signal("decide", {"junk": 1})
    first.add("WORKFLOW_EXECUTION_CONTINUED_AS_NEW", input=payloads(SUBMISSION, {"trail": [carried]}))
    second.started(SUBMISSION, {"trail": [carried]}, continues="run-0")
    second.signal("answer", {"junk": 2})
    second.signal("decide", {"junk": 3})
    late = {"seq": 3, "kind": "refused", "what": "answer", "why": "no answer", "digest": "b" * 64}
    kept = {"handoff": handoff(4, "record"), "trail": [carried, late]}
    second.local("write_trail", kept)
    trail = read(first, second)
    assert [(m.name, m.judgement.value, m.why) for m in trail.messages] == [
        ("decide", "refused", "no such field"),
        ("answer", "refused", "no answer"),
        ("decide", "received, not judged", ""),
    ]


def test_a_follow_up_that_went_on_in_a_new_history_tells_what_it_refused_before() -> None:
    """It carries its record within its input."""
    record = {"seq": 1, "kind": "refused", "what": "decide", "why": "no such field", "digest": "a" * 64}
    first, second = Made(), Made()
    first.started({"request_id": "r"})
    first.signal("decide", {"junk": 1})
    goes_on = {"request_id": "r", "snapshot": {"trail": [record]}}
    first.add("WORKFLOW_EXECUTION_CONTINUED_AS_NEW", input=payloads(goes_on))
    second.started(goes_on, continues="run-0")
    assert [m.why for m in read(first, second).messages] == ["no such field"]


def test_refusals_that_were_only_counted_are_refusals(made: Made) -> None:
    """The desk keeps the reasons of a hundred; of the rest it says how many."""
    for number in range(3):
        made.signal("answer", {"junk": number})
    made.completed(trail=[{"kind": "ending", "why": "done (3 further refused messages are in history)"}])
    assert {message.judgement for message in read(made).messages} == {Judgement.REFUSED}


def test_answers_are_judged_in_their_order(made: Made) -> None:
    """By what the check of each said; a message that is no answer is none of them."""
    made.signal("answer", "hello")
    made.signal("answer", {"fields": {"order_number": "7"}})
    made.signal("answer", {"fields": {"order_number": "DD-10001"}})
    made.local("read_answer", {"accepted": False, "problems": ["order_number: not like DD-10001"]})
    made.local("read_answer", {"accepted": True, "missing": []})
    trail = read(made)
    assert [message.judgement.value for message in trail.messages] == [
        "received, not judged",
        "refused",
        "accepted",
    ]
    assert only(trail, AuditKind.ANSWER).why == "everything asked for is there"


def test_a_moved_deadline_is_seen_in_the_status_that_follows(made: Made) -> None:
    """Also while the request is open and has no record of its own yet."""
    made.signal("extend", {"approver": "lead", "deadline": "2026-11-09T12:00:00+00:00"})
    made.add("UPSERT_WORKFLOW_SEARCH_ATTRIBUTES")
    fields = made.events[
        -1
    ].upsert_workflow_search_attributes_event_attributes.search_attributes.indexed_fields
    fields["RequestState"].CopyFrom(payload("waiting_for_approval"))
    fields["ReviewPoint"].CopyFrom(payload("2026-11-09T12:00:00+00:00"))
    moved = only(read(made), AuditKind.DEADLINE)
    assert (moved.decided_by, moved.what) == ("lead", "deadline moved")


def test_timers_say_what_they_were(made: Made) -> None:
    """One wait is one entry; after a reminder it goes on, after its deadline it does not."""
    first = made.add("TIMER_STARTED", summary="approval: x")
    made.add("TIMER_FIRED", started_event_id=first)
    made.task()
    second = made.add("TIMER_STARTED", summary="approval: x")
    made.add("TIMER_FIRED", started_event_id=second)
    made.task()
    trail = read(made)
    assert only(trail, AuditKind.WAIT).event_ids == (first, second)
    assert only(trail, AuditKind.REMINDER).what == "reminder"
    assert only(trail, AuditKind.DEADLINE).what == "the deadline passed"


def test_a_chain_of_histories_is_one_trail() -> None:
    """A message received in one and judged in the next is accounted for; the runs are told apart."""
    first = Made()
    first.started()
    first.task()
    signal = first.signal("decide", decision())
    first.add("WORKFLOW_EXECUTION_CONTINUED_AS_NEW", new_execution_run_id="run-2")
    second = Made(second=100)
    second.started(SUBMISSION, {"trail": []}, continues="run-1")
    check = second.local("verify_decision", check_result(decision()))
    second.activity("verify_decision", {}, check_result(decision(), accepted=False))
    second.completed()
    trail = read(first, second)
    decided = only(trail, AuditKind.DECISION)
    assert (decided.run, decided.event_ids) == (1, (signal,))
    assert decided.facts["judged"] == f"event {check} of run 2"
    assert (len(trail.runs), trail.ending) == (2, "done")
    assert [entry.run for entry in trail.entries if entry.kind is AuditKind.CONTINUATION] == [1, 2]


def test_a_later_history_alone_names_the_one_before_it() -> None:
    """What is missing is said and not guessed."""
    later = Made()
    later.started(SUBMISSION, {"trail": []}, continues="run-1")
    trail = read(later)
    assert trail.runs[0].continues == "run-1"
    assert trail.entries[0].what == "goes on from run run-1"


def test_a_reset_is_an_entry(made: Made) -> None:
    """Who reset it and to which run; what follows was run again."""
    made.add(
        "WORKFLOW_TASK_FAILED",
        cause=WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_RESET_WORKFLOW,
        base_run_id="old",
        new_run_id="new",
        identity="ops",
    )
    trail = read(made)
    assert (only(trail, AuditKind.RESET).sender, trail.runs[0].run_id) == ("ops", "new")


def test_a_turn_that_failed_is_a_failure(made: Made) -> None:
    """A worker with code that does not fit the history leaves its trace."""
    made.add("WORKFLOW_TASK_FAILED")
    made.events[-1].workflow_task_failed_event_attributes.failure.message = "nondeterminism"
    assert only(read(made), AuditKind.FAILURE).why == "nondeterminism"


def test_follow_ups_and_what_became_of_them(made: Made) -> None:
    """The child's own events belong to the entry that started it."""
    asked = made.add("START_CHILD_WORKFLOW_EXECUTION_INITIATED", workflow_id="x.follow-up-1")
    made.add("CHILD_WORKFLOW_EXECUTION_STARTED", initiated_event_id=asked)
    entry = only(read(made), AuditKind.FOLLOW_UP)
    assert (entry.event_ids, entry.facts["became"]) == ((asked, asked + 1), "started")


def test_payloads_that_are_no_json_are_named_and_never_fatal(made: Made) -> None:
    """Encrypted, empty, cut or odd: the entry says what there was, with its digest."""
    sealed = Payload(metadata={"encoding": b"binary/encrypted"}, data=b"\x00\x01")
    for broken in (
        sealed,
        Payload(),
        Payload(metadata={"encoding": b"json/plain"}, data=b'{"a": "\\ud800"'),
        payload([[]]),
    ):
        made.add("WORKFLOW_EXECUTION_SIGNALED", signal_name="decide", input=Payloads(payloads=[broken]))
    contents = [e.facts["content"] for e in read(made).entries if e.kind is AuditKind.MESSAGE]
    assert contents == [
        {"unreadable": "binary/encrypted, 2 bytes"},
        None,
        {"unreadable": "json/plain, 14 bytes"},
        [[]],
    ]


def test_long_texts_are_cut_and_say_so(made: Made) -> None:
    """The digest is over all of it."""
    made.signal("decide", {"reason": "x" * 10_000})
    entry = only(read(made), AuditKind.MESSAGE)
    kept: Any = entry.facts["content"]
    assert kept["reason"].endswith("… (6000 more characters)")
    assert entry.digest == hashlib.sha256(payload({"reason": "x" * 10_000}).data).hexdigest()


def test_a_record_that_says_other_than_its_events_is_found_out(made: Made) -> None:
    """A handoff that no event shows, and one whose digest is another."""
    made.activity("verifier.read_back", {"handoff": handoff(1, "verifier")}, {"verdict": "confirmed"})
    record = [
        handoff(1, "verifier") | {"kind": "handoff", "digest": "e" * 64},
        handoff(2, "guardian") | {"kind": "handoff"},
    ]
    made.completed(trail=record)
    assert read(made).discrepancies == (
        "handoff 1 to verifier: the record's digest is not the one in its event",
        "handoff 2 to guardian: the record names it, and no event shows it",
    )


def test_the_text_of_a_trail_reads_back_as_itself(made: Made) -> None:
    """And is the same whether the events come at once or one by one."""
    made.signal("decide", decision())
    made.completed()
    reader = TrailReader()
    for event in made.events:
        reader.take(event)
    trail = read(made)
    assert Trail.model_validate_json(as_json(trail)) == trail == reader.trail()
    assert as_json(trail_of_events([])) == as_json(Trail.model_validate_json(as_json(trail_of_events([]))))


def test_several_arguments_of_a_signal_are_one_refusable_message(made: Made) -> None:
    """The handlers take any number of them, and so does the trail."""
    note = {"unreadable": "2 arguments where one is due"}
    made.signal("decide", 1, 2)
    entry = only(read(made), AuditKind.MESSAGE)
    assert entry.facts["content"] == note
    assert entry.digest == hashlib.sha256(b"12").hexdigest()

"""The report: one file that needs nothing else, in which nothing from a history is markup."""

import re
from datetime import timedelta
from html.parser import HTMLParser
from itertools import pairwise

import pytest

from dispatch.audit.models import AuditKind, Trail
from dispatch.audit.read.history import events_in
from dispatch.audit.read.ownership import by_owner, ownership_intervals
from dispatch.audit.read.trail import trail_of_events
from dispatch.audit.report.report import as_html, as_markdown, signature
from dispatch.audit.report.swimlanes import STEPS, lane_of, strips
from dispatch.models.durations import spoken
from tests.audit.made import SUBMISSION, Made, check_result, decision, handoff, payload
from tests.replay.recorded import Recorded, all_recorded

RECORDED = all_recorded()
HOSTILE = "</p><script>alert(1)</script><img src=x onerror=alert(1)>'\"`|\n# *x* [y](javascript:1)"
VOID = {"meta", "br", "col", "link", "img", "input", "hr"}


class Page(HTMLParser):
    """Notes each tag with its attributes, and whether every tag that opens is closed where it should be."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def read(recorded: Recorded) -> Trail:
    return trail_of_events(events_in(recorded.path))


def named(name: str) -> Trail:
    return read(next(recorded for recorded in RECORDED if recorded.name == name))


@pytest.mark.parametrize("recorded", RECORDED, ids=lambda recorded: f"{recorded.version}/{recorded.name}")
def test_each_recorded_history_has_a_report(recorded: Recorded) -> None:
    """Well formed, without script, with nothing that is fetched from anywhere."""
    page = Page(as_html(read(recorded)))
    assert page.open == []
    assert not {"script", "link", "img", "iframe", "object"} & {tag for tag, _ in page.tags}
    attributes = {name for _, attrs in page.tags for name in attrs}
    assert not {"href", "src", "action"} & attributes
    assert not [name for name in attributes if name.startswith("on")]
    assert as_markdown(read(recorded)).count("\n## ") == 5


def test_what_strangers_wrote_is_text() -> None:
    """In every place where a history's words are shown."""
    made = Made()
    made.started(SUBMISSION | {"subject": HOSTILE, "body": HOSTILE, "sender": {"address": HOSTILE}})
    evidence = {"evidence_id": HOSTILE, "source": HOSTILE, "reference": HOSTILE, "text": HOSTILE}
    made.activity(
        "specialist.x",
        {"handoff": handoff(1, HOSTILE, why=HOSTILE)},
        {"status": HOSTILE, "evidence": [evidence]},
    )
    action = {
        "name": HOSTILE,
        "subject": HOSTILE,
        "parameters": {HOSTILE: HOSTILE},
        "evidence_ids": [HOSTILE],
    }
    bound = {"action": action, "digest": "d" * 64, "idempotency_key": HOSTILE, "proposal_id": HOSTILE}
    made.local("assemble", {"proposal_id": HOSTILE, "draft": {"text": HOSTILE}, "actions": [bound]})
    made.local(
        "assemble", {"proposal_id": HOSTILE, "draft": {"text": f"{HOSTILE}\nmore"}, "actions": [bound]}
    )
    given = decision(
        approver=HOSTILE, reason=HOSTILE, key_id=HOSTILE, edits={HOSTILE: HOSTILE}, issued_at=HOSTILE
    )
    made.signal("decide", given)
    made.local("verify_decision", check_result(given, reason=HOSTILE))
    made.signal(HOSTILE, HOSTILE)
    made.activity("action.x", {"handoff": handoff(2, HOSTILE), "bound": bound}, {"effect_id": HOSTILE})
    made.completed(HOSTILE)
    trail = trail_of_events(made.events)
    page = Page(as_html(trail))
    assert not {"script", "img"} & {tag for tag, _ in page.tags}
    assert page.open == []
    markdown = as_markdown(trail)
    assert "<script>" not in markdown
    assert not re.search(r"(?<!\\)\]\(", markdown)
    rows = [line for line in markdown.splitlines() if line.startswith("|") and "script" in line]
    assert rows
    assert all(len(re.findall(r"(?<!\\)\|", row)) in {6, 7, 11} for row in rows)


def test_a_decision_card_says_whether_the_signature_was_verified() -> None:
    """Verified at receipt, unsigned, or given and not verified; a name alone proves nothing."""
    made = Made()
    made.started()
    for number, key in ((1, "SHA256:abc"), (2, None), (3, "SHA256:def")):
        given = decision(number, approver=f"p{number}", **({"key_id": key, "signature": "x"} if key else {}))
        made.signal("decide", given)
        made.local("verify_decision", check_result(given, signed_with="SHA256:abc" if number == 1 else None))
    trail = trail_of_events(made.events)
    states = [signature(entry) for entry in trail.entries if entry.kind is AuditKind.DECISION]
    assert states == [
        ("verified at receipt", "SHA256:abc"),
        ("unsigned", ""),
        ("signature given, not verified", "SHA256:def"),
    ]
    html = as_html(trail)
    assert all(state in html for state, _ in states)


def test_what_a_person_changed_is_shown_against_the_draft_before() -> None:
    """Line by line, between the proposals."""
    html = as_html(named("06-refund-edited"))
    sentence = "We are refunding EUR {}.00 for order DD-10006; it reaches your account within 5 days."
    assert f"<del>{sentence.format(40)}</del>" in html
    assert f"<ins>{sentence.format(20)}</ins>" in html


def test_the_time_is_shared_out_by_owner() -> None:
    """All of it, without gaps, and to nobody once it is closed."""
    trail = named("nobody-decides")
    found = ownership_intervals(trail)
    assert set(by_owner(found)) == {"coordinator", "refunds", "refunds-lead"}
    assert all(one.until == other.since for one, other in pairwise(found))
    assert found[0].since == trail.started_at


def test_a_long_wait_is_marked_between_the_steps_and_does_not_stretch_them() -> None:
    """What took days stands beside what took milliseconds."""
    made, later = Made(), Made(second=3 * 86_400)
    made.started()
    later.add("UPSERT_WORKFLOW_SEARCH_ATTRIBUTES")
    attributes = later.events[-1].upsert_workflow_search_attributes_event_attributes.search_attributes
    attributes.indexed_fields["NextOwner"].CopyFrom(payload("refunds"))
    later.completed()
    (strip,) = strips(trail_of_events([*made.events, *later.events]))
    assert [gap.text for gap in strip.gaps] == ["3 d 1 s"]
    assert strip.width < 1_000


def test_a_long_request_goes_on_in_further_strips() -> None:
    """Each with the same lanes and the same width."""
    made = Made()
    made.started()
    for number in range(STEPS):
        made.signal("decide", {"junk": number})
    drawn = strips(trail_of_events(made.events))
    assert [len(strip.steps) for strip in drawn] == [STEPS, 1]
    assert len({(strip.width, strip.lanes) for strip in drawn}) == 1


@pytest.mark.parametrize(
    ("name", "lane"),
    [
        ("ada@mail.example", "requester"),
        ("approver.ana", "people"),
        ("specialist.order_history", "specialists"),
        ("planner", "coordinator"),
        ("", "coordinator"),
    ],
)
def test_everybody_has_a_lane(name: str, lane: str) -> None:
    """The fixed team's computing members belong to the coordinator."""
    assert lane_of(name) == lane


def test_durations_are_said_as_people_say_them() -> None:
    """With their two largest units."""
    for seconds, said in ((0.25, "0.25 s"), (75, "1 min 15 s"), (90_000, "1 d 1 h"), (3600, "1 h")):
        assert spoken(timedelta(seconds=seconds)) == said


def test_a_report_of_nothing_is_a_report() -> None:
    """An empty history has no entries, and its page says so much."""
    assert "a workflow without an id" in as_html(trail_of_events([]))

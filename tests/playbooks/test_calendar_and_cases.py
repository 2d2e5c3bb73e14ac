"""Calendars and cases in a playbook: what cannot be counted or cannot occur is refused when it is loaded."""

import json
from pathlib import Path
from typing import Any

import pytest

from dispatch.models.errors import PlaybookError
from dispatch.playbooks.loader import load_playbooks
from tests.asked import playbook_content

HOURS = {"monday": ["09:00-12:00", "13:00-17:00"], "friday": ["09:00-12:00"]}
CALENDAR = {"timezone": "Europe/Berlin", "hours": HOURS, "holidays": ["2026-12-25"]}
COUNTED = {"approvers": ["lead"], "counts": "working_time", "deadline": "3 days"}
CASE = {"when": {"intent": "refund"}, "tier": "low", "why": "Small."}
RECEPTION = {"routing": {"approvers": ["reception"], "deadline": "1 day"}}


def load(
    folder: Path, *, reception: Any = RECEPTION, cases: Any = (), **changed: Any
) -> PlaybookError | None:
    """Load a playbook with these parts; returns what is refused, None where it holds."""
    content = playbook_content() | changed
    content["guardian"]["actions"]["issue_refund"]["cases"] = list(cases)
    (folder / "support.yaml").write_text(json.dumps(content), encoding="utf-8")
    (folder / "reception.yaml").write_text(json.dumps(reception), encoding="utf-8")
    try:
        load_playbooks(folder)
    except PlaybookError as error:
        return error
    return None


def test_a_calendar_and_cases_that_hold_are_loaded(tmp_path: Path) -> None:
    """Dates may stand in quotes or not; a wait may have a calendar of its own."""
    own = {**COUNTED, "calendar": {**CALENDAR, "timezone": "Asia/Kolkata"}}
    case = {**CASE, "when": {"intent": "other"}, "approvers": ["lead"], "tier": "medium"}
    assert load(tmp_path, calendar=CALENDAR, escalation=own, reception={"routing": own}) is None
    text = (tmp_path / "support.yaml").read_text(encoding="utf-8").replace('"2026-12-25"', "2026-12-25")
    (tmp_path / "support.yaml").write_text(text, encoding="utf-8")
    assert load_playbooks(tmp_path).by_desk["support"].playbook.calendar is not None
    assert load(tmp_path, cases=[CASE, case]) is None


@pytest.mark.parametrize(
    ("changed", "path", "problem"),
    [
        ({"escalation": COUNTED}, "escalation.counts", "is counted in a calendar, and there is none"),
        (
            {"escalation": COUNTED, "calendar": {**CALENDAR, "timezone": "Europe/Berlim"}},
            "calendar.timezone",
            "there is no time zone 'Europe/Berlim'",
        ),
        (
            {"escalation": {**COUNTED, "reminders": ["8 hours"]}, "calendar": CALENDAR},
            "escalation.reminders[0]",
            "8 h are more than the longest working day has, which is 7 h",
        ),
        (
            {"escalation": {**COUNTED, "escalate_after": "20 hours"}, "calendar": CALENDAR},
            "escalation.escalate_after",
            "20 h are more than the longest working day",
        ),
        (
            {"escalation": {**COUNTED, "deadline": "90 days"}, "calendar": CALENDAR},
            "escalation.deadline",
            "90 working days, at 2 a week, are too close to a year",
        ),
        ({"calendar": {**CALENDAR, "hours": {}}}, "calendar", "hours names no working time at all"),
        (
            {"escalation": {**COUNTED, "counts": "all_time", "calendar": CALENDAR}},
            "escalation",
            "a calendar needs counts: working_time",
        ),
        ({"reception": {"routing": COUNTED}}, "routing.counts", "and there is none"),
        (
            {"cases": [{**CASE, "when": {"intent": "refnd"}}]},
            "guardian.actions.issue_refund.cases[0].when.intent",
            "the desk has no intent 'refnd'",
        ),
        (
            {"cases": [CASE, {**CASE, "when": {"field": "ghost", "values": ["x"]}}]},
            "guardian.actions.issue_refund.cases[1].when.field",
            "the desk has no field 'ghost'",
        ),
        (
            {"cases": [{**CASE, "tier": "critical"}]},
            "guardian.actions.issue_refund.cases[0].tier",
            "tier 'critical' is not declared",
        ),
        (
            {"cases": [{**CASE, "amounts": {"euro": [{"up_to_minor": 5, "tier": "low"}]}}]},
            "guardian.actions.issue_refund.cases[0].amounts.euro",
            "'euro' is no ISO 4217 currency",
        ),
        (
            {"cases": [{**CASE, "approvers": []}]},
            "guardian.actions.issue_refund.cases[0].approvers",
            "at least 1 item",
        ),
    ],
)
def test_what_cannot_be_is_refused(tmp_path: Path, changed: dict[str, Any], path: str, problem: str) -> None:
    """One sentence with the place, and what to write instead."""
    error = load(tmp_path, **changed)
    assert error is not None
    assert error.path == path
    assert problem in error.problem
    assert error.remedy.endswith(".")

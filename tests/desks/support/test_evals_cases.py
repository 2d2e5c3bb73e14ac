"""The cases that the support desk is measured on."""

from collections import Counter
from pathlib import Path

from dispatch.evals.understanding import Case, read_cases
from dispatch.playbooks.loader import survey_playbook

DESK = Path(__file__).parents[3] / "desks" / "support"


def test_the_cases_fit_the_playbook_and_cover_it() -> None:
    """Each is well-formed and stands once; every intent, and what is none, is asked in both languages."""
    playbook, _ = survey_playbook("support", DESK / "playbook.yaml")
    assert playbook is not None
    cases: list[Case] = []
    for language in ("english", "german"):
        file = DESK / "evals" / f"{language}.jsonl"
        read = read_cases(file.name, file.read_text(encoding="utf-8"), playbook.intents)
        assert read.problems == ()
        labels = {label for case in read.cases for label in case.labels}
        assert labels == {*playbook.intents, "other", "none", "offtopic"}
        cases += read.cases
    assert len(cases) >= 150
    assert max(Counter(case.text for case in cases).values()) == 1

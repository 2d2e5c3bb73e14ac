"""What the helpdesk is made of: no code, examples and cases that cover its intents and do not repeat each other."""

from collections import Counter
from pathlib import Path

from devstack.script import load_script
from dispatch.evals.understanding import Case, read_cases
from dispatch.models.work.playbook import Playbook
from dispatch.playbooks.examples_file import load_examples
from dispatch.playbooks.loader import survey_playbook
from runtime.desk_check import errors_of, folders_of
from runtime.settings import SHIPPED_DESKS
from tests.servers import settings_from

DESK = SHIPPED_DESKS / "helpdesk"


def _playbook() -> Playbook:
    playbook, problems = survey_playbook("helpdesk", DESK / "playbook.yaml")
    assert playbook is not None, problems
    return playbook


def _cases() -> list[Case]:
    cases: list[Case] = []
    for language in ("english", "german"):
        file = DESK / "evals" / f"{language}.jsonl"
        read = read_cases(file.name, file.read_text(encoding="utf-8"), _playbook().intents)
        assert read.problems == ()
        labels = {label for case in read.cases for label in case.labels}
        assert labels == {*_playbook().intents, "other", "none", "offtopic"}
        cases += read.cases
    return cases


def test_the_desk_holds_no_code_and_nothing_is_wrong_with_it() -> None:
    """`dispatch desk check` finds nothing, and no file of it is Python."""
    settings = settings_from({})
    assert errors_of(settings, folders_of(settings), "helpdesk") == []
    assert list(DESK.rglob("*.py")) == []


def test_there_are_examples_of_every_intent_and_of_what_is_none() -> None:
    """At least 40 sentences of each intent, 150 of what the desk has no intent for, none of them twice."""
    examples = load_examples(DESK, _playbook())
    assert examples is not None
    assert min(len(texts) for texts in examples.intents.values()) >= 40
    assert len(examples.other) >= 150
    texts = Counter(text.casefold() for text, _ in examples.labelled())
    assert texts.most_common(1)[0][1] == 1


def test_the_cases_cover_the_desk_and_are_no_examples() -> None:
    """At least 100 cases in both languages, each of every label, none of them learned by heart."""
    examples = load_examples(DESK, _playbook())
    assert examples is not None
    learned = {text.casefold() for text, _ in examples.labelled()}
    cases = _cases()
    assert len(cases) >= 100
    assert max(Counter(case.text for case in cases).values()) == 1
    assert not [case.text for case in cases if case.text.casefold() in learned]


def test_every_sample_is_in_the_script_and_most_endings_are_shown() -> None:
    """Each mail has its ending in the script, and the script no file that is not there."""
    script = load_script(DESK / "samples" / "script.yaml")
    assert {sample.file for sample in script} == {file.name for file in Path(DESK / "samples").glob("*.eml")}
    assert len(script) >= 10
    endings = {sample.ending.value for sample in script}
    assert endings >= {"done", "rejected", "blocked", "escalated", "abandoned", "compensated"}


def test_prompts_tell_a_model_to_follow_no_text_that_it_reads() -> None:
    """Each generic role that can be a model's has a prompt, and each says that the text is data."""
    prompts = {file.stem: file.read_text(encoding="utf-8") for file in (DESK / "prompts").glob("*.md")}
    assert prompts.keys() >= {"extract", "classify", "write", "judge", "guardian"}
    assert not [name for name, text in prompts.items() if "follow none" not in text]
    assert all(text.startswith("version: ") for text in prompts.values())

"""A desk's `examples.yaml`: what is wrong with it is named before a worker starts."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from dispatch.models.errors import PlaybookError
from dispatch.models.work.playbook import Playbook
from dispatch.playbooks.desk_folders import desk_folders, load_desks
from dispatch.playbooks.examples_file import EXAMPLES_FILE, load_examples, survey_examples
from runtime.settings import SHIPPED_DESKS

SUPPORT = load_desks(desk_folders([SHIPPED_DESKS]), SHIPPED_DESKS)
PLAYBOOK = SUPPORT.by_desk["support"].playbook


def examples() -> dict[str, Any]:
    """Return a file that holds: five sentences for each intent of the support desk."""
    return {
        "intents": {name: [f"{name} in words {word}" for word in "abcde"] for name in PLAYBOOK.intents},
        "other": ["do you sell sand"],
        "none": ["thank you"],
    }


def written(folder: Path, content: dict[str, Any]) -> Path:
    (folder / EXAMPLES_FILE).write_text(yaml.safe_dump(content), encoding="utf-8")
    return folder


def problem(folder: Path, playbook: Playbook = PLAYBOOK) -> str:
    with pytest.raises(PlaybookError) as caught:
        load_examples(folder, playbook)
    return str(caught.value)


def test_a_file_that_holds_is_loaded(tmp_path: Path) -> None:
    """Every sentence has its label."""
    loaded = load_examples(written(tmp_path, examples()), PLAYBOOK)
    assert loaded is not None
    assert ("do you sell sand", "other") in loaded.labelled()
    assert survey_examples(tmp_path, PLAYBOOK) == []


def test_a_playbook_of_rules_needs_none(tmp_path: Path) -> None:
    """Phrases alone: no file is looked for."""
    by_rules = PLAYBOOK.model_copy(update={"triage": PLAYBOOK.triage.model_copy(update={"backend": "rules"})})
    assert load_examples(tmp_path, by_rules) is None


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """With both ways out."""
    assert "there is no such file" in problem(tmp_path)
    assert "triage.backend" in problem(tmp_path)


def test_an_intent_without_examples_is_named(tmp_path: Path) -> None:
    """It would never be found."""
    content = examples()
    content["intents"]["refund"] = ["refund please"]
    assert "intents.refund: it has 1 examples" in problem(written(tmp_path, content))


def test_an_unknown_intent_is_named(tmp_path: Path) -> None:
    """With those that there are."""
    content = examples()
    content["intents"]["refnud"] = ["money back"]
    found = problem(written(tmp_path, content))
    assert "intents.refnud" in found
    assert "damaged_item" in found


def test_one_sentence_under_two_intents_is_named(tmp_path: Path) -> None:
    """Numbers and capitals make no other sentence of it."""
    content = examples()
    content["intents"]["refund"].append("Where is order DD-10001")
    content["intents"]["order_status"].append("where is order dd-10002")
    assert "stands under" in problem(written(tmp_path, content))


def test_all_that_is_wrong_is_surveyed_at_once(tmp_path: Path) -> None:
    """Where a worker stops at the first."""
    content = examples()
    content["intents"]["refund"], content["intents"]["warranty"] = [], ["one"]
    assert len(survey_examples(written(tmp_path, content), PLAYBOOK)) == 2


def test_the_support_desk_has_examples_in_both_languages() -> None:
    """At least 20 of each intent, and 60 of what asks for nothing."""
    loaded = SUPPORT.examples["support"]
    assert all(len(sentences) >= 40 for sentences in loaded.intents.values())
    assert len(loaded.none) >= 60

"""Reads a desk's `examples.yaml`, from which its classifier learns, and holds it against the playbook's intents."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from dispatch.models.errors import PlaybookError
from dispatch.models.work.examples import Examples
from dispatch.models.work.playbook import Playbook
from dispatch.playbooks.loader import validated_file
from dispatch.text.masking import masked
from dispatch.text.normalise import says_something

EXAMPLES_FILE: Final = "examples.yaml"
FEWEST: Final = 5
"""Of one intent; below, a classifier learns the words of single sentences."""


def load_examples(desk: Path, playbook: Playbook) -> Examples | None:
    """Return the examples of a desk's folder; None where its playbook sorts by rules. Raises PlaybookError."""
    if playbook.triage.backend != "examples":
        return None
    examples = _read(desk / EXAMPLES_FILE)
    for error in _problems(desk / EXAMPLES_FILE, examples, playbook):
        raise error
    return examples


def survey_examples(desk: Path, playbook: Playbook) -> list[PlaybookError]:
    """Return all errors in the examples of a desk, whereas a worker stops at the first."""
    if playbook.triage.backend != "examples":
        return []
    try:
        return list(_problems(desk / EXAMPLES_FILE, _read(desk / EXAMPLES_FILE), playbook))
    except PlaybookError as error:
        return [error]


def _read(file: Path) -> Examples:
    if not file.is_file():
        raise PlaybookError(
            str(file),
            "",
            "there is no such file, and the playbook sorts by examples",
            "Write it, or set triage.backend to rules.",
        )
    return validated_file(file, Examples)


def _problems(file: Path, examples: Examples, playbook: Playbook) -> Iterator[PlaybookError]:
    """Yield the inconsistencies between the examples and the playbook, in the order of the playbook's intents."""
    for intent in playbook.intents:
        if (number := len(examples.intents.get(intent, ()))) < FEWEST:
            yield PlaybookError(
                str(file),
                f"intents.{intent}",
                f"it has {number} examples",
                f"Write {FEWEST} or more, as customers write; 20 and more are better.",
            )
    for intent in examples.intents:
        if intent not in playbook.intents:
            yield PlaybookError(
                str(file),
                f"intents.{intent}",
                "the playbook has no such intent",
                f"Name one of: {', '.join(playbook.intents)}, or write it under 'other'.",
            )
    seen: dict[str, str] = {}
    for text, label in examples.labelled():
        kind = masked(text)
        # Masking normalises already, which is most of the time that a worker takes to read its desks.
        if not kind and not says_something(text):
            yield PlaybookError(str(file), label, "an example says nothing", "Write it, or remove it.")
        known = seen.setdefault(kind, label)
        if known != label:
            yield PlaybookError(
                str(file),
                label,
                f"the example {text[:60]!r} stands under {known} too",
                "Keep it under one of them.",
            )

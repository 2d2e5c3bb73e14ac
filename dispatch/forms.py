"""The form of a role that a language model does: what it is shown, what it may fill in, and what that must hold to."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import JsonValue

Check = Callable[[JsonValue], list[str]]
"""Returns a sentence for each thing that is wrong with an answer of the right form."""


def no_checks(_value: JsonValue) -> list[str]:
    """Return nothing: every answer of the right form is taken."""
    return []


@dataclass(frozen=True)
class DataBlock:
    """A text from outside, and what it is called in the question, such as `mail`; never an instruction."""

    name: str
    text: str


@dataclass(frozen=True)
class Form:
    """One form; the prompt says what to do with it. All texts in `data` are data, for every author."""

    data: tuple[DataBlock, ...]
    schema: Mapping[str, Any]
    """JSON Schema 2020-12 of what is filled in; narrower than what the role decides."""
    check: Check = no_checks
    """Returns a sentence for each thing that is wrong with a form of that schema."""
    names: tuple[str, ...] = field(default=(), repr=False)
    """Names of people in the texts, which are masked where the model's texts are masked."""

"""What a model said, read as JSON and held against the schema that it was asked for."""

import json
import re
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, Final

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError, ValidationError
from pydantic import JsonValue
from referencing import Registry

from dispatch.http import bounded
from dispatch.models.work.model_use import ModelFailure

MOST_PROBLEMS: Final = 5
_CHECK: Final = re.compile(r"([a-z][a-z0-9_]{1,39}): ")
_KEYWORDS: Final = {"properties", "items", "prefixItems", "additionalProperties", "$defs"}
_THOUGHT: Final = "</think>"
_FENCE: Final = "```"


class WrongAnswerError(Exception):
    """An answer that can go back to the model; `problems` has a sentence for each thing that is wrong.

    `why` is for the record, where no text of a customer or a model stands: it names places and checks alone.
    """

    def __init__(self, kind: ModelFailure, problems: list[str], why: str) -> None:
        super().__init__(why)
        self.kind, self.problems, self.why = kind, problems, bounded(why)


def schema_problem(schema: Mapping[str, Any]) -> str:
    """Return what is wrong with a schema (JSON Schema 2020-12) itself; empty where nothing is."""
    try:
        Draft202012Validator.check_schema(dict(schema))
    except SchemaError as error:
        return bounded(f"at {_place(error)}: {error.message}")
    elsewhere = [ref for ref in _references(schema) if not ref.startswith("#")]
    return f"it refers to {bounded(elsewhere[0])}; write the definition into the schema" if elsewhere else ""


def _references(part: Any) -> Iterator[str]:
    if isinstance(part, Mapping):
        yield from (ref for key in ("$ref", "$dynamicRef") if isinstance(ref := part.get(key), str))
        part = list(part.values())
    if isinstance(part, list):
        for each in part:
            yield from _references(each)


def read_json(text: str) -> JsonValue:
    """Read one JSON value, also behind a thinking block or in a code fence, as servers without a sampler send it.

    A key that stands twice is refused: two readers could take two different values. Raises WrongAnswerError.
    """
    try:
        value: JsonValue = json.loads(
            _unwrapped(text.strip()), object_pairs_hook=_once, parse_constant=_no_number
        )
        # Half of a surrogate pair is no text that could be stored or sent.
        json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        told = "it is nested too deeply" if isinstance(error, RecursionError) else _plain(error)
        why = f"the answer is not JSON: {told}"
        raise WrongAnswerError(ModelFailure.NOT_JSON, [why], why) from None
    return value


def _unwrapped(text: str) -> str:
    if text.startswith("<think>"):
        text = text.partition(_THOUGHT)[2].strip()
    if text.startswith(_FENCE) and text.endswith(_FENCE):
        return text.removesuffix(_FENCE).partition("\n")[2]
    return text


def hold_to_schema(value: JsonValue, schema: Mapping[str, Any]) -> None:
    """Check a value against a schema; raises WrongAnswerError with the first few problems."""
    # An empty registry: a reference in a schema must never be fetched from the network.
    found = Draft202012Validator(dict(schema), registry=Registry()).iter_errors(value)
    errors = list(islice(found, MOST_PROBLEMS))
    if errors:
        broken = ", ".join(f"{error.validator} at {_place_in_schema(error)}" for error in errors)
        problems = [bounded(f"at {_place(error)}: {error.message}") for error in errors]
        raise WrongAnswerError(
            ModelFailure.WRONG_SCHEMA, problems, f"the answer has another form than asked for: {broken}"
        )


def hold_to_checks(problems: list[str]) -> None:
    """Raise WrongAnswerError where a check found something; a sentence may begin with its check's name and a colon."""
    if problems:
        names = dict.fromkeys(found[1] for p in problems if (found := _CHECK.match(p)))
        why = f"the answer failed the checks: {', '.join(names) or len(problems)}"
        raise WrongAnswerError(
            ModelFailure.FAILED_CHECKS, [bounded(problem) for problem in problems[:MOST_PROBLEMS]], why
        )


def _place_in_schema(error: ValidationError) -> str:
    """Name the place by the schema's own words: a key in the answer may be the model's."""
    names = [str(part) for part in list(error.absolute_schema_path)[:-1] if part not in _KEYWORDS]
    return ".".join(names) or "the top"


def _place(error: ValidationError | SchemaError) -> str:
    return ".".join(str(part) for part in error.absolute_path) or "the top"


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key stands twice in one object")
    return found


def _no_number(word: str) -> None:
    raise ValueError(f"{word} is no number")


def _plain(error: ValueError) -> str:
    """Return what is wrong without the text itself, which a JSON error may carry whole."""
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg} at character {error.pos}"
    return "it holds half of a surrogate pair" if isinstance(error, UnicodeError) else bounded(str(error))

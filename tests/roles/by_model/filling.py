"""Fills in forms as the client of models does: the schema first, then the check, then what comes of it."""

from typing import Any

from jsonschema import Draft202012Validator
from pydantic import JsonValue

from activities.language_models.asking import Thinker
from dispatch.forms import Form


def form_of(thinker: Thinker[Any, Any], brief: Any) -> Form:
    """Return the form that a role has for a brief; there must be one."""
    form = thinker.form(brief)
    assert form is not None
    Draft202012Validator.check_schema(form.schema)
    return form


def problems(form: Form, value: JsonValue) -> list[str]:
    """Return what is wrong with an answer: what its schema says, else what its check says."""
    wrong = [error.message for error in Draft202012Validator(form.schema).iter_errors(value)]
    return wrong or form.check(value)


def taken(thinker: Thinker[Any, Any], brief: Any, value: JsonValue) -> Any:
    """Return what comes of an answer, which must hold."""
    assert problems(form_of(thinker, brief), value) == []
    return thinker.filled(brief, value)

"""The typed values that declared reads and actions are filled with, and the contract that is made of their types."""

import re
from datetime import date
from functools import lru_cache
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, JsonValue, StringConstraints, create_model, model_validator

from dispatch.models.contract import Contract

ValueName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
_DECIMAL = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,6})?")
_MOST = 2**53 - 1


class ParameterSpec(Contract):
    """One typed value. Decimals and dates are texts: '12.50', '2026-03-31'."""

    type: Literal["text", "integer", "decimal", "date", "choice"] = Field(
        default="text", description="text, integer, decimal, date or choice"
    )
    pattern: str | None = Field(default=None, description="of a text: a regular expression for all of it")
    max_length: int = Field(default=200, ge=1, le=10_000, description="of a text")
    choices: tuple[str, ...] = Field(default=(), max_length=200, description="of a choice")
    minimum: int | None = Field(default=None, ge=-_MOST, le=_MOST, description="of an integer")
    maximum: int | None = Field(default=None, ge=-_MOST, le=_MOST, description="of an integer")

    @model_validator(mode="after")
    def _fits_its_type(self) -> Self:
        if (self.type == "choice") != bool(self.choices):
            raise ValueError("choices belong to type: choice, and only to it")
        if self.pattern is not None:
            if self.type != "text":
                raise ValueError("a pattern belongs to type: text")
            try:
                re.compile(self.pattern)
            except re.error as error:
                raise ValueError(f"the pattern is no regular expression: {error}") from None
        if self.type != "integer" and (self.minimum is not None or self.maximum is not None):
            raise ValueError("minimum and maximum belong to type: integer")
        return self

    def read(self, value: JsonValue) -> JsonValue:
        """Return a collected value in this type: digits become an integer; raises ValueError for what does not fit."""
        if (
            self.type == "integer"
            and isinstance(value, str)
            and re.fullmatch(r"-?[0-9]{1,16}", value.strip())
        ):
            value = int(value)
        elif self.type in {"decimal", "text"} and isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        checked = parameters_model("Value", (("value", self),)).model_validate({"value": value})
        one: JsonValue = checked.model_dump()["value"]
        return one


def _matches(pattern: str) -> AfterValidator:
    compiled = re.compile(pattern)

    def check(text: str) -> str:
        if not compiled.fullmatch(text):
            raise ValueError("it does not have the declared form")
        return text

    return AfterValidator(check)


def _is_date(text: str) -> str:
    date.fromisoformat(text)
    return text


def _is_plain(text: str) -> str:
    if not text.isprintable() and any(not c.isprintable() and c not in "\n\t" for c in text):
        raise ValueError("it holds a control character")
    return text


def _annotated(spec: ParameterSpec) -> Any:
    if spec.type == "integer":
        low = -_MOST if spec.minimum is None else spec.minimum
        high = _MOST if spec.maximum is None else spec.maximum
        return Annotated[int, Field(strict=True, ge=low, le=high)]
    if spec.type == "choice":
        return Literal[spec.choices]
    if spec.type == "date":
        shape = StringConstraints(strict=True, pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")
        return Annotated[str, shape, AfterValidator(_is_date)]
    if spec.type == "decimal":
        return Annotated[str, StringConstraints(strict=True, max_length=23), _matches(_DECIMAL.pattern)]
    shape = StringConstraints(strict=True, min_length=1, max_length=spec.max_length)
    checks = [AfterValidator(_is_plain)] + ([_matches(spec.pattern)] if spec.pattern is not None else [])
    return Annotated[str, shape, *checks]


@lru_cache(maxsize=1000)
def parameters_model(title: str, specs: tuple[tuple[str, ParameterSpec], ...]) -> type[Contract]:
    """Return the contract of some typed values, closed to any other; one class for one declaration."""
    fields: dict[str, Any] = {name: (_annotated(spec), ...) for name, spec in specs}
    return create_model(title, __base__=Contract, **fields)

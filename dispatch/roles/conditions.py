"""Conditions over what is known, as a playbook declares them."""

from typing import Self

from pydantic import Field, JsonValue, model_validator

from dispatch.models.contract import Contract
from dispatch.roles.scope import Scope, as_text


class ValueTest(Contract):
    """One condition on a value; texts are compared whatever the case of their letters."""

    value: str = Field(description="a dotted path, such as find_person.login")
    known: bool | None = Field(default=None, description="whether there is a value that is not empty")
    equals: str | int | bool | None = Field(default=None, description="a fixed value")
    not_equals: str | int | bool | None = Field(default=None, description="a fixed value; it must be known")
    one_of: tuple[str, ...] | None = Field(default=None, description="fixed values")
    same_as: str | None = Field(default=None, description="another path; both must be known")
    not_same_as: str | None = Field(default=None, description="another path; both must be known")

    @model_validator(mode="after")
    def _says_one_thing(self) -> Self:
        if len(self.model_fields_set - {"value"}) != 1:
            raise ValueError("give exactly one of known, equals, not_equals, one_of, same_as, not_same_as")
        return self

    @property
    def paths(self) -> tuple[str, ...]:
        """Return the paths that it reads."""
        return tuple(path for path in (self.value, self.same_as, self.not_same_as) if path is not None)

    def holds(self, scope: Scope) -> bool:
        """Return whether it holds; of a value that is not known only `known: false` does."""
        value = scope.value(self.value)
        if self.known is not None:
            return (value not in (None, "", [], {})) == self.known
        if value is None:
            return False
        if self.one_of is not None:
            return _folded(value) in {_folded(one) for one in self.one_of}
        if self.equals is not None:
            return _folded(value) == _folded(self.equals)
        if self.not_equals is not None:
            return _folded(value) != _folded(self.not_equals)
        other = scope.value(self.same_as or self.not_same_as or "")
        return other is not None and (_folded(value) == _folded(other)) == (self.same_as is not None)


def _folded(value: JsonValue) -> str:
    return as_text(value).strip().casefold()

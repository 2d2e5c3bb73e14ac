"""Declared reads: one GET, one SELECT or one tool, and what its answer means."""

from collections.abc import Mapping
from typing import Annotated, Self

from pydantic import AfterValidator, Field, JsonValue, model_validator

from dispatch.models.contract import Contract
from dispatch.models.declared.json_pointer import JsonPointer, part_or_null
from dispatch.models.declared.parameters import ValueName
from dispatch.models.declared.sql_text import check_select, names_in_statement
from dispatch.models.declared.systems import DeclaredSystem
from dispatch.models.declared.templates import check_path, names_in, names_in_json


def _check_text(template: str) -> str:
    names_in(template)
    return template


def _check_json(template: JsonValue) -> JsonValue:
    list(names_in_json(template))
    return template


PathTemplate = Annotated[str, AfterValidator(check_path)]
TextTemplate = Annotated[str, AfterValidator(_check_text)]
JsonTemplate = Annotated[JsonValue, AfterValidator(_check_json)]
QueryName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.\[\]-]{1,100}$")]


class HttpRead(Contract):
    """One GET of an HTTP system."""

    path: PathTemplate = Field(description="below the base URL; a value stays within its segment")
    query: dict[QueryName, TextTemplate] = Field(
        default_factory=dict, max_length=30, description="name: template of the value"
    )
    nothing: tuple[int, ...] = Field(
        default=(404,), description="statuses that say that there is no such thing"
    )

    def names(self) -> frozenset[str]:
        """Return the values that it is filled with."""
        return frozenset((*names_in(self.path), *names_in_json(dict(self.query))))


class Read(Contract):
    """One read of a declared system: `get`, or `statement`, or `tool` with `arguments`."""

    get: HttpRead | None = Field(default=None, description="of an HTTP system")
    statement: Annotated[str, AfterValidator(check_select)] | None = Field(
        default=None,
        max_length=10_000,
        description="of a database: one SELECT; `:name` stands for a bound value",
    )
    tool: str | None = Field(
        default=None, min_length=1, max_length=200, description="of an MCP server, one that its system lists"
    )
    arguments: dict[str, JsonTemplate] = Field(
        default_factory=dict, description="of the tool, JSON templates"
    )

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        ways = (self.get, self.statement, self.tool)
        if sum(way is not None for way in ways) != 1:
            raise ValueError("give exactly one of get, statement, tool")
        if self.arguments and self.tool is None:
            raise ValueError("arguments belong to tool")
        return self

    @property
    def kind(self) -> str:
        """Return the kind of system that it is for."""
        return "http" if self.get is not None else "sql" if self.statement is not None else "mcp"

    def names(self) -> frozenset[str]:
        """Return the values that it is filled with."""
        if self.get is not None:
            return self.get.names()
        if self.statement is not None:
            return frozenset(names_in_statement(self.statement))
        return frozenset(names_in_json(self.arguments))

    def unfit(self, system: DeclaredSystem) -> str | None:
        """Return why it cannot be asked of a system; None where it can."""
        if system.kind != self.kind:
            return f"the system is of kind {system.kind}, and the read is for one of kind {self.kind}"
        if system.kind == "mcp" and self.tool not in system.tools:
            return f"the system does not allow the tool {self.tool!r}"
        return None


class Rows(Contract):
    """Which part of an answer holds what was looked for, and what of it counts."""

    at: JsonPointer = Field(
        default="", description="JSON pointer to an object, or a list of them; the whole answer where empty"
    )
    only: dict[JsonPointer, JsonValue] = Field(
        default_factory=dict,
        max_length=20,
        description="a row counts only where each pointer holds this value",
    )

    def of(self, answer: JsonValue) -> tuple[JsonValue, ...] | None:
        """Return the rows that count; () for nothing, None for an answer of another shape."""
        part = part_or_null(answer, self.at)
        if part is None:
            return ()
        rows: list[JsonValue] = part if isinstance(part, list) else [part]
        if not all(isinstance(row, dict) for row in rows):
            return None
        return tuple(row for row in rows if row and self._counts(row))

    def _counts(self, row: JsonValue) -> bool:
        return all(same(part_or_null(row, pointer), value) for pointer, value in self.only.items())


def facts_of(row: JsonValue, pointers: Mapping[str, str]) -> dict[str, JsonValue]:
    """Return the named parts of a row; null where there is none."""
    return {name: part_or_null(row, pointer) for name, pointer in pointers.items()}


def same(part: JsonValue, value: JsonValue) -> bool:
    """Compare two JSON values; true is not 1, and a number is no text."""
    return type(part) is type(value) and part == value


class ValueSource(Contract):
    """Where a value comes from: exactly one of these."""

    field: str | None = Field(default=None, description="a field of the playbook, collected for the item")
    requester: str | None = Field(default=None, pattern="^address$", description="address: who wrote")
    finding: str | None = Field(
        default=None,
        description="an earlier specialist; `fact` names the fact, of the same item where it has items",
    )
    fact: ValueName | None = Field(
        default=None,
        description="of `finding`; without it, in `recommend`, a fact of the finding that recommends",
    )
    value: JsonValue = Field(default=None, description="a fixed value, the playbook's own")

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        ways = (self.field, self.requester, self.fact, self.value)
        if sum(way is not None for way in ways) != 1:
            raise ValueError("give exactly one of field, requester, fact (with finding), value")
        if self.finding is not None and self.fact is None:
            raise ValueError("finding needs fact")
        return self

"""Writes the reference of docs/declared-roles.md from the schema: python -m tests.docs.declared_reference."""

from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Any, Final

from dispatch.models.contract import Contract
from dispatch.models.declared.actions import Change, Check, Compensation, HttpCall, Payment, ReadBack
from dispatch.models.declared.lookup import InputValue, LookupConfig, Recommendation, RecommendedValue
from dispatch.models.declared.parameters import ParameterSpec
from dispatch.models.declared.reads import HttpRead, Read
from dispatch.models.declared.systems import HttpSystem, McpSystem, SqlSystem

PAGE: Final = Path(__file__).parents[2] / "docs" / "declared-roles.md"
BEGINS: Final = "<!-- The reference is written by python -m tests.docs.declared_reference. -->\n"
SECTIONS: Final[tuple[tuple[str, type[Contract]], ...]] = (
    ("A system of kind `http`", HttpSystem),
    ("A system of kind `sql`", SqlSystem),
    ("A system of kind `mcp`", McpSystem),
    ("The config of `lookup`", LookupConfig),
    ("A read", Read),
    ("`get`", HttpRead),
    ("A value of a read", InputValue),
    ("The form of a value, and a parameter", ParameterSpec),
    ("A recommendation", Recommendation),
    ("A parameter of a recommendation", RecommendedValue),
    ("`http_call`", HttpCall),
    ("`request`", Change),
    ("`read_back`", ReadBack),
    ("A check", Check),
    ("`compensation`", Compensation),
    ("`pays`", Payment),
)


def reference() -> str:
    """Return the reference, a table for each part."""
    return "\n".join(line for title, kind in SECTIONS for line in _table(title, kind))


def _table(title: str, kind: type[Contract]) -> Iterator[str]:
    schema = kind.model_json_schema()
    required = set(schema.get("required", ()))
    yield from (f"### {title}", "", "| key | default | what |", "|---|---|---|")
    for name, field in schema["properties"].items():
        if "const" in field:
            continue
        default = "required" if name in required else _default(field.get("default"))
        # A factory's default is not in the schema: it is an empty mapping.
        told = field.get("description") or kind.model_fields[name].description
        if told is None:
            raise ValueError(f"{kind.__name__}.{name} has no description")
        yield f"| `{name}` | {default} | {told.replace('|', chr(92) + '|')} |"
    yield ""


def _default(value: Any) -> str:
    value = value.value if isinstance(value, Enum) else value
    if value is None or value in ([], {}, ""):
        return ""
    if isinstance(value, list):
        return ", ".join(f"`{one}`" for one in value)
    if isinstance(value, dict):
        return "a text"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def written(page: str) -> str:
    """Return the page with the reference of today."""
    return page[: page.index(BEGINS) + len(BEGINS)] + "\n" + reference()


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")

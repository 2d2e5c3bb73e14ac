"""What templates and conditions of a declared role may name: the requester, the item, and what was found before.

`{requester.address}`, `{item.system}`, `{find_person.login}`: a template fills in values and nothing else. A value that is
not known is an error of its own, never empty text. A filter says how people read a value: `{find_laptop.price_minor|money}` with
the currency beside it, `{find_outage.started_at|moment}`, `{...|day}`.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, NamedTuple

from pydantic import JsonValue

from dispatch.models.errors import DispatchError
from dispatch.models.language import ENGLISH
from dispatch.models.moments import format_day, format_moment
from dispatch.models.money import amount_named, format_money
from dispatch.models.request.item import Item
from dispatch.models.request.submission import Party
from dispatch.models.work.finding import Finding
from dispatch.roles.facts import at_path, facts_for, latest

PLACEHOLDER: Final = re.compile(r"\{([^{}]*)\}")
_NAME: Final = re.compile(r"[a-z][a-z0-9_]*(?:\.[A-Za-z0-9_-]+)+(?:\|[a-z]+)?")
FILTERS: Final = ("money", "moment", "day")
EACH: Final = "each"
ACTION: Final = "action"
OWN_ROOTS: Final = ("requester", "item", EACH, ACTION)
"""What every scope has, beside the names of specialists."""


class UnknownValueError(DispatchError):
    """A template names what is not known."""


class Used(NamedTuple):
    """A value that a text was filled with: where it comes from, as it was written, and as it was found."""

    path: str
    text: str
    raw: str


@dataclass(frozen=True)
class Scope:
    """The values that are known for one item."""

    values: Mapping[str, JsonValue]
    language: str = ENGLISH
    used: list[Used] = field(default_factory=list)
    """What was filled in, in order; for evidence."""

    @classmethod
    def of(
        cls, requester: Party, item: Item, findings: Sequence[Finding], language: str = ENGLISH
    ) -> "Scope":
        """Return what is known for one item; facts of the item stand before those of the whole request."""
        values: dict[str, JsonValue] = {
            "requester": {"address": requester.address, "name": requester.name},
            "item": {"text": item.text, "intent": item.kind, **item.fields},
        }
        for name, finding in latest(findings).items():
            values[name] = facts_for(finding, item.item_id)
        return cls(values, language)

    def having(self, **more: JsonValue) -> "Scope":
        """Return the same with more roots, and nothing used yet."""
        return Scope({**self.values, **more}, self.language)

    def value(self, path: str) -> JsonValue:
        """Return what is known under a dotted path; None where nothing is."""
        return at_path(dict(self.values), path.split("."))

    def fill(self, template: str) -> str:
        """Return a template with its values; raises UnknownValueError for one that is not known."""
        return PLACEHOLDER.sub(lambda found: self._written(found[1]), template)

    def fill_typed(self, template: JsonValue) -> JsonValue:
        """Return a value of the playbook with its templates filled; one that is a placeholder alone keeps its type."""
        if isinstance(template, str):
            whole = PLACEHOLDER.fullmatch(template)
            if whole is None or "|" in whole[1]:
                return self.fill(template)
            value = self.value(whole[1])
            if value is None:
                raise UnknownValueError(f"{whole[1]} is not known")
            self.used.append(Used(whole[1], as_text(value), as_text(value)))
            return value
        if isinstance(template, list):
            return [self.fill_typed(one) for one in template]
        if isinstance(template, dict):
            return {name: self.fill_typed(one) for name, one in template.items()}
        return template

    def _written(self, name: str) -> str:
        path, _, how = name.partition("|")
        value = self.value(path)
        if value is None or isinstance(value, dict | list):
            raise UnknownValueError(f"{path} is not known")
        text = _FORMATS[how](self, path, value) if how else as_text(value)
        self.used.append(Used(path, text, as_text(value)))
        return text

    def _money(self, path: str, value: JsonValue) -> str:
        holder, _, name = path.rpartition(".")
        beside = self.value(holder)
        amount = amount_named(name, beside) if isinstance(beside, dict) else None
        if amount is None:
            raise UnknownValueError(f"{path} is no amount with a currency beside it ({as_text(value)[:40]})")
        return format_money(amount, self.language)


def _moment(write: Callable[[datetime, str], str]) -> Callable[[Scope, str, JsonValue], str]:
    def written(scope: Scope, path: str, value: JsonValue) -> str:
        try:
            at = datetime.fromisoformat(str(value))
        except ValueError:
            at = None
        if at is None or at.tzinfo is None:
            raise UnknownValueError(f"{path} is no moment with its offset")
        return write(at, scope.language)

    return written


_FORMATS: Final[dict[str, Callable[[Scope, str, JsonValue], str]]] = {
    "money": Scope._money,  # noqa: SLF001 (its own method)
    "moment": _moment(format_moment),
    "day": _moment(format_day),
}


def as_text(value: JsonValue) -> str:
    """Return a value as a text has it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def template_problem(template: JsonValue, roots: Sequence[str]) -> str | None:
    """Return what is wrong with a value's placeholders, where they may begin with these roots; None where nothing is."""
    if isinstance(template, dict | list):
        inner = template.values() if isinstance(template, dict) else template
        return next((p for one in inner if (p := template_problem(one, roots)) is not None), None)
    for name in PLACEHOLDER.findall(template) if isinstance(template, str) else ():
        if not _NAME.fullmatch(name):
            return f"{{{name}}} is no placeholder; write it like {{find_person.login}}"
        if (how := name.partition("|")[2]) and how not in FILTERS:
            return f"{{{name}}} has the filter {how!r}; there are: {', '.join(FILTERS)}"
        if (problem := path_problem(name.partition("|")[0], roots)) is not None:
            return problem
    return None


def path_problem(path: str, roots: Sequence[str]) -> str | None:
    """Return what is wrong with a dotted path; None where nothing is."""
    root = path.partition(".")[0]
    if not _NAME.fullmatch(path):
        return f"{path!r} is no path; write it like find_person.login"
    return None if root in roots else f"{path!r} begins with none of: {', '.join(roots)}"

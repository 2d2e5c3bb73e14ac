"""A strict subset of YAML: no tags, no aliases (so no billion laughs), no double keys, a bounded size.

PyYAML's safe loader alone would take the last of two equal keys and say nothing, and would follow aliases.
"""

from pathlib import Path
from typing import Any, Final

import yaml
from yaml.composer import Composer

from dispatch.models.errors import PlaybookError

MAX_BYTES: Final = 1_000_000


class _TrapError(yaml.MarkedYAMLError):
    """A trap of YAML; carries the remedy in `note`."""


class _StrictLoader(Composer, yaml.CSafeLoader):
    """Parse with libyaml, in a tenth of the time of PyYAML's own parser; compose in Python, where aliases are seen."""

    def __init__(self, stream: str) -> None:
        yaml.CSafeLoader.__init__(self, stream)
        Composer.__init__(self)

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            mark: Any = getattr(self.peek_event(), "start_mark", None)
            raise _TrapError(
                problem="an alias (*name)", problem_mark=mark, note="Write the value out in full."
            )
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002 (PyYAML's)
        seen: dict[str, int] = {}
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise _TrapError(
                    problem="a key that is no plain text",
                    problem_mark=key.start_mark,
                    note="Write a plain word before the colon.",
                )
            if key.value in seen:
                raise _TrapError(
                    problem=f"the key {key.value!r} stands twice, first in line {seen[key.value]}",
                    problem_mark=key.start_mark,
                    note="Remove one of the two.",
                )
            seen[key.value] = key.start_mark.line + 1
        return super().construct_mapping(node, deep)


def _refuse_tag(_loader: _StrictLoader, node: yaml.Node) -> None:
    raise _TrapError(
        problem=f"a tag: {node.tag}",
        problem_mark=node.start_mark,
        note="Remove the tag; a playbook holds plain values only.",
    )


_StrictLoader.add_constructor(None, _refuse_tag)


def read_yaml(path: Path) -> Any:
    """Read one YAML document of at most 1 MB, in UTF-8.

    Raises PlaybookError with line and column for whatever is not plain YAML, and for aliases, tags and double keys.
    """
    file = str(path)
    try:
        with path.open("rb") as stream:
            raw = stream.read(MAX_BYTES + 1)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise PlaybookError(
            file, "", f"it cannot be read: {reason}", "Make it a file that this user may read."
        ) from None
    if len(raw) > MAX_BYTES:
        raise PlaybookError(
            file, "", f"it is larger than {MAX_BYTES:,} bytes", "Split the desk, or shorten its texts."
        )
    try:
        return yaml.load(raw.decode("utf-8-sig"), Loader=_StrictLoader)  # noqa: S506 (a SafeLoader, made stricter)
    except UnicodeDecodeError as error:
        raise PlaybookError(file, f"byte {error.start}", "it is not UTF-8", "Save it as UTF-8.") from None
    except RecursionError:
        raise PlaybookError(file, "", "it is nested too deeply", "Write at most a few levels.") from None
    except ValueError as error:
        # Dates and numbers in YAML's own forms that do not exist, such as 2026-02-31.
        raise PlaybookError(file, "", f"a value cannot be read: {error}", "Put it in quotes.") from None
    except yaml.YAMLError as error:
        raise PlaybookError(file, *_told(error)) from None


def _told(error: yaml.YAMLError) -> tuple[str, str, str]:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    where = f"line {mark.line + 1}, column {mark.column + 1}" if mark is not None else ""
    if isinstance(error, _TrapError):
        return where, str(error.problem), str(error.note)
    problem = str(getattr(error, "problem", None) or getattr(error, "reason", None) or "it cannot be parsed")
    return (
        where,
        f"it is not YAML: {problem}",
        "Correct the line; indent with spaces and quote special characters.",
    )

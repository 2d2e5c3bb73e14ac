"""Workflow code holds no clock, no random value and no input or output: it must replay."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
FILES: Final = sorted((ROOT / "workflows").rglob("*.py"))
LIBRARIES: Final = {
    *("asyncio", "collections", "contextlib", "dataclasses", "datetime", "enum", "functools", "itertools"),
    *("json", "typing"),
    *("pydantic", "temporalio"),
    *("activities", "dispatch", "workflows"),
}
"""What a workflow may import; of `datetime` no clock. What of ours it imports is held in test_imports.py."""
CLOCKS: Final = {"now", "utcnow", "today"}
BUILTINS: Final = {"open", "input", "print", "id", "hash", "exec", "eval", "__import__"}
REMEDY: Final = "use workflow.now(), workflow.uuid4() or workflow.random(), or move it into an activity"


def problems(code: str) -> Iterator[str]:
    """Yield what of a workflow's code would not replay, each with its line."""
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            for name in node.names:
                if name.name.partition(".")[0] not in LIBRARIES:
                    yield f"line {node.lineno}: it imports {name.name}; {REMEDY}"
        elif isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] not in LIBRARIES:
            yield f"line {node.lineno}: it imports from {node.module}; {REMEDY}"
        elif isinstance(node, ast.Call):
            yield from _called(node)


def _called(node: ast.Call) -> Iterator[str]:
    called = node.func
    if isinstance(called, ast.Name) and called.id in BUILTINS:
        yield f"line {node.lineno}: it calls {called.id}(); {REMEDY}"
    if (
        isinstance(called, ast.Attribute)
        and called.attr in CLOCKS
        and isinstance(called.value, ast.Name)
        and called.value.id in {"datetime", "date"}
    ):
        yield f"line {node.lineno}: it reads a clock, {called.value.id}.{called.attr}(); {REMEDY}"


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_a_workflow_reads_nothing_but_its_history(file: Path) -> None:
    """Temporal's sandbox passes our own modules through, so that nothing else would tell."""
    assert not list(problems(file.read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    "code",
    [
        "import time",
        "from random import choice",
        "import os.path",
        "from datetime import datetime\ndatetime.now()",
        "from datetime import date\ndate.today()",
        "def f():\n    import uuid",
        "open('a file')",
        "hash('a text')",
    ],
)
def test_what_would_not_replay_is_found(code: str) -> None:
    """At any place in a file."""
    assert list(problems(code))

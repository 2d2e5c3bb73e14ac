"""Commands as they are typed, in this process; no server answers, for these commands need none."""

from pathlib import Path
from typing import Protocol

import pytest

from cli.commands import run


class Typed(Protocol):
    """Types a command in; gives its exit code, what it said and what it complained of."""

    def __call__(self, *words: str) -> tuple[int, str, str]: ...


def typed_at(var: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Typed:
    """Return what types commands in on a machine with this var folder."""
    monkeypatch.setenv("DISPATCH_VAR_DIR", str(var))
    monkeypatch.setenv("TEMPORAL_ADDRESS", "127.0.0.1:9")

    def type_in(*words: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = run(words)
        said = capsys.readouterr()
        return code, said.out, said.err

    return type_in

"""The project's programs as a person's shell starts them, and what they said."""

import asyncio
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import SecretStr

from runtime.settings import Settings
from tests.acceptance.warm import is_warm, run_warm

ROOT: Final = Path(__file__).parents[2]


@dataclass(frozen=True)
class Said:
    """What a program left: its exit code and what it wrote."""

    code: int
    out: str
    err: str

    def __str__(self) -> str:
        return f"code {self.code}\n--- stdout\n{self.out[:2000]}\n--- stderr\n{self.err[-4000:]}"

    def sentence(self, *words: str, code: int = 2) -> str:
        """Return the one sentence on stderr that a person is left with; it has all of `words`."""
        assert self.code == code, str(self)
        assert "Traceback" not in self.out + self.err, str(self)
        assert len(self.err.strip().splitlines()) == 1, str(self)
        assert self.err.startswith("error: "), str(self)
        for word in words:
            assert word in self.err, str(self)
        return self.err.strip()

    def words(self, *words: str, code: int = 0) -> str:
        """Return stdout, which has all of `words`; nothing is wrong."""
        assert self.code == code, str(self)
        assert "Traceback" not in self.err, str(self)
        for word in words:
            assert word in self.out, str(self)
        return self.out


class Shell:
    """Runs commands in the repository with an environment, without a terminal."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        # Make's own variables would reach a make that a test starts; the person's settings would bend what is tested.
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("DISPATCH_", "TEMPORAL_", "MAKE", "MFLAGS"))
        }
        self.environment = {**kept, "COLUMNS": "250", "NO_COLOR": "1", **environment}

    def but(self, **environment: str) -> "Shell":
        """Return the same shell with some variables changed."""
        changed = Shell({})
        changed.environment = {**self.environment, **environment}
        return changed

    async def run(self, *command: str | Path, seconds: float = 120) -> Said:
        """Run a command; `dispatch` and `worker.py` are those of this checkout, and start warm."""
        if is_warm(str(command[0])):
            typed = tuple(str(word) for word in command)
            code, written, complained = await run_warm(typed, ROOT, self.environment, seconds)
            return Said(code, written.decode(), complained.decode())
        process = await asyncio.create_subprocess_exec(
            *command,
            cwd=ROOT,
            env=self.environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            async with asyncio.timeout(seconds):
                out, err = await process.communicate()
        except BaseException:
            process.kill()
            await process.communicate()
            raise
        return Said(process.returncode or 0, out.decode(), err.decode())

    async def starter(self, *arguments: str | Path) -> Said:
        return await self.run("dispatch", *arguments)

    async def worker(self, *arguments: str) -> Said:
        return await self.run("worker.py", *arguments)


def environment_of(settings: Settings, address: str) -> dict[str, str]:
    """Write settings as the environment that gives them."""
    environment = {"TEMPORAL_ADDRESS": address}
    for name in settings.model_fields_set:
        value = getattr(settings, name)
        plain = value.get_secret_value() if isinstance(value, SecretStr) else value
        environment[f"DISPATCH_{name.upper()}"] = str(plain)
    return environment

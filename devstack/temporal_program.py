"""Finds or builds the `temporal` program: setting, PATH, cache, the SDK's download, a Go build; in that order.

Each attempt prints one line, so that a waiting person knows its cause, and after a failure what was tried.
"""

import shutil
import sys
from pathlib import Path

from devstack.temporal_build import Say, cached_program, make
from devstack.temporal_version import read_version
from dispatch.models.errors import DevStackError, DispatchError
from runtime.lifecycle import say_line_by_line
from runtime.settings import Settings, load_settings


def find(settings: Settings, say: Say = print) -> Path:
    """Return a program with a suitable server; blocks for minutes if it must be built.

    Raises DevStackError with one sentence.
    """
    if settings.temporal_program is not None:
        return _set(Path(settings.temporal_program).expanduser(), say)
    on_path = shutil.which("temporal")
    if on_path is None:
        say("PATH: no temporal")
    elif _usable("PATH", Path(on_path), say):
        return Path(on_path)
    cached = cached_program()
    if not cached.exists():
        say(f"cache: nothing at {cached}")
    elif _usable("cache", cached, say):
        return cached
    else:
        cached.unlink()  # only we write there: a broken one would block every later start
    return make(say)


def _set(program: Path, say: Say) -> Path:
    """Return the program that the setting names or fail: a fallback would run another server than the requested one."""
    try:
        version = read_version(program.absolute())
    except DevStackError as error:
        raise DevStackError(f"DISPATCH_TEMPORAL_PROGRAM is wrong: {error}; correct or unset it.") from None
    say(_found("DISPATCH_TEMPORAL_PROGRAM", program, version.server, version.warning))
    return program.absolute()


def _usable(where: str, program: Path, say: Say) -> bool:
    try:
        version = read_version(program)
    except DevStackError as error:
        say(f"{where}: {error}")
        return False
    say(_found(where, program, version.server, version.warning))
    return True


def _found(where: str, program: Path, server: str, warning: str | None) -> str:
    return f"{where}: {program} (server {server})" + (f"; warning: {warning}" if warning else "")


if __name__ == "__main__":
    say_line_by_line()
    try:
        print(find(load_settings()))
    except DispatchError as failure:
        print(f"temporal: {failure}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)

"""Checks which server a `temporal` program runs, and whether it is suitable for the desk."""

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from dispatch.models.errors import DevStackError

# The version that is built, downloaded and measured. An official release and our build report different names but
# run the same server, so programs are compared by their server.
PINNED_CLI = "1.5.1"
PINNED_SERVER = (1, 29)

_SAYS = re.compile(r"temporal version (?P<cli>\S+) \(Server (?P<server>(?P<major>\d+)\.(?P<minor>\d+)[^,)]*)")
_PATIENCE_SECONDS = 20  # the first start of a 170 MB program from a cold disk


@dataclass(frozen=True)
class ProgramVersion:
    """The output of `temporal --version`."""

    cli: str
    server: str
    release: tuple[int, int]

    @property
    def warning(self) -> str | None:
        """Return a clause if this is not the server of all measurements, else None."""
        if self.release == PINNED_SERVER:
            return None
        pinned = ".".join(map(str, PINNED_SERVER))
        return f"the desk was tried on server {pinned}, this one is newer"


def read_version(program: Path) -> ProgramVersion:
    """Return the version of `program`.

    Raises DevStackError, a clause that completes 'PATH: ...', if it does not run, is something else, or is too old.
    """
    try:
        answer = subprocess.run(
            [program, "--version"], capture_output=True, text=True, timeout=_PATIENCE_SECONDS, check=False
        )
    except OSError as error:
        raise DevStackError(f"{program} cannot be run ({error.strerror or error})") from None
    except subprocess.TimeoutExpired:
        raise DevStackError(f"{program} did not tell its version within {_PATIENCE_SECONDS} s") from None
    said = _SAYS.search(answer.stdout)
    if said is None:
        first = (answer.stdout or answer.stderr).strip().splitlines()[:1] or ["nothing"]
        raise DevStackError(
            f"{program} is not Temporal's command line with a server in it (it says: {first[0][:80]})"
        )
    release = (int(said["major"]), int(said["minor"]))
    if release < PINNED_SERVER:
        # Task fairness came with 1.29; an older server takes the switch and silently queues first come, first served.
        pinned = ".".join(map(str, PINNED_SERVER))
        raise DevStackError(f"{program} runs server {said['server']}, the desk needs {pinned} or newer")
    return ProgramVersion(cli=said["cli"], server=said["server"], release=release)

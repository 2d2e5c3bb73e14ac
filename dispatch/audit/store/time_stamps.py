"""RFC 3161 time stamps, by the `openssl` program: requests, and what an authority answered.

Nothing is sent from here: the request is a file that any authority takes (`curl -H 'Content-Type: application/timestamp-query'
--data-binary @FILE.tsq URL -o FILE.tsr`), and its answer is a file that anybody can verify.
"""

import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Final

from dispatch.models.errors import AuditStoreError

_SECONDS: Final = 30
_TIME: Final = re.compile(r"^Time stamp: (.+)$", re.MULTILINE)


class TimeStamps:
    """Asks the openssl program; raises AuditStoreError where there is none, or where it says no."""

    def __init__(self) -> None:
        program = shutil.which("openssl")
        if program is None:
            raise AuditStoreError("there is no openssl program on PATH; install it to work with time stamps")
        self._program = program

    def request(self, digest: str) -> bytes:
        """Make a request for a stamp of a sha256, given as 64 hex digits; it asks for the authority's certificate."""
        return self._run("ts", "-query", "-digest", digest, "-sha256", "-cert")

    def time_of(self, answer: bytes, digest: str) -> str:
        """Read the time of an answer that is for this digest; who signed it is not looked at."""
        with tempfile.TemporaryDirectory() as folder:
            text = self._run("ts", "-reply", "-in", _file(folder, answer), "-text").decode(errors="replace")
        stamped = re.sub(r"[^0-9a-f]", "", "".join(_hex_lines(text)))
        time = _TIME.search(text)
        if digest not in stamped or time is None:
            raise AuditStoreError("it is no time stamp of this head")
        return time[1]

    def verify(self, answer: bytes, digest: str, authority: Path) -> None:
        """Verify an answer against the certificates of its authority (PEM)."""
        with tempfile.TemporaryDirectory() as folder:
            path = _file(folder, answer)
            self._run("ts", "-verify", "-digest", digest, "-in", path, "-CAfile", str(authority))

    def _run(self, *arguments: str) -> bytes:
        done = subprocess.run(  # noqa: S603 (our own words, the program from PATH, digests of hex digits)
            [self._program, *arguments], capture_output=True, timeout=_SECONDS, check=False
        )
        if done.returncode:
            why = done.stderr.decode(errors="replace").strip().splitlines()
            raise AuditStoreError(f"openssl says no: {why[-1][:200] if why else 'without a reason'}")
        return done.stdout


def _hex_lines(text: str) -> list[str]:
    """Return the hex digits of the imprint, which openssl prints as `    0000 - ab cd ...-ef   text`."""
    lines = re.findall(r"^\s+[0-9a-f]{4} - ((?:[0-9a-f]{2}[ -]){16})", text, re.MULTILINE)
    return [str(line) for line in lines]


def _file(folder: str, data: bytes) -> str:
    path = Path(folder) / "answer.tsr"
    path.write_bytes(data)
    return str(path)

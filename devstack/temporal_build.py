"""The pinned `temporal` program, obtained once for a machine: downloaded by the SDK or built by Go, kept outside the clone."""

import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from devstack.temporal_version import PINNED_CLI, read_version
from dispatch.models.errors import DevStackError

Say = Callable[[str], None]

_ROOT = Path(__file__).parent.parent
_MODULE = Path(__file__).parent / "temporal"
_NEEDED_BYTES = 2 * 1024**3  # modules, build cache and program of a first build: 1.8 GB measured
_SILENCE_SECONDS = 15.0  # a download without a byte by then is not going to start
_DOWNLOAD_SECONDS = 300.0
_BUILD_SECONDS = 1800.0


def cached_program() -> Path:
    """Return where the pinned program is, or would be, kept on this machine."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cache / "dispatch-desk" / f"temporal-{PINNED_CLI}" / "temporal"


def make(say: Say) -> Path:
    """Download or build the pinned program into the cache and return its path.

    Raises DevStackError with what failed and what to do.
    """
    program = cached_program()
    try:
        program.parent.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(program.parent).free
        with _only_one(program.parent / "making.lock", say):
            if program.exists():  # another make finished while this one waited
                return program
            if free < _NEEDED_BYTES:
                raise DevStackError(
                    f"building temporal needs 2 GB of disk and {program.parent} has {free / 1024**3:.1f} GB free; "
                    "free some, or set DISPATCH_TEMPORAL_PROGRAM to a temporal program."
                )
            with tempfile.TemporaryDirectory(dir=program.parent, prefix="making-") as folder:
                made = _download(Path(folder), say) or _build(Path(folder), say)
                made.chmod(0o755)
                made.rename(
                    program
                )  # atomic, so that a process that looks meanwhile sees the whole program or none
    except OSError as error:
        raise DevStackError(
            f"the cache {program.parent} cannot be used ({error.strerror or error}); make it writable or set "
            "XDG_CACHE_HOME to a folder that is."
        ) from None
    return program


@contextmanager
def _only_one(lock: Path, say: Say) -> Iterator[None]:
    """Acquire `lock`; the system releases it however the process ends."""
    with lock.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"cache: another process is making it ({lock}); waiting for that one")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _download(folder: Path, say: Say) -> Path | None:
    """Download with the SDK; returns None, with the reason printed, if that fails."""
    say(
        f"SDK download: trying temporal {PINNED_CLI}, giving up after {_SILENCE_SECONDS:.0f} s without a byte"
    )
    target = folder / "download"
    target.mkdir()
    errors = folder / "download.err"
    command = [sys.executable, "-m", "devstack.sdk_download", str(target), f"v{PINNED_CLI}"]
    with (
        errors.open("w") as stderr,
        subprocess.Popen(command, cwd=_ROOT, stdout=stderr, stderr=stderr) as child,
    ):
        reason = _watch(child, target)
    if reason is None and child.returncode != 0:
        said = errors.read_text().strip().splitlines()
        reason = said[-1][:200] if said else f"it ended with {child.returncode}"
    if reason is not None:
        say(f"SDK download: failed, {reason}")
        return None
    made = max(target.iterdir(), key=lambda file: file.stat().st_size)
    try:
        read_version(made)
    except DevStackError as error:
        say(f"SDK download: of no use, {error}")
        return None
    say("SDK download: done")
    return made


def _watch(child: subprocess.Popen[bytes], target: Path) -> str | None:
    """Wait for the download; if nothing arrives or it takes too long, end it and print why."""
    started = time.monotonic()
    while child.poll() is None:
        elapsed = time.monotonic() - started
        arrived = any(file.stat().st_size for file in target.iterdir())
        if elapsed > _DOWNLOAD_SECONDS or (elapsed > _SILENCE_SECONDS and not arrived):
            child.kill()
            return f"not there after {elapsed:.0f} s"
        time.sleep(0.1)
    return None


def _build(folder: Path, say: Say) -> Path:
    otherwise = "put a temporal program on PATH or set DISPATCH_TEMPORAL_PROGRAM to one."
    go = shutil.which("go")
    if go is None:
        raise DevStackError(
            f"temporal is not here and Go, which would build it, is not on PATH: install Go or {otherwise}"
        )
    say("go build: building temporal, three to six minutes on two cores and only this once")
    made, errors = folder / "temporal", folder / "build.err"
    named = f"-s -w -X github.com/temporalio/cli/temporalcli.Version={PINNED_CLI}"
    command = [
        go,
        "build",
        "-buildvcs=false",
        "-mod=readonly",
        "-trimpath",
        f"-ldflags={named}",
        "-o",
        str(made),
    ]
    # No C compiler is needed this way, and `-mod=readonly` keeps the build to what go.sum pins.
    environment = {**os.environ, "CGO_ENABLED": "0", "GOFLAGS": "", "GOWORK": "off"}
    started = time.monotonic()
    with errors.open("w") as stderr:
        try:
            code = subprocess.run(
                [*command, "github.com/temporalio/cli/cmd/temporal"],
                cwd=_MODULE,
                env=environment,
                stdout=stderr,
                stderr=stderr,
                timeout=_BUILD_SECONDS,
                check=False,
            ).returncode
        except subprocess.TimeoutExpired:
            raise DevStackError(f"go build did not end within {_BUILD_SECONDS:.0f} s; {otherwise}") from None
    if code != 0:
        said = errors.read_text().strip().splitlines() or [f"it ended with {code}"]
        raise DevStackError(f"go build of temporal failed ({said[-1][:300]}); mend that, or {otherwise}")
    read_version(made)
    say(f"go build: done in {time.monotonic() - started:.0f} s")
    return made

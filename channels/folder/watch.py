"""Watches a folder and takes in its files.

It reads the folder once a second. A library for change notifications gets none for writes of another machine to a
network share, a half-written file must be checked again in any case, and reading a folder costs little.

A file is moved only after its start was accepted, so that a crash at any point leaves it where it is found again; its
second start is the same request. Starts, and what keeps a refusal for people, come in through `Door`.
"""

import asyncio
import os
import signal
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, NamedTuple

import structlog

from channels.folder.places import (
    AUTOMATIC,
    PLACES,
    TAKEN,
    Mark,
    is_being_written,
    locked,
    move,
    move_refused,
    said,
)
from channels.watching import Door, Hindrance, what_became_of, within_grace
from dispatch.models.errors import DispatchError, SubmissionError

LOOK_SECONDS: Final = 1.0
SETTLE_SECONDS: Final = 1.0
"""How long the size and time of a file must be unchanged."""
_LONG_SECONDS: Final = 30.0
_UNFINISHED: Final = (
    ".part",
    ".partial",
    ".tmp",
    ".temp",
    ".filepart",
    ".crdownload",
    ".download",
    ".swp",
    "~",
)
"""Extensions of files that a program is still writing and renames when it is done."""

log = structlog.get_logger("folder")


class _Seen(NamedTuple):
    mark: Mark
    since: float


class FolderWatch:
    """One folder, one watcher; `run` works until it is told to stop, and stops between two files."""

    def __init__(
        self,
        folder: Path,
        door: Door[Path],
        *,
        look_seconds: float = LOOK_SECONDS,
        settle_seconds: float = SETTLE_SECONDS,
    ) -> None:
        self._folder, self._door = folder, door
        self._look_seconds, self._settle_seconds = look_seconds, settle_seconds
        self._seen: dict[str, _Seen] = {}
        self._failed: dict[str, int] = {}
        self._mentioned = set[str]()
        self._hindrance = Hindrance(log, "files")

    async def run(self, stop: asyncio.Event) -> None:
        """Watch until `stop` is set; raises DispatchError if the folder cannot be watched at all."""
        with locked(self._folder), _without_sigio():
            log.info("watching", folder=str(self._folder))
            while not stop.is_set():
                await within_grace(self._look(stop), stop)
                with suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), self._look_seconds)
            log.info("stopped", folder=str(self._folder))

    async def _look(self, stop: asyncio.Event) -> None:
        """Take in the ready files. If something that every file needs is unavailable, the rest waits for the next look."""
        try:
            ready = await asyncio.to_thread(lambda: list(self._ready()))
            for name in ready:
                if stop.is_set():
                    return
                await self._take(name)
                self._failed.pop(name, None)
        except (DispatchError, OSError) as error:
            self._hindrance.waits(
                error, f"{self._folder}: {said(error)}" if isinstance(error, OSError) else ""
            )

    def _ready(self) -> Iterator[str]:
        """Yield the names of complete files; files that failed before come last, so that they do not delay the others."""
        now, present = time.monotonic(), set[str]()
        with os.scandir(self._folder) as entries:
            found = [(entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries]
        for name, is_folder in sorted(found, key=lambda one: (self._failed.get(one[0], 0), one[0])):
            if name.startswith(".") or name.lower().endswith(_UNFINISHED):
                continue
            present.add(name)
            if is_folder:
                if name not in PLACES:
                    self._mention(
                        name, "is a folder and is left alone; put files into the watched folder itself"
                    )
            elif self._is_whole(name, now):
                yield name
        for kept in (self._seen, self._failed):
            for name in kept.keys() - present:
                del kept[name]
        self._mentioned &= present

    def _is_whole(self, name: str, now: float) -> bool:
        path = self._folder / name
        mark = Mark.of(path)
        if mark is None:
            return False
        seen = self._seen.get(name)
        if seen is None or seen.mark != mark:
            self._seen[name] = _Seen(mark, now)
            return False
        if now - seen.since < self._settle_seconds:
            return False
        if not is_being_written(path):
            return True
        if now - seen.since > _LONG_SECONDS:
            self._mention(
                name,
                "is open in another program that may still write it; it is taken in when that has closed it",
            )
        return False

    async def _take(self, name: str) -> None:
        """Take in one file, or refuse it; a file that changes meanwhile waits for the next look."""
        path, mark = self._folder / name, self._seen[name].mark
        # Counted before the attempt, so that a file that always fails comes after the others.
        self._failed[name] = self._failed.get(name, 0) + 1
        if Mark.of(path) != mark:
            return
        try:
            _check_ordinary(path)
            submission = await self._door.read(path)
            if Mark.of(path) != mark:
                return
            started = await self._door.start(path, submission)
        except SubmissionError as error:
            if Mark.of(path) == mark:
                await self._refuse(path, mark, str(error), error.sha256)
            return
        place = AUTOMATIC if started.automatic is not None else TAKEN
        moved = await asyncio.to_thread(move, path, place, mark)
        # Not for a refusal, which needs no other system.
        self._hindrance.is_over()
        log.info(
            what_became_of(started),
            file=name,
            request_id=started.request_id,
            moved_to=_shown(moved),
            **({"automatic": started.automatic.in_words} if started.automatic is not None else {}),
        )

    async def _refuse(self, path: Path, mark: Mark, why: str, sha256: str) -> None:
        reason = why.replace(str(path), path.name)
        await self._door.refuse(path, reason, sha256)
        moved = await asyncio.to_thread(move_refused, path, reason, mark)
        log.warning("refused", file=path.name, reason=reason, moved_to=_shown(moved))

    def _mention(self, name: str, what: str) -> None:
        if name not in self._mentioned:
            self._mentioned.add(name)
            log.warning("left alone", file=name, why=f"{name} {what}")


def _check_ordinary(path: Path) -> None:
    mode = path.lstat().st_mode
    if stat.S_ISLNK(mode):
        raise SubmissionError(f"{path} is a link to another place; put the file itself into the folder")
    if not stat.S_ISREG(mode):
        raise SubmissionError(f"{path} is no file but a device or a pipe; put a file into the folder")


def _shown(moved: Path | None) -> str:
    return (
        f"{moved.parent.name}/{moved.name}" if moved is not None else "nowhere: another file has its name now"
    )


@contextmanager
def _without_sigio() -> Iterator[None]:
    """Ignore the signal that a lease may cause (`is_being_written`); it would end the process."""
    before = signal.signal(signal.SIGIO, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGIO, before)

"""The folders of a watched folder, and moving a file into one of them: nothing is overwritten and nothing deleted."""

import errno
import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

from dispatch.models.errors import DispatchError

TAKEN: Final = "taken"
REFUSED: Final = "refused"
AUTOMATIC: Final = "automatic"
PLACES: Final = (TAKEN, REFUSED, AUTOMATIC)
_REASON: Final = ".reason.txt"
_LOCK: Final = ".dispatch-watch.lock"
# A file system takes 255; a suffix and the ending of the reason come on top.
_LONGEST_NAME: Final = 230


class Mark(NamedTuple):
    """Identifies a state of a file; a move does not change it.

    The inode is not part of it: some network shares report another one at each look.
    """

    size: int
    changed_ns: int

    @classmethod
    def of(cls, path: Path) -> "Mark | None":
        """Return the mark of a file, or of a link itself; None if it is gone."""
        try:
            found = path.lstat()
        except FileNotFoundError:
            return None
        return cls(found.st_size, found.st_mtime_ns)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Create the subfolders and lock out other watchers; the lock ends with the process.

    Raises DispatchError if the folder cannot be used or another watcher has it.
    """
    try:
        mode = stat.S_IMODE(folder.stat().st_mode)
        if not folder.is_dir():
            raise DispatchError(f"{folder} is no folder; name the folder that requests are put into")
        for name in PLACES:
            place = folder / name
            if not place.is_dir():
                # With the folder's own permissions: people who can add a file can see its result.
                place.mkdir()
                place.chmod(mode)
        lock = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except FileNotFoundError:
        raise DispatchError(f"there is no folder {folder}; make it, or correct its name") from None
    except OSError as error:
        raise DispatchError(
            f"{folder} cannot be watched: {said(error)}; this user must be able to read and write it"
        ) from None
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno not in {errno.EAGAIN, errno.EACCES}:
                raise DispatchError(
                    f"{folder} cannot be locked: {said(error)}; use a folder that can"
                ) from None
            by = os.read(lock, 20).decode("ascii", "replace").strip() or "unknown"
            raise DispatchError(
                f"another watcher (process {by}) works on {folder}; stop it first, or watch another folder"
            ) from None
        os.ftruncate(lock, 0)
        os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(lock)


def move(path: Path, place: str, mark: Mark) -> Path | None:
    """Move a file into one of the subfolders, under a free name.

    Returns None if another file has replaced it meanwhile, which then stays in place. Raises OSError.
    """
    target = _free(path.parent / place, path.name)
    path.rename(target)
    if Mark.of(target) == mark:
        return target
    target.rename(_free(path.parent, path.name))
    return None


def move_refused(path: Path, reason: str, mark: Mark) -> Path | None:
    """Move a file as `move` does, with the reason beside it, which is written first so that no file is without one."""
    folder, text = path.parent / REFUSED, f"{reason}\n".encode("utf-8", "replace")
    target = _free(folder, path.name, text)
    note = target.with_name(target.name + _REASON)
    note.write_bytes(text)
    path.rename(target)
    if Mark.of(target) == mark:
        return target
    target.rename(_free(path.parent, path.name))
    note.unlink()
    return None


def _free(folder: Path, name: str, reason: bytes | None = None) -> Path:
    """Return a free path; with a `reason`, the note's path is free too, or holds that text from before a crash."""
    stem, ending = os.path.splitext(_cut(name))  # noqa: PTH122 (of a name, dots and all)
    number = 1
    while True:
        path = folder / (f"{stem}{ending}" if number == 1 else f"{stem}-{number}{ending}")
        note = path.with_name(path.name + _REASON)
        if not os.path.lexists(path) and (
            reason is None or not os.path.lexists(note) or _holds(note, reason)
        ):
            return path
        number += 1


def _cut(name: str) -> str:
    raw = os.fsencode(name)
    if len(raw) <= _LONGEST_NAME:
        return name
    stem, ending = os.path.splitext(name)  # noqa: PTH122 (of a name, dots and all)
    end = os.fsencode(ending)[:20]
    return os.fsdecode(os.fsencode(stem)[: _LONGEST_NAME - len(end)] + end)


def _holds(note: Path, text: bytes) -> bool:
    return note.is_file() and note.stat().st_size == len(text) and note.read_bytes() == text


def is_being_written(path: Path) -> bool:
    """Check whether a program has the file open for writing, as far as the file system tells.

    Linux grants a read lease only on a file that no program writes. If it grants none at all (a network share, a file of
    another user), an unchanged size and time must be enough. SIGIO must be ignored: a program that opens the file at
    that moment causes one.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    except OSError as error:
        return error.errno == errno.EAGAIN
    finally:
        os.close(descriptor)
    return False


def said(error: OSError) -> str:
    """Return the system's description of an error."""
    return error.strerror or errno.errorcode.get(error.errno or 0, "unknown error")

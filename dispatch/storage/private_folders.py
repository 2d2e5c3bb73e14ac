"""Folders and files that only their owner may open, because a desk's data contains personal data and keys."""

import os
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import structlog

PRIVATE: Final = 0o700
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO

log = structlog.get_logger("folders")


def make_private(folder: Path) -> None:
    """Create a folder and its missing parents with mode 700; an existing one stays unchanged.

    Raises OSError.
    """
    for one in (*reversed(folder.parents), folder):
        if not one.exists():
            one.mkdir(mode=PRIVATE, exist_ok=True)


def make_private_file(path: Path) -> None:
    """Create an empty file that only its owner may read, in a private folder; restrict an existing one of this user.

    Raises OSError.
    """
    make_private(path.parent)
    path.touch(mode=0o600)
    found = path.stat()
    if found.st_mode & _OTHERS and found.st_uid == os.geteuid():
        path.chmod(stat.S_IMODE(found.st_mode) & ~_OTHERS)


def tighten(folders: Iterable[Path]) -> list[Path]:
    """Remove all permissions of others from this user's folders, and return those that had any.

    One log line names all of them. For folders of other users there is only a warning, and shared folders (such as /tmp,
    with the sticky bit) stay unchanged.
    """
    tightened, foreign = [], []
    for folder in dict.fromkeys(one.absolute() for one in folders):
        try:
            found = folder.stat()
            if not found.st_mode & _OTHERS or found.st_mode & stat.S_ISVTX or not folder.is_dir():
                continue
            if found.st_uid != os.geteuid():
                foreign.append(folder)
                continue
            folder.chmod(stat.S_IMODE(found.st_mode) & ~_OTHERS)
        except FileNotFoundError:
            continue
        except OSError:
            foreign.append(folder)
            continue
        tightened.append(folder)
    if tightened:
        log.warning(
            "folders were open to other users of this machine and are not any more",
            folders=[str(folder) for folder in tightened],
        )
    if foreign:
        log.warning(
            "folders are open to other users of this machine and belong to somebody else; have their owner run "
            "'chmod 700' on them",
            folders=[str(folder) for folder in foreign],
        )
    return tightened

"""Folders and files that nobody but their owner may enter or read: what a desk keeps is full of personal data and keys."""

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
    """Make a folder, and those above it that are not there, with mode 700; one that is there stays as it is.

    Raises OSError.
    """
    for one in (*reversed(folder.parents), folder):
        if not one.exists():
            one.mkdir(mode=PRIVATE, exist_ok=True)


def make_private_file(path: Path) -> None:
    """Make an empty file that only its owner may read, in a private folder; one of this user's is made so.

    Raises OSError.
    """
    make_private(path.parent)
    path.touch(mode=0o600)
    found = path.stat()
    if found.st_mode & _OTHERS and found.st_uid == os.geteuid():
        path.chmod(stat.S_IMODE(found.st_mode) & ~_OTHERS)


def tighten(folders: Iterable[Path]) -> list[Path]:
    """Take every right of others away from folders that are this user's, and return those that had one.

    It is logged once for all of them. What belongs to somebody else is only warned of, and a folder that is shared by
    its nature (such as /tmp, with the sticky bit) is left as it is.
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

"""Files of the site's folder: opened part by part, so that no path and no link leads out of it."""

import os  # noqa: TID251 (files are opened one folder after the other, which pathlib cannot)
import stat
from contextlib import suppress
from pathlib import Path
from typing import Final

from pydantic import Field

from activities.contracts import SystemSettings
from desks.website.rules.site import safe_path
from dispatch.models.errors import RefusedError, UnavailableError

MOST_BYTES: Final = 2_000_000
"""Of a page; a larger one is no page for people."""
MOST_FILES: Final = 20_000
_MOST_DEPTH: Final = 20
_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class SiteSettings(SystemSettings):
    """Where the site is."""

    site_dir: Path = Field(default=Path("var/site"), description="the folder that the web server serves")
    site_url: str = Field(
        default="http://127.0.0.1:8814", description="where it is served; the verifier fetches from here"
    )


def read_file(folder: Path, path: str, most: int) -> bytes | None:
    """Return a file of the folder; None where there is none. No symbolic link is followed.

    Raises RefusedError ('unsafe_path', 'too_large', 'no_file') and UnavailableError for a folder that cannot be read.
    """
    parts = checked_parts(path)
    try:
        with opened_folder(folder, parts[:-1]) as parent:
            handle = os.open(parts[-1], _FILE, dir_fd=parent)
    except FileNotFoundError:
        if not folder.is_dir():
            raise UnavailableError(
                f"the site's folder {folder} is not there; set DISPATCH_SITE_DIR"
            ) from None
        return None
    except NotADirectoryError:
        return None
    except OSError as error:
        raise RefusedError(f"{path} in the site cannot be read: {error.strerror}", "unsafe_path") from None
    with os.fdopen(handle, "rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise RefusedError(f"{path} in the site is no file", "no_file")
        data = file.read(most + 1)
    if len(data) > most:
        raise RefusedError(f"{path} has more than {most:,} bytes", "too_large")
    return data


def checked_parts(path: str) -> tuple[str, ...]:
    """Return the parts of a path inside the folder; raises RefusedError('unsafe_path') for one that could lead out."""
    if not path or safe_path(path) != path:
        raise RefusedError(f"{path[:200]!r} is no path inside the site", "unsafe_path")
    return tuple(path.split("/"))


class opened_folder:  # noqa: N801 (used as a function)
    """Open a folder below the site's own, one part after the other, without following a link; closes it afterwards."""

    def __init__(self, folder: Path, parts: tuple[str, ...], *, make: bool = False) -> None:
        self._folder, self._parts, self._make = folder, parts, make
        self._handle = -1

    def __enter__(self) -> int:
        # The site's own folder may be a link, as web servers are often set up.
        self._handle = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            for part in self._parts:
                if self._make:
                    with suppress(FileExistsError):
                        os.mkdir(part, 0o755, dir_fd=self._handle)
                inner = os.open(part, _FOLDER, dir_fd=self._handle)
                os.close(self._handle)
                self._handle = inner
        except BaseException:
            os.close(self._handle)
            raise
        return self._handle

    def __exit__(self, *_: object) -> None:
        os.close(self._handle)


def files_in(folder: Path) -> tuple[str, ...]:
    """Return the paths of the folder's files, sorted, at most 20,000; links and hidden ones are left out."""
    if not folder.is_dir():
        raise UnavailableError(f"the site's folder {folder} is not there; set DISPATCH_SITE_DIR")
    found: list[str] = []
    todo = [("", 0)]
    while todo and len(found) < MOST_FILES:
        below, depth = todo.pop()
        try:
            with os.scandir(folder / below) as entries:
                for entry in entries:
                    if entry.name.startswith(".") or entry.is_symlink():
                        continue
                    path = f"{below}{entry.name}"
                    if entry.is_dir(follow_symlinks=False):
                        if depth < _MOST_DEPTH:
                            todo.append((f"{path}/", depth + 1))
                    elif entry.is_file(follow_symlinks=False) and safe_path(path) == path:
                        found.append(path)
        except OSError as error:
            raise UnavailableError(
                f"the site's folder {folder / below} cannot be read: {error.strerror}"
            ) from None
    return tuple(sorted(found))

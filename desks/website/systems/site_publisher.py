"""Writes pages into the site's folder, one at a time, whole or not at all; the version before is kept."""

import asyncio
import fcntl
import hashlib
import json
import os
import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar, Final, Self

from pydantic import Field

from desks.website.models.publishing import Publication
from desks.website.site_files import MOST_BYTES, SiteSettings, checked_parts, opened_folder, read_file
from dispatch.models.errors import OutcomeUnknownError, RefusedError, UnavailableError
from dispatch.storage.private_folders import make_private

_NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_READABLE: Final = 0o644


class SitePublisher:
    """The only one that changes the site's folder."""

    acting: ClassVar[bool] = True

    class Settings(SiteSettings):
        """The folder, and where versions are kept."""

        site_versions_dir: Path = Field(
            default=Path("var/site-versions"),
            description="what pages were before, by key; outside the site's folder",
        )

    def __init__(self, folder: Path, versions: Path) -> None:
        self._folder, self._versions = folder, versions

    @classmethod
    @asynccontextmanager
    async def open(cls, settings: Settings) -> AsyncIterator[Self]:
        """Open it for the length of the block."""
        yield cls(settings.site_dir, settings.site_versions_dir)

    async def find(self, key: str) -> Publication | None:
        """Return the publication under a key. Raises Unavailable where the records cannot be read."""
        return await asyncio.to_thread(self._find, key)

    async def publish(self, key: str, path: str, data: bytes, was_sha256: str) -> Publication:
        """Put a page in the place of the one with this digest; under a key that has published it, change nothing.

        Raises Refused ('conflict': the page is not the one that was changed, or the key was used for another; 'unsafe_path';
        'too_large') and Unavailable, after which nothing has changed.
        """
        return await asyncio.to_thread(self._publish, key, path, data, was_sha256)

    async def restore(self, key: str) -> Publication:
        """Put the version before back. Raises Refused ('nothing_to_compensate'; 'conflict': the page changed since)."""
        return await asyncio.to_thread(self._restore, key)

    def _publish(self, key: str, path: str, data: bytes, was_sha256: str) -> Publication:
        checked_parts(path)
        if len(data) > MOST_BYTES:
            raise RefusedError(f"{path}: the new page has more than {MOST_BYTES:,} bytes", "too_large")
        new = hashlib.sha256(data).hexdigest()
        with self._locked(path):
            earlier = self._find(key)
            current = read_file(self._folder, path, MOST_BYTES)
            here = "" if current is None else hashlib.sha256(current).hexdigest()
            if earlier is not None:
                if (earlier.path, earlier.sha256) != (path, new) or earlier.restored:
                    raise RefusedError(f"{path}: the key of this publication was used before", "conflict")
                if here == new:
                    return earlier
            if here != was_sha256:
                raise RefusedError(
                    f"{path} was changed by somebody else since the change was made on it", "page_changed"
                )
            if current is not None:
                self._keep(self._folder_of(key) / "before", current)
            made = Publication(key=key, path=path, sha256=new, was_sha256=here, at=datetime.now(UTC))
            # The record comes first: a crash in between leaves a record whose page is still the old one, and the next
            # attempt finds the old digest and goes on.
            self._keep(self._folder_of(key) / "record.json", made.model_dump_json().encode())
            self._put(path, data)
            return made

    def _restore(self, key: str) -> Publication:
        found = self._find(key)
        if found is None:
            raise RefusedError("nothing was published under this key", "nothing_to_compensate")
        with self._locked(found.path):
            current = read_file(self._folder, found.path, MOST_BYTES)
            here = "" if current is None else hashlib.sha256(current).hexdigest()
            done = found.model_copy(update={"restored": True})
            if here == found.was_sha256:
                self._keep(self._folder_of(key) / "record.json", done.model_dump_json().encode())
                return done
            if here != found.sha256:
                raise RefusedError(
                    f"{found.path} was changed since it was published, so it is left as it is", "page_changed"
                )
            if found.was_sha256:
                self._put(found.path, (self._folder_of(key) / "before").read_bytes())
            else:
                self._take_out(found.path)
            self._keep(self._folder_of(key) / "record.json", done.model_dump_json().encode())
            return done

    def _folder_of(self, key: str) -> Path:
        return self._versions / hashlib.sha256(key.encode()).hexdigest()

    def _find(self, key: str) -> Publication | None:
        try:
            text = (self._folder_of(key) / "record.json").read_text(encoding="utf-8")
        except FileNotFoundError:
            return None
        except OSError as error:
            raise UnavailableError(f"the record of publications cannot be read: {error.strerror}") from None
        try:
            return Publication.model_validate(json.loads(text))
        except ValueError:
            raise RefusedError("the record of this publication is damaged", "damaged_record") from None

    @contextmanager
    def _locked(self, path: str) -> Iterator[None]:
        """Hold the lock of one page, across processes."""
        try:
            make_private(self._versions)
            name = hashlib.sha256(path.encode()).hexdigest()[:32]
            handle = os.open(self._versions / f"{name}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise UnavailableError(f"{self._versions} cannot be written: {error.strerror}") from None
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    def _keep(self, file: Path, data: bytes) -> None:
        try:
            make_private(file.parent)
            aside = file.with_name(f".{file.name}.{secrets.token_hex(8)}")
            with os.fdopen(os.open(aside, _NEW, 0o600), "wb") as written:
                written.write(data)
                written.flush()
                os.fsync(written.fileno())
            aside.replace(file)
        except OSError as error:
            raise UnavailableError(f"{file.parent} cannot be written: {error.strerror}") from None

    def _put(self, path: str, data: bytes) -> None:
        parts = checked_parts(path)
        aside = f".{secrets.token_hex(12)}.part"
        try:
            with opened_folder(self._folder, parts[:-1], make=True) as parent:
                try:
                    with os.fdopen(os.open(aside, _NEW, _READABLE, dir_fd=parent), "wb") as file:
                        os.fchmod(file.fileno(), _mode(parts[-1], parent))
                        file.write(data)
                        file.flush()
                        os.fsync(file.fileno())
                    os.rename(aside, parts[-1], src_dir_fd=parent, dst_dir_fd=parent)
                except BaseException:
                    with suppress(OSError):
                        os.unlink(aside, dir_fd=parent)
                    raise
                os.fsync(parent)
        except OSError as error:
            raise OutcomeUnknownError(f"{path} may not be written whole: {error.strerror}") from None

    def _take_out(self, path: str) -> None:
        parts = checked_parts(path)
        try:
            with opened_folder(self._folder, parts[:-1]) as parent:
                os.unlink(parts[-1], dir_fd=parent)
                os.fsync(parent)
        except OSError as error:
            raise OutcomeUnknownError(f"{path} may still be there: {error.strerror}") from None


def _mode(name: str, parent: int) -> int:
    """Return the permissions of the page that is replaced, so that its web server can still read it."""
    try:
        return os.stat(name, dir_fd=parent, follow_symlinks=False).st_mode & 0o777
    except OSError:
        return _READABLE

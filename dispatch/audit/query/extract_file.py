"""The extract as a file of JSON lines, kept level with a store: made line by line as requests are exported."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from dispatch.audit.query.extract import Record, record_of
from dispatch.audit.store.backend import StoreBackend
from dispatch.audit.store.crypto_shredding import KeyOf, no_keys, opened
from dispatch.audit.store.document import from_bytes
from dispatch.audit.store.manifest import read_line, sha256
from dispatch.audit.store_models import START, Position
from dispatch.models.canonical import canonical_bytes as canonical
from dispatch.models.errors import AuditStoreError
from dispatch.storage.private_folders import make_private

_TAIL: Final = 1 << 20
_VERSION: Final = 3
"""In the file's name: another form of record is another file."""
_HAS_MODELS: Final = b'"models":[{'
"""How the canonical form of a record shows that models were asked; within a text its quotes would be escaped."""


class ExtractFile:
    """Lies outside of the store, in the exporter's or the auditor's own folder; safe for several processes at once."""

    def __init__(self, folder: Path, place: StoreBackend, key_of: KeyOf = no_keys) -> None:
        self._place, self._key_of = place, key_of
        self.path = folder / f"extract-v{_VERSION}-{sha256(place.name.encode())[:12]}.jsonl"
        self._position, self._size = START, 0

    def catch_up(self) -> int:
        """Add what the store has and the file lacks; returns how many records the file then has.

        A file that is not of this chain is rebuilt. Raises AuditStoreError, also for a history that is not what its
        line says.
        """
        try:
            with self._locked():
                return self._catch_up()
        except OSError as error:
            raise AuditStoreError(
                f"cannot write the extract {self.path}: {error.strerror or error}; make room, or set DISPATCH_VAR_DIR"
            ) from None

    def records(self) -> Iterator[Record]:
        """Yield every record, after catching up; raises AuditStoreError."""
        self.catch_up()
        with self.path.open("rb") as file:
            for line in file:
                record: Record = json.loads(line)
                yield record

    def records_with_models(self) -> Iterator[Record]:
        """Yield the last record of each request for which models were asked, after catching up; raises AuditStoreError.

        The other records are not parsed: an inbox shows a page of this.
        """
        self.catch_up()
        latest: dict[str, Record] = {}
        with self.path.open("rb") as file:
            for line in file:
                if _HAS_MODELS in line:
                    record: Record = json.loads(line)
                    latest[record["request_id"]] = record
        yield from latest.values()

    def make_anew(self) -> int:
        """Forget every record and make them again, as after an erasure; returns how many there are."""
        self.path.unlink(missing_ok=True)
        self._position, self._size = START, 0
        return self.catch_up()

    def _catch_up(self) -> int:
        self.path.touch(mode=0o600)
        with self.path.open("r+b") as file:
            size = _end_of_last_line(file.fileno())
            if size != self._size:
                # Another process wrote, or this one has just begun.
                self._position = self._position_of(_last(file.fileno(), size))
                size = size if self._position.seq else 0
            file.truncate(size)
            file.seek(size)
            for raw, position in self._place.lines(self._position):
                if not raw.endswith(b"\n"):
                    break
                file.write(canonical(self._record(raw)) + b"\n")
                self._position = position
            file.flush()
            self._size = file.tell()
        return self._position.seq

    def _position_of(self, last: Record | None) -> Position:
        """Find the place in the chain where the last record was made; the beginning where it is not there."""
        if last is not None:
            for raw, position in self._place.lines():
                if position.seq == last["seq"]:
                    return position if sha256(raw.rstrip(b"\n")) == last["line"] else START
        return START

    def _record(self, raw: bytes) -> Record:
        body = raw.rstrip(b"\n")
        try:
            line = read_line(body)
            data = self._place.get(line.digest) or b""
            if sha256(data) != line.digest:
                raise ValueError(f"the history of {line.request_id} is missing or was changed")  # noqa: TRY301
            return record_of(line, sha256(body), opened(from_bytes(data), self._key_of))
        except (ValueError, KeyError, TypeError) as error:
            raise AuditStoreError(
                f"{self._place.name} is broken: {error}; see 'dispatch audit verify'"
            ) from None

    @contextmanager
    def _locked(self) -> Iterator[None]:
        make_private(self.path.parent)
        lock = os.open(self.path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)


def _end_of_last_line(descriptor: int) -> int:
    """Return the offset behind the last line end; what follows was left by a process that was killed."""
    end = os.fstat(descriptor).st_size
    while end > 0:
        begin = max(0, end - _TAIL)
        found = os.pread(descriptor, end - begin, begin).rfind(b"\n")
        if found >= 0:
            return begin + found + 1
        end = begin
    return 0


def _last(descriptor: int, size: int) -> dict[str, Any] | None:
    """Read the last whole record."""
    begin, tail = size, b""
    while begin > 0 and tail.count(b"\n") < 2:  # noqa: PLR2004 (the end of the line before, and its own)
        begin = max(0, begin - _TAIL)
        tail = os.pread(descriptor, size - begin, begin)
    lines = tail.splitlines()
    try:
        record: dict[str, Any] = json.loads(lines[-1])
    except (IndexError, ValueError):
        return None
    return record if "seq" in record and "line" in record else None

"""The approvers file: who may decide, read again whenever it has changed, and written whole or not at all."""

import fcntl
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import yaml
from pydantic import JsonValue, ValidationError

from dispatch.approval.authority import file_problems
from dispatch.models.errors import ApproversError, PlaybookError
from dispatch.models.people.approvers import Approvers
from dispatch.playbooks.strict_yaml import read_yaml
from dispatch.storage.private_folders import make_private
from dispatch.storage.yaml_edit import edited

_HEAD: Final = (
    "# Who may decide: people, their roles and their public keys; docs/signing.md has every field.\n"
    "# Edit it as you like. 'dispatch keys new' and 'keys revoke' change their part of it and leave the rest as it is.\n"
)
_MODE: Final = 0o644
_Seen = tuple[int, int, int]


class ApproversFile:
    """Reads and writes one file; where there is none, it knows nobody."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._seen: _Seen | None = None
        self._read = Approvers()

    def read(self) -> Approvers:
        """Return the approvers as they are now.

        Raises ApproversError naming file, path in it and remedy. One that was good and is broken now is an error
        too: who may decide is never a guess.
        """
        seen = self._look()
        if seen is None:
            return Approvers()
        if seen != self._seen:
            self._read, self._seen = self._load(), seen
        return self._read

    def change(self, edit: Callable[[Approvers], Approvers]) -> Approvers:
        """Write what `edit` makes of the approvers as they are now, and give it.

        Comments, order and layout stay but for what was changed; a layout that dispatch/storage/yaml_edit.py does not
        understand, which is seen by reading the result, is rewritten.

        Programs of ours take turns at a lock beside the file. Where somebody saved the file by hand meanwhile, `edit`
        is asked again, about what they saved. Raises what `read` does, and what `edit` does.
        """
        with self._told("written"), self._turn():
            while True:
                seen = self._look()
                known = self.read()
                changed = edit(known)
                if changed == known:
                    return known
                text = self._text()
                if self._look() != seen:
                    continue
                aside = self._written_aside(
                    edited(text, _plain(known), _plain(changed)) if text else _anew(changed)
                )
                if not _says(aside, changed):
                    aside.unlink()
                    aside = self._written_aside(_anew(changed))
                if self._look() == seen:
                    aside.replace(self.path.resolve())
                    return changed
                aside.unlink()

    def write(self, approvers: Approvers) -> None:
        """Put the whole file in place of the one that is there, whatever it holds."""
        with self._told("written"), self._turn():
            self._written_aside(_anew(approvers)).replace(self.path.resolve())

    def _look(self) -> _Seen | None:
        """Return what changes with the file's content; None where there is no file."""
        with self._told("read"):
            try:
                stat = self.path.stat()
            except FileNotFoundError:
                return None
        return stat.st_mtime_ns, stat.st_size, stat.st_ino

    @contextmanager
    def _turn(self) -> Iterator[None]:
        make_private(self.path.parent)
        # Beside the file and never removed: a lock on the file itself would be one on what is about to be replaced.
        with self.path.with_name(f".{self.path.name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _text(self) -> str:
        """Return the file's text with the line ends that it has; empty where there is none."""
        return self.path.read_bytes().decode() if self.path.exists() else ""

    def _written_aside(self, text: str) -> Path:
        target = self.path.resolve()
        with tempfile.NamedTemporaryFile(dir=target.parent, prefix=".approvers-", delete=False) as file:
            file.write(text.encode())
            file.flush()
            os.fchmod(file.fileno(), target.stat().st_mode & 0o777 if target.exists() else _MODE)
            os.fsync(file.fileno())
        return Path(file.name)

    def _load(self) -> Approvers:
        try:
            document = read_yaml(self.path)
        except PlaybookError as error:
            raise self._wrong(error.path, error.problem) from None
        try:
            # As JSON is read: strings become moments, and nothing else becomes anything.
            approvers = Approvers.model_validate(document if document is not None else {})
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            raise self._wrong(".".join(str(part) for part in first["loc"]), first["msg"]) from None
        for where, problem, remedy in file_problems(approvers):
            raise self._wrong(where, f"{problem} ({remedy.rstrip('.')})")
        return approvers

    def _wrong(self, where: str, problem: str) -> ApproversError:
        return ApproversError(
            f"{self.path}: at {where or 'the top'}: {problem}. Correct it there, or restore the file."
        )

    @contextmanager
    def _told(self, done: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise ApproversError(
                f"{self.path}: it cannot be {done}: {error.strerror}. Make it accessible to this user."
            ) from None


def _plain(approvers: Approvers) -> dict[str, JsonValue]:
    plain: dict[str, JsonValue] = approvers.model_dump(mode="json", exclude_defaults=True)
    return plain


def _anew(approvers: Approvers) -> str:
    document = _plain(approvers) or {"approvers": []}
    return _HEAD + yaml.safe_dump(document, allow_unicode=True, sort_keys=False)


def _says(path: Path, approvers: Approvers) -> bool:
    try:
        return ApproversFile(path).read() == approvers
    except ApproversError:
        return False

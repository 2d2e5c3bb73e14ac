"""The approvers file and the public keys beside it: who may decide, read again whenever any of them has changed."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Final

import yaml
from pydantic import JsonValue, ValidationError

from dispatch.approval.authority import file_problems
from dispatch.models.errors import ApproversError, PlaybookError
from dispatch.models.people.approvers import Approvers
from dispatch.playbooks.strict_yaml import read_yaml
from dispatch.storage.durable_files import replace
from dispatch.storage.public_keys import ENDING, FOLDER, PublicKeys, Seen

_HEAD: Final = (
    "# Who may decide: people and their roles; docs/signing.md has every field.\n"
    f"# Their public keys are files in {FOLDER}/ beside this one.\n"
)
_MODE: Final = 0o644
_TRIES: Final = 20
_Seen = tuple[tuple[int, int, int], Seen]


class ApproversFile:
    """Reads one file, which people write, and the keys beside it; without a file there are no approvers."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.keys = PublicKeys(path.parent / FOLDER)
        self._seen: _Seen | None = None
        self._read = Approvers()

    def read(self) -> Approvers:
        """Return the current approvers.

        Raises ApproversError naming file, path in it and remedy. One that was good and is broken now is an error
        too: who may decide is never a guess.
        """
        seen = self._look()
        for _ in range(_TRIES):
            if seen is None:
                return Approvers()
            if seen == self._seen:
                break
            try:
                known: Approvers | ApproversError = self._load()
            except ApproversError as error:
                known = error
            # What was saved while this read is read again: no mixture of before and after is ever used.
            before, seen = seen, self._look()
            if seen == before and isinstance(known, ApproversError):
                raise known
            if seen == before and isinstance(known, Approvers):
                self._read, self._seen = known, seen
        else:
            raise ApproversError(f"{self.path}: it changes all the time; wait until it is saved.")
        return self._read

    def write(self, approvers: Approvers) -> None:
        """Replace the whole file and its keys."""
        text = _HEAD + yaml.safe_dump(_plain(approvers), allow_unicode=True, sort_keys=False)
        with self._told("written"):
            # Without keys in between: for a moment nobody can sign, but no key exists without its person.
            self.keys.write(())
            replace(self.path.resolve(), text.encode(), _MODE)
            self.keys.write(approvers.approvers)

    def revoke(self, key_id: str, at: datetime) -> datetime | None:
        """Revoke a key in its file; returns the earlier time if it was revoked before.

        A revocation to come is brought forward. Raises ApproversError, also where there is no such key.
        """
        names = {person.name for person in self.read().approvers}
        with self._told("written", self.keys.folder):
            one = next((one for one in self.keys.read(names) if one.key.key_id == key_id), None)
            if one is None:
                raise ApproversError(
                    f"{self.keys.folder}: there is no key {key_id}; see 'dispatch keys show'"
                )
            if one.key.revoked_at is not None and one.key.revoked_at <= at:
                return one.key.revoked_at
            self.keys.revoke(one, at)
        return None

    def _look(self) -> _Seen | None:
        """Return what changes with the content of the file and of the keys' folder; None where there is no file."""
        with self._told("read"):
            try:
                stat = self.path.stat()
            except FileNotFoundError:
                return None
            return (stat.st_mtime_ns, stat.st_size, stat.st_ino), self.keys.look()

    def _load(self) -> Approvers:
        try:
            document = read_yaml(self.path)
        except PlaybookError as error:
            raise self._wrong(error.path, error.problem) from None
        self._refuse_keys(document)
        try:
            # As JSON is read: strings become moments, and nothing else becomes anything.
            approvers = Approvers.model_validate(document if document is not None else {})
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            raise self._wrong(".".join(str(part) for part in first["loc"]), first["msg"]) from None
        for where, problem, remedy in file_problems(approvers):
            raise self._wrong(where, f"{problem} ({remedy.rstrip('.')})")
        return self._with_keys(approvers)

    def _with_keys(self, approvers: Approvers) -> Approvers:
        with self._told("read", self.keys.folder):
            files = self.keys.read({person.name for person in approvers.approvers})
        people = tuple(
            person.model_copy(update={"keys": tuple(one.key for one in files if one.name == person.name)})
            for person in approvers.approvers
        )
        return Approvers(approvers=people)

    def _refuse_keys(self, document: JsonValue) -> None:
        people = document.get("approvers") if isinstance(document, dict) else None
        for number, person in enumerate(people if isinstance(people, list) else ()):
            if isinstance(person, dict) and "keys" in person:
                path = self.keys.folder / f"{person.get('name')}{ENDING}"
                raise self._wrong(
                    f"approvers.{number}.keys",
                    f"public keys are in files of their own since 0.4.0; write each into its own, such as {path} "
                    "(docs/signing.md, 'Public keys', has the commands), and remove 'keys' here",
                )

    def _wrong(self, where: str, problem: str) -> ApproversError:
        return ApproversError(
            f"{self.path}: at {where or 'the top'}: {problem}. Correct it there, or restore the file."
        )

    @contextmanager
    def _told(self, done: str, path: Path | None = None) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            where = error.filename or path or self.path
            raise ApproversError(
                f"{where}: it cannot be {done}: {error.strerror}. Make it accessible to this user."
            ) from None


def _plain(approvers: Approvers) -> dict[str, JsonValue]:
    """Return the file's content, without the keys."""
    people = approvers.model_dump(
        mode="json", exclude_defaults=True, exclude={"approvers": {"__all__": {"keys"}}}
    )
    return people or {"approvers": []}

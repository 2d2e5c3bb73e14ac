"""The passphrases of people: `inbox_users.yaml`, name -> argon2id hash, mode 600, written by `python -m inbox user NAME`."""

import asyncio
import hashlib
import os
import secrets
from pathlib import Path
from typing import Final

import yaml
from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError
from pydantic import TypeAdapter, ValidationError

from dispatch.models.errors import DispatchError, PlaybookError
from dispatch.models.people.approvers import ApproverName
from dispatch.playbooks.strict_yaml import read_yaml
from dispatch.storage.private_folders import make_private

LEAST_CHARS: Final = 12
MOST_CHARS: Final = 500
_AT_ONCE: Final = 2
"""The most parallel checks: each takes 64 MB and a core for about 50 ms, and more would slow the pages down."""
_USERS: Final[TypeAdapter[dict[ApproverName, str]]] = TypeAdapter(dict[ApproverName, str])
_NAME: Final[TypeAdapter[str]] = TypeAdapter(ApproverName)


class UsersError(DispatchError):
    """The file of users, or a new entry for it, is wrong; the text says what and where."""


class Users:
    """Reads the file at each sign-in, so that a removed person is refused immediately.

    `hasher` sets the cost of new hashes; an old hash is checked at its own cost.
    """

    def __init__(self, path: Path, hasher: PasswordHasher | None = None) -> None:
        self._path = path
        self._hasher = hasher or PasswordHasher()
        self._gate = asyncio.Semaphore(_AT_ONCE)
        # Checked if a name is unknown, so that the response time does not reveal names.
        self._nobody = self._hasher.hash(secrets.token_hex(16))

    async def check(self, name: str, passphrase: str) -> str | None:
        """Return the person's stamp if the passphrase is right, else None; raises UsersError for a wrong file."""
        known = self._read().get(name)
        async with self._gate:
            fits = await asyncio.to_thread(self._fits, known or self._nobody, passphrase[:MOST_CHARS])
        return _stamp(known) if fits and known is not None else None

    def stamp(self, name: str) -> str | None:
        """Return a stamp that changes with a person's passphrase, None if unknown; raises UsersError for a wrong file."""
        known = self._read().get(name)
        return _stamp(known) if known is not None else None

    def write(self, name: str, passphrase: str) -> None:
        """Set a person's passphrase; raises UsersError."""
        try:
            _NAME.validate_python(name)
        except ValidationError:
            raise UsersError(
                f"{name[:80]!r} is no name; use lower-case letters, digits, '.', '_' and '-', as in approvers.yaml"
            ) from None
        if not LEAST_CHARS <= len(passphrase) <= MOST_CHARS:
            raise UsersError(f"a passphrase has {LEAST_CHARS} to {MOST_CHARS} characters; choose another")
        users = self._read() | {name: self._hasher.hash(passphrase)}
        aside = self._path.with_name(f".{self._path.name}.{os.getpid()}")
        try:
            make_private(self._path.parent)
            descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                yaml.safe_dump(users, file)
                file.flush()
                os.fsync(file.fileno())
            aside.replace(self._path)
        except OSError as error:
            raise UsersError(
                f"{self._path} cannot be written: {error.strerror or error}; make it writable"
            ) from None

    def _fits(self, known: str, passphrase: str) -> bool:
        try:
            return self._hasher.verify(known, passphrase)
        except (Argon2Error, InvalidHashError):
            return False

    def _read(self) -> dict[str, str]:
        if not self._path.exists():
            return {}
        try:
            return _USERS.validate_python(read_yaml(self._path) or {})
        except PlaybookError as error:
            raise UsersError(str(error)) from None
        except ValidationError as error:
            where = ".".join(str(part) for part in error.errors()[0]["loc"])
            raise UsersError(
                f"{self._path}: at {where or 'the top'}: not 'name: hash'; write it with 'python -m inbox user NAME'"
            ) from None


def _stamp(known: str) -> str:
    return hashlib.sha256(known.encode()).hexdigest()[:16]

"""Keys of programs that send or read requests over HTTP: one private file for each, so that a removed one ends at once.

A bearer key has 256 random bits; its file holds only the digest, and a slow hash would protect nothing more. The secret
of a sender that signs its webhooks is needed to check them, so its file holds it (mode 600).
"""

import base64
import hashlib
import hmac
import secrets
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final, NamedTuple, Self

import structlog
from pydantic import Field, StringConstraints, TypeAdapter, ValidationError, model_validator

from dispatch.models.contract import Contract, Moment
from dispatch.models.errors import KeysError
from dispatch.models.work.playbook import DeskName
from dispatch.storage.durable_files import write_new
from dispatch.storage.private_folders import make_private

KEY_PREFIX: Final = "ddk_"
"""The prefix of a bearer key, by which scanners of source code can find one."""
SECRET_PREFIX: Final = "whsec_"  # noqa: S105 (how a secret of Standard Webhooks begins)
_BYTES: Final = 32
_MOST_BYTES: Final = 4_000

KeyName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]{0,62}$")]

log = structlog.get_logger("keys")


class Scope(StrEnum):
    """The scopes of a key."""

    WRITE = "requests:write"
    READ = "requests:read"


class ApiKey(Contract):
    """One key; exactly one of `sha256` (a bearer key's digest) and `signing_secret` is there."""

    name: KeyName
    scopes: tuple[Scope, ...] = Field(min_length=1)
    desk: DeskName | None = Field(default=None, description="the only desk that it is good for; None: all")
    created_at: Moment
    sha256: str = Field(default="", pattern=r"^([0-9a-f]{64})?$")
    signing_secret: str = Field(default="", pattern=r"^(whsec_[A-Za-z0-9+/]+=*)?$", repr=False)

    @model_validator(mode="after")
    def _is_of_one_kind(self) -> Self:
        if bool(self.sha256) == bool(self.signing_secret):
            raise ValueError("a key has either the digest of a bearer key or a signing secret")
        return self


class MadeKey(NamedTuple):
    """A new key and the words that open with it, which are shown once."""

    key: ApiKey
    secret: str


class ApiKeys:
    """The keys in one private folder; every method but `all` raises KeysError in one sentence."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def add(
        self, name: str, scopes: tuple[Scope, ...], desk: str | None, at: datetime, *, signed: bool = False
    ) -> MadeKey:
        """Make a key; with `signed` a secret that webhooks are signed with."""
        raw = secrets.token_bytes(_BYTES)
        secret = (
            SECRET_PREFIX + base64.b64encode(raw).decode()
            if signed
            else KEY_PREFIX + base64.urlsafe_b64encode(raw).decode().rstrip("=")
        )
        try:
            key = ApiKey(
                name=name,
                scopes=tuple(dict.fromkeys(scopes)),
                desk=desk,
                created_at=at,
                sha256="" if signed else _digest(secret),
                signing_secret=secret if signed else "",
            )
        except ValidationError as error:
            where = ".".join(str(part) for part in error.errors()[0]["loc"])
            raise KeysError(
                f"{name[:80]!r} cannot be made: {where}: {error.errors()[0]['msg']}; names have lower-case letters, "
                "digits, '.', '_' and '-', desks lower-case letters and '_'"
            ) from None
        path = self._path(name)
        try:
            make_private(self._folder)
            write_new(path, key.model_dump_json(indent=2).encode(), 0o600)
        except FileExistsError:
            raise KeysError(f"there is a key {name} already; remove it first, or take another name") from None
        except OSError as error:
            raise KeysError(
                f"{path} cannot be written: {error.strerror or error}; make it writable"
            ) from None
        return MadeKey(key, secret)

    def remove(self, name: str) -> None:
        """Remove a key, which is invalid from then on."""
        try:
            self._path(_NAME.validate_python(name)).unlink()
        except (FileNotFoundError, ValidationError):
            raise KeysError(f"there is no key {name[:80]!r}; see 'dispatch api-key list'") from None
        except OSError as error:
            raise KeysError(
                f"the key {name} cannot be removed: {error.strerror or error}; make its folder writable"
            ) from None

    def all(self) -> list[ApiKey]:
        """Return the keys by name; an unreadable file is logged and gives no access."""
        found = list[ApiKey]()
        for path in sorted(self._folder.glob("*.json")):
            try:
                with path.open("rb") as file:
                    key = ApiKey.model_validate_json(file.read(_MOST_BYTES))
            except FileNotFoundError:
                continue
            except (OSError, ValidationError) as error:
                # One sentence instead of a stack trace.
                log.error("a key cannot be read; make a new one", file=str(path), why=_why(error))  # noqa: TRY400
                continue
            if key.name == path.stem:
                found.append(key)
        return found

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.json"


_NAME: Final[TypeAdapter[str]] = TypeAdapter(KeyName)


def key_of(keys: list[ApiKey], bearer: str) -> ApiKey | None:
    """Return the key that a bearer shows; every one is compared, in constant time."""
    shown, found = _digest(bearer), None
    for key in keys:
        if key.sha256 and hmac.compare_digest(key.sha256, shown):
            found = key
    return found


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode(errors="surrogateescape")).hexdigest()


def _why(error: Exception) -> str:
    # Never the input: it may hold a secret.
    return error.errors(include_input=False)[0]["msg"] if isinstance(error, ValidationError) else str(error)

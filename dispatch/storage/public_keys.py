"""Public keys of approvers: one file each, whose name says whose key it is.

    ben.pub           the key of ben
    ben+laptop.pub    another key of ben

A file holds one Ed25519 key in PEM, below lines with its period of validity. The folder's listing is the list of
people who can sign.
"""

import base64
import re
from collections.abc import Collection, Iterator
from datetime import datetime
from pathlib import Path
from typing import Final, NamedTuple

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key
from pydantic import ValidationError

from dispatch.approval.signing import key_id_of, key_mismatch
from dispatch.models.errors import ApproversError
from dispatch.models.people.approvers import Approver, ApproverKey
from dispatch.storage.durable_files import replace, write_new
from dispatch.storage.private_folders import make_private

FOLDER: Final = "public-keys"
ENDING: Final = ".pub"
_TIMES: Final = ("created_at", "expires_at", "revoked_at")
_LABEL: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,40}")
_BEGINS: Final = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----")
_LARGEST: Final = 16_384
_FOR_ALL: Final = 0o644
_OTHERS_WRITE: Final = 0o022

Seen = tuple[tuple[str, int, int, int, int], ...]
"""A stamp that changes with the files of the folder: names, times, sizes, inodes and modes."""


class KeyFile(NamedTuple):
    path: Path
    name: str
    key: ApproverKey


class PublicKeys:
    """Reads and writes one folder; raises ApproversError with file and remedy for every error in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def look(self) -> Seen:
        """Return a stamp that changes with the folder's content; empty if there is no folder. Raises OSError."""
        return tuple(_stamp(path) for path in (self.folder, *self._paths())) if self.folder.exists() else ()

    def read(self, names: Collection[str]) -> tuple[KeyFile, ...]:
        """Return every key of the named people, the oldest first; none without a folder. Raises OSError."""
        if not self.folder.exists():
            return ()
        _require_kept(self.folder)
        found: dict[str, KeyFile] = {}
        for path in self._paths():
            one = KeyFile(path, _owner(path, names), _read(path))
            other = found.setdefault(one.key.key_id, one)
            if other is not one:
                raise ApproversError(
                    f"{path}: it holds the same key as {other.path.name}; one key is one person's, so remove one"
                )
        # Of two that were made in the same second, the one that was added counts as the newer.
        return tuple(sorted(found.values(), key=lambda one: (one.key.created_at, "+" in one.path.name)))

    def path_of(self, name: str, label: str = "") -> Path:
        """Return the path of a person's key, existing or not; raises ApproversError for an invalid label."""
        if label and not _LABEL.fullmatch(label):
            raise ApproversError(f"{label[:60]!r} is no label; take letters, digits, '.', '_' and '-'")
        return self.folder / f"{name}{'+' if label else ''}{label}{ENDING}"

    def add(self, path: Path, key: ApproverKey) -> None:
        """Write a new key's file atomically; an existing one is never replaced."""
        try:
            make_private(self.folder)
            write_new(path, key_text(key).encode(), _FOR_ALL)
        except FileExistsError:
            raise ApproversError(
                f"{path}: there is a key already, and none is overwritten; give this one a label of its own "
                "(--label LABEL). Both count until one is revoked"
            ) from None
        except OSError as error:
            raise ApproversError(
                f"{path}: it cannot be written: {error.strerror}. Make it accessible to this user."
            ) from None

    def revoke(self, one: KeyFile, at: datetime) -> None:
        """Revoke a key in its file. Raises OSError."""
        mode = one.path.stat().st_mode & 0o777
        revoked = one.key.model_copy(update={"revoked_at": at})
        replace(one.path.resolve(), key_text(revoked).encode(), mode)

    def write(self, people: Collection[Approver]) -> None:
        """Replace all keys by exactly these people's. Raises OSError."""
        wanted = {
            self.path_of(person.name, str(number) if number > 1 else ""): key
            for person in people
            for number, key in enumerate(person.keys, start=1)
        }
        for path in self._paths() if self.folder.exists() else ():
            if path not in wanted:
                path.unlink()
        for path, key in wanted.items():
            replace(path, key_text(key).encode(), _FOR_ALL)

    def _paths(self) -> Iterator[Path]:
        """Yield the folder's files in order; hidden ones are half-written or a file system's own."""
        return (path for path in sorted(self.folder.iterdir()) if not path.name.startswith("."))


def key_text(key: ApproverKey) -> str:
    """Return the key of a file."""
    plain = key.model_dump(mode="json", include=set(_TIMES), exclude_none=True)
    times = "".join(f"{name}: {plain[name]}\n" for name in _TIMES if name in plain)
    public = Ed25519PublicKey.from_public_bytes(base64.b64decode(key.public_key))
    return times + public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def _stamp(path: Path) -> tuple[str, int, int, int, int]:
    try:
        stat = path.stat()
    except FileNotFoundError:
        return path.name, 0, 0, 0, 0  # gone since the listing, or a link to nothing
    return path.name, stat.st_mtime_ns, stat.st_size, stat.st_ino, stat.st_mode


def _owner(path: Path, names: Collection[str]) -> str:
    name, plus, label = path.name.removesuffix(ENDING).partition("+")
    if path.suffix != ENDING or (plus and not _LABEL.fullmatch(label)):
        _refuse_private(path)
        raise ApproversError(
            f"{path}: it is no file of a public key; they are called NAME{ENDING} or NAME+LABEL{ENDING}. "
            "Give it such a name, or move it away"
        )
    if name not in names:
        _refuse_private(path)
        raise ApproversError(
            f"{path}: nobody in the approvers file is called {name!r}; correct the file's name, add the person "
            "there, or remove the key"
        )
    return name


def _read(path: Path) -> ApproverKey:
    _require_kept(path)
    text = _refuse_private(path)
    begins = _BEGINS.findall(text)
    if len(begins) > 1:
        raise ApproversError(
            f"{path}: it holds {len(begins)} keys; give each a file of its own, such as NAME+LABEL{ENDING}"
        )
    head, begin, block = text.partition("-----BEGIN ")
    try:
        public = load_pem_public_key((begin + block).encode())
    except (ValueError, UnsupportedAlgorithm):
        raise _malformed(path) from None
    if not isinstance(public, Ed25519PublicKey) or not block.rstrip().endswith("-----END PUBLIC KEY-----"):
        raise _malformed(path)
    raw = public.public_bytes_raw()
    fields = _times(path, head) | {
        "key_id": key_id_of(raw),
        "public_key": base64.b64encode(raw).decode("ascii"),
    }
    try:
        key = ApproverKey.model_validate(fields)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        raise ApproversError(
            f"{path}: {first['loc'][0]}: {first['msg']}; the line looks like 'created_at: 2026-01-31T09:00:00Z'"
        ) from None
    if (problem := key_mismatch(key)) is not None:
        raise ApproversError(f"{path}: {problem}; have another key made")
    return key


def _times(path: Path, head: str) -> dict[str, str]:
    """Read the lines above the key."""
    found: dict[str, str] = {}
    for line in filter(None, map(str.strip, head.splitlines())):
        name, _, value = line.partition(": ")
        if name not in _TIMES or name in found:
            wrong = "stands twice" if name in found else "is none of them"
            raise ApproversError(
                f"{path}: above the key stand {', '.join(_TIMES)}, each once; {name[:40]!r} {wrong}. Correct the line"
            )
        found[name] = value.strip()
    return found


def _refuse_private(path: Path) -> str:
    """Return a file's text; raises ApproversError if it holds a private key in this public folder."""
    try:
        with path.open("rb") as file:
            text = file.read(_LARGEST + 1).decode()
    except (IsADirectoryError, UnicodeDecodeError):
        raise _malformed(path) from None
    if "PRIVATE KEY" in text:
        raise ApproversError(
            f"{path}: it holds a PRIVATE key, in a folder for public ones. Anybody who could read it may have a copy: remove "
            "the file, revoke that key, and make another with 'dispatch keys new'"
        )
    if len(text) > _LARGEST:
        raise _malformed(path)
    return text


def _malformed(path: Path) -> ApproversError:
    return ApproversError(
        f"{path}: it holds no Ed25519 public key in PEM ('-----BEGIN PUBLIC KEY-----'); correct it, or move it away"
    )


def _require_kept(path: Path) -> None:
    if path.stat().st_mode & _OTHERS_WRITE:
        raise ApproversError(
            f"{path}: others than its owner can change it, and with it who decides; run 'chmod go-w {path}'"
        )

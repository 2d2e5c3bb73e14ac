"""Private keys of approvers: one encrypted file each, readable by its owner alone."""

import base64
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from pydantic import TypeAdapter, ValidationError

from dispatch.approval.authority import key_problem
from dispatch.approval.signing import key_id_of
from dispatch.models.errors import KeysError
from dispatch.models.people.approvers import Approver, ApproverKey, ApproverName
from dispatch.storage.private_folders import make_private

SHORTEST_PASSPHRASE: Final = 12
"""Characters; NIST SP 800-63B asks for 8 at least where a second factor guards too, and for more where none does."""
_OTHERS: Final = 0o077
_NAME: Final[TypeAdapter[str]] = TypeAdapter(ApproverName)


class KeyStore:
    """A folder (mode 700) of PKCS #8 files (PEM, mode 600), each encrypted with its owner's passphrase."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def create(self, name: str, passphrase: str) -> ApproverKey:
        """Create a person's key and store its private half; returns the public one.

        Raises KeysError if the name is invalid, the passphrase is too short, or the folder is open to others
        or cannot be written.
        """
        _check_name(name)
        if len(passphrase) < SHORTEST_PASSPHRASE:
            raise KeysError(
                f"the passphrase has {len(passphrase)} characters; take at least {SHORTEST_PASSPHRASE}"
            )
        private = Ed25519PrivateKey.generate()
        public = _public(private)
        key_id = key_id_of(public)
        pem = private.private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(passphrase.encode())
        )
        path = self.path_of(name, key_id)
        try:
            make_private(self.folder)
            if self.folder.stat().st_mode & _OTHERS:
                raise KeysError(f"{self.folder} is open to others; run 'chmod 700 {self.folder}'")
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(pem)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise KeysError(f"{path} cannot be written: {error.strerror}") from None
        return ApproverKey(
            key_id=key_id,
            public_key=base64.b64encode(public).decode("ascii"),
            created_at=datetime.now(UTC).replace(microsecond=0),
        )

    def remove(self, name: str, key_id: str) -> None:
        """Delete a new key that could not be pinned."""
        self.path_of(name, key_id).unlink(missing_ok=True)

    def key_ids(self, name: str) -> tuple[str, ...]:
        """Return the first parts of the fingerprints (file-safe) of a person's private keys, newest first."""
        # A name may contain dots, a fingerprint does not: 'ana.*' alone would match 'ana.maria' too.
        found = [path for path in self.folder.glob("*.pem") if path.stem.rpartition(".")[0] == name]
        newest_first = sorted(found, key=lambda path: -path.stat().st_mtime_ns)
        return tuple(path.stem.rpartition(".")[2] for path in newest_first)

    def has(self, name: str, key_id: str) -> bool:
        """Return whether the private half of a key is here; an invalid name has none."""
        try:
            return self.path_of(name, key_id).is_file()
        except KeysError:
            return False

    def to_sign_with(self, person: Approver, at: datetime) -> ApproverKey:
        """Return a person's newest key that is valid at `at` and whose private half is here.

        Raises KeysError saying which of this they lack, and what to do.
        """
        if not person.keys:
            raise KeysError(f"{person.name} has no key; make one with 'dispatch keys new {person.name}'")
        # Of two that were made in the same second, the later one in the file.
        newest_first = sorted(person.keys, key=lambda key: key.created_at)[::-1]
        counting = [key for key in newest_first if key_problem(key, at) is None]
        if not counting:
            raise KeysError(
                f"{person.name} has no key that counts: {key_problem(newest_first[0], at)}; "
                f"make one with 'dispatch keys new {person.name}'"
            )
        here = next((key for key in counting if self.has(person.name, key.key_id)), None)
        if here is None:
            raise KeysError(
                f"the private half of {person.name}'s key {counting[0].key_id} is not in {self.folder}; "
                "sign where it is, or name that folder in DISPATCH_KEYS_DIR"
            )
        return here

    def load(self, name: str, key_id: str, passphrase: str) -> Ed25519PrivateKey:
        """Unlock a private key.

        Raises KeysError if it is missing, others may read it, the passphrase is wrong, or it is another key.
        """
        path = self.path_of(name, key_id)
        try:
            if path.stat().st_mode & _OTHERS:
                raise KeysError(f"{path} can be read by others; run 'chmod 600 {path}'")
            pem = path.read_bytes()
        except FileNotFoundError:
            raise KeysError(f"the private half of {key_id} is not in {self.folder}") from None
        except OSError as error:
            raise KeysError(f"{path} cannot be read: {error.strerror}") from None
        try:
            private = load_pem_private_key(pem, passphrase.encode())
        except (ValueError, TypeError):
            raise KeysError(f"the passphrase does not unlock {path}") from None
        if not isinstance(private, Ed25519PrivateKey):
            raise KeysError(f"{path} holds no Ed25519 key")
        if key_id_of(_public(private)) != key_id:
            raise KeysError(f"{path} holds another key than {key_id}; restore it from a backup")
        return private

    def path_of(self, name: str, key_id: str) -> Path:
        """Return the path of a private half, existing or not; raises KeysError for an invalid name."""
        _check_name(name)
        digest = key_id.removeprefix("SHA256:").translate(str.maketrans("+/", "-_"))
        return self.folder / f"{name}.{digest[:12]}.pem"


def _check_name(name: str) -> None:
    try:
        _NAME.validate_python(name)
    except ValidationError:
        raise KeysError(
            f"{name!r} can be nobody's name here; begin with a small letter, "
            "then small letters, digits, '.', '_' and '-', 63 characters in all"
        ) from None


def _public(private: Ed25519PrivateKey) -> bytes:
    return private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

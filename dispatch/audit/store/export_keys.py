"""The exporter's files outside of the audit store: the export key, its pinned half, and the written heads."""

import json
from contextlib import suppress
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from pydantic import TypeAdapter, ValidationError

from dispatch.audit.store.manifest import key_from_pem, key_id_of, key_to_pem
from dispatch.audit.store_models import Acknowledgement, Head, PublicKey
from dispatch.models.errors import AuditStoreError
from dispatch.storage.durable_files import replace, told, write_new
from dispatch.storage.private_folders import make_private

_ACKNOWLEDGED: Final = TypeAdapter(dict[str, list[Acknowledgement]])


class ExportKey:
    """The Ed25519 key that signs the manifest; made on first use, readable by its owner alone."""

    def __init__(self, path: Path, pin: "PinnedKey | None" = None) -> None:
        """Read the key, or create it if none ever existed, which `pin` records.

        Raises AuditStoreError if it cannot be read, or is missing although its public half is pinned.
        """
        self._path = path
        if pin is not None and not path.exists() and pin.read() is not None:
            raise AuditStoreError(
                f"the export key {path} is gone, and {pin.path} says that there was one: restore it from a backup. Where "
                "it is lost for good, move that file away and name a new store in DISPATCH_AUDIT_STORE"
            )
        self._key = self._load_or_make()
        self._public_key = self._key.public_key().public_bytes_raw()
        self._key_id = key_id_of(self._public_key)

    @property
    def key_id(self) -> str:
        return self._key_id

    @property
    def public_key(self) -> bytes:
        return self._public_key

    def sign(self, data: bytes) -> bytes:
        return self._key.sign(data)

    def _load_or_make(self) -> Ed25519PrivateKey:
        with told(f"cannot read the export key {self._path}"):
            if not self._path.exists():
                made = Ed25519PrivateKey.generate()
                pem = made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
                make_private(self._path.parent)
                # Two processes may create it at once: the first one's key is used.
                with suppress(FileExistsError):
                    write_new(self._path, pem, 0o600)
            data = self._path.read_bytes()
        try:
            key = load_pem_private_key(data, password=None)
        except ValueError:
            key = None
        if not isinstance(key, Ed25519PrivateKey):
            raise AuditStoreError(
                f"{self._path} is no Ed25519 key; restore it from a backup, or move it away to export with a new one"
            )
        return key


class PinnedKey:
    """The public half of the export key that this machine trusts, in a file outside of the store."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> PublicKey | None:
        """Return the pinned key; None where none was pinned. Raises AuditStoreError."""
        return read_public_key(self.path) if self.path.exists() else None

    def read_or_pin(self, key: ExportKey) -> PublicKey:
        """Return the pinned key; where there is none, this one is pinned."""
        if not self.path.exists():
            with told(f"cannot keep {self.path}"), suppress(FileExistsError):
                make_private(self.path.parent)
                write_new(self.path, key_to_pem(key.public_key), 0o600)
        return read_public_key(self.path)

    def renew(self, key: ExportKey) -> None:
        """Pin another key, which a rotation made the next one."""
        with told(f"cannot keep {self.path}"):
            replace(self.path, key_to_pem(key.public_key))


def read_public_key(path: Path) -> PublicKey:
    """Read an export key's public half from a PEM file; raises AuditStoreError."""
    with told(f"cannot read the public key {path}"):
        pem = path.read_bytes()
    try:
        raw = key_from_pem(pem)
    except ValueError as error:
        raise AuditStoreError(f"{path} holds no public key of an export ({error})") from None
    return PublicKey(key_id_of(raw), raw)


class LocalCheckpoints:
    """The last heads of this machine and people's acknowledgements, in files outside of the store."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._acknowledged = path.with_name("acknowledged.json")

    def remembered(self, place: str) -> Head | None:
        found = self._read().get(place)
        return Head(*found) if found else None

    def remember(self, place: str, head: Head) -> None:
        with told(f"cannot write {self._path}"):
            checkpoints = self._read()
            if place in checkpoints and checkpoints[place][0] >= head.seq:
                return
            replace(self._path, json.dumps(checkpoints | {place: list(head)}, indent=1).encode())

    def acknowledged(self, place: str) -> tuple[Acknowledgement, ...]:
        return tuple(self._acknowledgements().get(place, ()))

    def acknowledge(self, place: str, acknowledgement: Acknowledgement) -> None:
        """Keep it, and then remember the head that it goes on from, though that may be an earlier one."""
        with told(f"cannot write {self._acknowledged}"):
            all_of_them = self._acknowledgements()
            all_of_them.setdefault(place, []).append(acknowledgement)
            replace(self._acknowledged, _ACKNOWLEDGED.dump_json(all_of_them, indent=1))
            checkpoints = self._read() | {place: (*acknowledgement.goes_on_from,)}
            replace(self._path, json.dumps(checkpoints, indent=1).encode())

    def _acknowledgements(self) -> dict[str, list[Acknowledgement]]:
        try:
            return _ACKNOWLEDGED.validate_json(self._acknowledged.read_bytes())
        except FileNotFoundError:
            return {}
        except (OSError, ValidationError) as error:
            raise AuditStoreError(
                f"{self._acknowledged} cannot be read ({str(error)[:200]}); restore it from a backup"
            ) from None

    def _read(self) -> dict[str, tuple[int, str]]:
        try:
            read: dict[str, tuple[int, str]] = json.loads(self._path.read_bytes())
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            raise AuditStoreError(
                f"{self._path} cannot be read ({error}); it holds the heads of the audit chain as this machine last "
                "saw them: verify the store with '--head', then move the file away"
            ) from None
        return read

"""What an exporter keeps at home, outside of the audit store: the export key, and the heads that it wrote."""

import base64
import hashlib
import json
from contextlib import suppress
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from dispatch.clients.durable_files import replace, told, write_new
from dispatch.models.audit_store import Head
from dispatch.models.errors import AuditStoreError


class ExportKey:
    """The Ed25519 key that signs the manifest; made on first use, readable by its owner alone."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._key = self._load_or_make()
        self._public_key = self._key.public_key().public_bytes_raw()
        fingerprint = base64.b64encode(hashlib.sha256(self._public_key).digest()).decode().rstrip("=")
        self._key_id = f"SHA256:{fingerprint}"

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
                self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                # Two processes may come here at once: the first one's key stands.
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


class LocalHeads:
    """What this machine last wrote to each place, in a file outside of the store."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def remembered(self, place: str) -> Head | None:
        found = self._read().get(place)
        return Head(*found) if found else None

    def remember(self, place: str, head: Head) -> None:
        with told(f"cannot write {self._path}"):
            heads = self._read()
            if place in heads and heads[place][0] >= head.seq:
                return
            replace(self._path, json.dumps(heads | {place: list(head)}, indent=1).encode())

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

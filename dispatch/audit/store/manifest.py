"""The manifest: one canonical line for each exported request, chained by digest and signed.

The digest of a line is sha256 over its bytes without the line end. A line names the digest of the line before it, so
the digest of one line (a head) is enough to find out whether anything before it was changed, moved or removed.
"""

import base64
import hashlib
import json
from collections.abc import Container, Iterable
from typing import Any, Final, NamedTuple, Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key
from pydantic import ValidationError

from dispatch.audit.store_models import FIRST_PREVIOUS, Head, ManifestLine
from dispatch.models.canonical import canonical_bytes as canonical
from dispatch.models.contract import Moment

KEYS: Final = "keys"
SIGNED_PREFIX: Final = b"dispatch-desk manifest v1\n"


class Signer(Protocol):
    """Signs with the export key."""

    @property
    def key_id(self) -> str: ...

    @property
    def public_key(self) -> bytes:
        """The raw 32 bytes."""
        ...

    def sign(self, data: bytes) -> bytes: ...


EMPTY: Final = Head(0, FIRST_PREVIOUS)


class Entry(NamedTuple):
    """What a line says of a request, before it has a place in the chain."""

    request_id: str
    run_ids: tuple[str, ...]
    workflow_type: str
    closed_at: Moment
    ending: str
    digest: str
    size_bytes: int
    worker_builds: tuple[str, ...]


def sha256(data: bytes) -> str:
    """Return a digest as 64 hex digits."""
    return hashlib.sha256(data).hexdigest()


def key_id_of(public_key: bytes) -> str:
    """Return the fingerprint of a raw Ed25519 public key, as for the keys of approvers."""
    return "SHA256:" + base64.b64encode(hashlib.sha256(public_key).digest()).decode().rstrip("=")


def key_file(key_id: str) -> str:
    """Name the file of a public key beside the chain."""
    return f"{KEYS}/{key_id.removeprefix('SHA256:').replace('/', '_').replace('+', '-')}.pub"


def key_to_pem(public_key: bytes) -> bytes:
    """Write a raw public key as openssl reads it."""
    key = Ed25519PublicKey.from_public_bytes(public_key)
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def key_from_pem(pem: bytes) -> bytes:
    """Read a raw public key; raises ValueError for anything but an Ed25519 one."""
    key = load_pem_public_key(pem)
    if not isinstance(key, Ed25519PublicKey):
        raise ValueError("it is no Ed25519 key")  # noqa: TRY004 (a key of another kind is a wrong value here)
    return key.public_bytes_raw()


def write_line(entry: Entry, head: Head, exported_at: Moment, signer: Signer) -> tuple[bytes, Head]:
    """Write the line that follows `head`; returns it with its line end, and the new head."""
    fields: dict[str, Any] = entry._asdict() | {
        "seq": head.seq + 1,
        "previous": head.digest,
        "exported_at": exported_at,
        "key_id": signer.key_id,
    }
    unsigned = ManifestLine.model_validate(fields | {"signature": ""})
    signature = base64.b64encode(signer.sign(signed_part(unsigned))).decode()
    line = canonical(unsigned.model_copy(update={"signature": signature}).model_dump(mode="json"))
    return line + b"\n", Head(head.seq + 1, sha256(line))


def signed_part(line: ManifestLine) -> bytes:
    """Return the bytes that the export key signs."""
    return SIGNED_PREFIX + canonical(line.model_dump(mode="json", exclude={"signature"}))


def read_line(raw: bytes) -> ManifestLine:
    """Read a line without its line end; it must be the one text that its values have.

    Raises ValueError saying what is wrong.
    """
    try:
        line = ManifestLine.model_validate_json(raw)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the line"
        raise ValueError(f"{where}: {first['msg']}") from None
    if canonical(line.model_dump(mode="json")) != raw:
        raise ValueError("it is not written as the desk writes a line")
    return line


def is_signed_by(line: ManifestLine, public_key: bytes) -> bool:
    """Return whether the signature is of this key."""
    try:
        signature = base64.b64decode(line.signature, validate=True)
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, signed_part(line))
    except (InvalidSignature, ValueError):
        return False
    return True


class Index:
    """What a manifest knows: its head, every run it holds, and where each line's digest stands."""

    def __init__(self) -> None:
        self.head = EMPTY
        self.runs: set[str] = set()
        self.requests: dict[str, int] = {}
        self._digests: list[str] = []

    def add(self, lines: Iterable[bytes], foreign: Container[str] = ()) -> None:
        """Take in whole lines that follow the head; raises ValueError at the first that does not.

        A line whose digest is in `foreign` is no export: what it names counts as not exported.
        """
        for raw in lines:
            body = raw.rstrip(b"\n")
            number = self.head.seq + 1
            try:
                line = json.loads(body)
                seq, previous = line["seq"], line["previous"]
                runs, request_id = line["run_ids"], line["request_id"]
            except (ValueError, KeyError, TypeError) as error:
                raise ValueError(f"line {number} cannot be read ({error})") from None
            if seq != number or previous != self.head.digest:
                raise ValueError(f"line {number} does not follow the line before it")
            self.head = Head(number, sha256(body))
            self._digests.append(self.head.digest)
            if self.head.digest not in foreign:
                self.runs.update(runs)
                self.requests[request_id] = number

    def holds(self, head: Head) -> bool:
        """Return whether the chain goes through this head."""
        if head.seq == 0:
            return True
        return head.seq <= len(self._digests) and self._digests[head.seq - 1] == head.digest

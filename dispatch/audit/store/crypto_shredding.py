"""Crypto-shredding: every payload of a history is encrypted with a key of its request, which can be destroyed.

What stays readable is the skeleton: which events there were, when, of what type, and the search attributes (state, owner,
rank; no personal data). The chain is made over the sealed bytes, so it verifies with the keys, without them, and after a
key was destroyed. AES-SIV (RFC 5297) gives the same bytes for the same history, so an export that is repeated changes
nothing; the place of a payload is bound in, so sealed payloads cannot be exchanged.
"""

import base64
import json
from collections.abc import Callable
from typing import Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from dispatch.audit.store.document import Document, Run
from dispatch.models.canonical import canonical_bytes as canonical

KEY_BYTES: Final = 64
_SEALED: Final = base64.b64encode(b"binary/sealed").decode()
_READABLE: Final = "searchAttributes"

KeyOf = Callable[[str], bytes | None]
"""Returns the key of a request; None if it is not available, or was destroyed."""


no_keys: Final[KeyOf] = dict[str, bytes]().get
"""Return None for every request."""


def sealed(document: Document, key: bytes) -> Document:
    """Seal every payload of a document."""
    cipher = AESSIV(key)

    def seal(payload: dict[str, Any], place: str) -> dict[str, Any]:
        data = cipher.encrypt(canonical(payload), [document.request_id.encode(), place.encode()])
        return {"metadata": {"encoding": _SEALED}, "data": base64.b64encode(data).decode()}

    return _each_payload(document, seal)._replace(is_sealed=True)


def opened(document: Document, key_of: KeyOf) -> Document:
    """Decrypt a document; one that is not encrypted, or whose key is not available, is returned unchanged.

    Raises ValueError if the key is wrong.
    """
    key = key_of(document.request_id) if document.is_sealed else None
    if key is None:
        return document
    cipher = AESSIV(key)

    def unseal(payload: dict[str, Any], place: str) -> dict[str, Any]:
        try:
            data = cipher.decrypt(
                base64.b64decode(payload["data"]), [document.request_id.encode(), place.encode()]
            )
        except InvalidTag:
            raise ValueError(f"the key of {document.request_id} does not open it") from None
        found: dict[str, Any] = json.loads(data)
        return found

    return _each_payload(document, unseal)._replace(is_sealed=False)


def _each_payload(document: Document, change: Callable[[dict[str, Any], str], dict[str, Any]]) -> Document:
    runs = tuple(
        Run(
            run.run_id,
            [_walk(event, f"{run.run_id}/{number}", change) for number, event in enumerate(run.events)],
        )
        for run in document.runs
    )
    return document._replace(runs=runs)


def _walk(value: Any, place: str, change: Callable[[dict[str, Any], str], dict[str, Any]]) -> Any:
    if isinstance(value, list):
        return [_walk(part, f"{place}/{number}", change) for number, part in enumerate(value)]
    if not isinstance(value, dict):
        return value
    if isinstance(value.get("metadata"), dict) and "encoding" in value["metadata"]:
        return change(value, place)
    return {
        name: part if name == _READABLE else _walk(part, f"{place}/{name}", change)
        for name, part in value.items()
    }

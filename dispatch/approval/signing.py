"""Signatures under decisions and extensions: Ed25519 (RFC 8032) over the canonical form of the whole.

Signed is `SIGNED_PREFIX` followed by the canonical JSON of the canonical form (dispatch/models/canonical.py):
its schema id and every field but `signature` that differs from its default. The prefix keeps a signature from meaning anything elsewhere,
the schema id one under an extension from meaning a decision; `key_id` is among
what is signed, so that nobody can claim another's signature for a key of their own.
"""

import base64
import binascii
import hashlib
from collections.abc import Callable, Mapping
from typing import Final, TypeVar

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from pydantic import JsonValue

from dispatch.models.canonical import canonical_bytes, canonical_form, canonical_json
from dispatch.models.people.approvers import ApproverKey
from dispatch.models.people.decision import Decision
from dispatch.models.people.extension import Extension

Signable = Decision | Extension
S = TypeVar("S", bound=Signable)

SIGNED_PREFIX: Final = b"dispatch-desk decision v2\n"
_NOT_COVERED: Final = frozenset({"signature"})

_FIRST_PREFIX: Final = b"dispatch-desk decision v1\n"
_FIRST_FIELDS: Final = (
    "action_digest",
    "approver",
    "decision_id",
    "decision_type",
    "edits",
    "expires_at",
    "issued_at",
    "key_id",
    "proposal_id",
    "reason",
)
"""What was signed until 0.3: these fields, whether or not they differ from their defaults, `decision_type` as `verdict`."""

_SMALL_ORDER: Final = frozenset(
    bytes.fromhex(y)
    for y in (
        "00" * 32,
        "01" + "00" * 31,
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "ec" + "ff" * 30 + "7f",
        "ed" + "ff" * 30 + "7f",
        "ee" + "ff" * 30 + "7f",
    )
)
"""The y coordinates of the curve's points of small order, in every encoding: such a key verifies what nobody signed."""


def signed_bytes(decision: Signable) -> bytes:
    """Return the bytes that a signature is made of."""
    return SIGNED_PREFIX + canonical_bytes(canonical_form(decision, _NOT_COVERED))


def signed_text(decision: Decision) -> str:
    """Return the signed bytes after the prefix, for people to read and for browsers to sign."""
    return canonical_json(canonical_form(decision, _NOT_COVERED))


def key_id_of(public_key: bytes) -> str:
    """Return the fingerprint of a raw public key (32 bytes), as ApproverKey.key_id has it."""
    digest = base64.b64encode(hashlib.sha256(public_key).digest()).decode("ascii")
    return f"SHA256:{digest.rstrip('=')}"


def key_mismatch(key: ApproverKey) -> str | None:
    """Return why a key of the file is unusable: its two parts do not match, or it proves nothing."""
    public = base64.b64decode(key.public_key)
    if key_id_of(public) != key.key_id:
        return "key_id is not the fingerprint of public_key"
    without_sign = public[:-1] + bytes([public[-1] & 0x7F])
    return (
        "public_key is a point of small order, which proves nothing" if without_sign in _SMALL_ORDER else None
    )


def verify(key: ApproverKey, decision: Signable) -> bool:
    """Check whether the decision's signature was made with this key over exactly this decision; False if there is none."""
    return _verify(key, decision, signed_bytes)


def verify_recorded(key: ApproverKey, decision: Decision) -> bool:
    """Check the same of a decision in the audit store, where what was signed until 0.3 is kept and still verifies."""
    return _verify(key, decision, signed_bytes) or _verify(key, decision, _first_signed_bytes)


def _first_signed_bytes(decision: Decision) -> bytes:
    plain = decision.model_dump(mode="json", include=set(_FIRST_FIELDS))
    plain["verdict"] = plain.pop("decision_type")
    return _FIRST_PREFIX + canonical_bytes(plain)


def _verify(key: ApproverKey, decision: S, form: Callable[[S], bytes]) -> bool:
    if decision.signature is None or decision.key_id != key.key_id:
        return False
    try:
        public = base64.b64decode(key.public_key, validate=True)
        signature = base64.b64decode(decision.signature, validate=True)
        if key_mismatch(key) is not None:
            return False
        Ed25519PublicKey.from_public_bytes(public).verify(signature, form(decision))
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True


def sign(
    private_key: Ed25519PrivateKey, decision: Mapping[str, JsonValue], kind: type[Signable] = Decision
) -> dict[str, JsonValue]:
    """Return the decision, or another `kind`, as JSON values, with `key_id` and `signature` of this key in it.

    Raises pydantic's ValidationError if it is invalid.
    """
    public = private_key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    named = {**decision, "key_id": key_id_of(public), "signature": None}
    whole = kind.model_validate(named)
    signature = base64.b64encode(private_key.sign(signed_bytes(whole))).decode("ascii")
    signed: dict[str, JsonValue] = whole.model_copy(update={"signature": signature}).model_dump(mode="json")
    return signed

"""Keys for signing decisions: a person's pinned keys, one of which the inbox may hold, encrypted."""

import asyncio
import binascii
from base64 import b64decode
from datetime import datetime
from typing import Final

from pydantic import JsonValue

from dispatch.approval.authority import key_problem
from dispatch.approval.signing import sign, verify
from dispatch.models.errors import DispatchError
from dispatch.models.people.approvers import Approver, ApproverKey
from dispatch.models.people.decision import Decision
from inbox.context import Context

_SIGNATURE_BYTES: Final = 64


class KeyProblemError(DispatchError):
    """The decision could not be signed; the text says how to correct that."""


def usable_keys(person: Approver | None, now: datetime) -> tuple[ApproverKey, ...]:
    """Return a person's valid keys, the newest first."""
    keys = person.keys if person is not None else ()
    good = [key for key in keys if key_problem(key, now) is None]
    return tuple(sorted(good, key=lambda key: key.created_at, reverse=True))


async def sign_with_held_key(
    context: Context, name: str, key: ApproverKey | None, decision: Decision, passphrase: str
) -> dict[str, JsonValue]:
    """Sign with the key that the inbox holds encrypted; the passphrase opens it for this one signature.

    Raises KeyProblemError if the passphrase is wrong or was tried too often.
    """
    key = _still_theirs(key)
    if not context.keys.has(name, key.key_id):
        raise KeyProblemError("The inbox does not hold this key; sign on the machine that has it")
    if wait := context.limits.keys.wait_seconds(name):
        raise KeyProblemError(f"Too many wrong passphrases; wait {wait} seconds and try again")
    try:
        private = await asyncio.to_thread(context.keys.load, name, key.key_id, passphrase)
    except DispatchError:
        raise KeyProblemError("This passphrase does not open the key; nothing was sent") from None
    context.limits.keys.succeeded(name)
    return sign(private, decision.model_dump(mode="json"))


def with_signature(key: ApproverKey | None, decision: Decision, signature: str) -> dict[str, JsonValue]:
    """Add an external signature to its decision; raises KeyProblemError if it was not made with this key."""
    key = _still_theirs(key)
    given = "".join(signature.split())
    try:
        raw = b64decode(given, validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if len(raw) != _SIGNATURE_BYTES:
        raise KeyProblemError("A signature is 64 bytes in base64 (88 characters); nothing was sent")
    signed = decision.model_copy(update={"signature": given})
    if not verify(key, signed):
        raise KeyProblemError(
            "This signature was not made with this key over exactly this decision; nothing was sent"
        )
    result: dict[str, JsonValue] = signed.model_dump(mode="json")
    return result


def _still_theirs(key: ApproverKey | None) -> ApproverKey:
    if key is None:
        raise KeyProblemError("This key is not one of your valid keys; start again from the request's page")
    return key

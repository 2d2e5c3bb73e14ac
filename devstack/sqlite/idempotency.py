"""Runs an effect of a stand-in once for each idempotency key.

The key is stored in the transaction of the effect, together with the answer, refusals included. So the effect never
exists without its key, and a repeated order always gets the same bytes.
"""

import hashlib
import json
import re
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pydantic import JsonValue
from starlette.requests import Request
from starlette.responses import Response

from devstack.sqlite.database import ServiceDatabase
from devstack.web import ApiError

Document = dict[str, JsonValue]
Effect = Callable[[sqlite3.Connection], Document]
_MAX_BODY = 64 * 1024
_KEY = re.compile(r"[!-~]([ -~]{0,253}[!-~])?")


@dataclass(frozen=True)
class Answer:
    """The answer to the caller, byte for byte; `replayed` if an earlier call had the effect."""

    status: int
    body: bytes
    replayed: bool


def once(database: ServiceDatabase, key: str, fingerprint: str, done: int, effect: Effect) -> Answer:
    """Run an effect, or return the answer stored for its key in the table `answers`."""
    with database.writing() as connection:
        kept = connection.execute("SELECT * FROM answers WHERE idempotency_key = ?", [key]).fetchone()
        if kept is not None:
            if kept["fingerprint"] != fingerprint:
                raise ApiError(409, "idempotency_key_reused", "this key belongs to another order")
            return Answer(kept["status"], kept["body"], replayed=True)
        try:
            status, body = done, as_bytes(effect(connection))
        except ApiError as refusal:
            status, body = refusal.status, as_bytes(refusal.payload)
        connection.execute("INSERT INTO answers VALUES (?, ?, ?, ?)", [key, fingerprint, status, body])
        return Answer(status, body, replayed=False)


def fingerprint_of(what: str, content: JsonValue) -> str:
    """Return a digest of an order's content that does not depend on its JSON formatting."""
    text = json.dumps([what, content], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def as_bytes(document: Mapping[str, JsonValue]) -> bytes:
    """Return a document as bytes."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def as_response(answer: Answer) -> Response:
    """Return the answer to a call, marked where an earlier one had the effect."""
    headers = {"Idempotent-Replayed": "true"} if answer.replayed else {}
    return Response(answer.body, answer.status, headers, "application/json")


def key_of(request: Request) -> str | None:
    """Return the call's idempotency key, or None; raises ApiError if it is invalid."""
    key = request.headers.get("idempotency-key")
    if key is not None and not _KEY.fullmatch(key):
        raise ApiError(400, "invalid_idempotency_key", "a key is 1 to 255 printable ASCII characters")
    return key


def required_key(request: Request) -> str:
    """Return the call's idempotency key; raises ApiError if it is missing."""
    key = key_of(request)
    if key is None:
        raise ApiError(400, "idempotency_key_required", "give an Idempotency-Key")
    return key


async def body_of(request: Request) -> bytes:
    """Return a call's body; raises ApiError if it is too large."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MAX_BODY:
            raise ApiError(413, "too_large", "the body is larger than 64 KiB")
    return bytes(body)

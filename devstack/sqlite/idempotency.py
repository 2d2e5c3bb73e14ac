"""What a stand-in does once for an idempotency key.

The key is claimed in the transaction that has the effect, and with it the answer is kept, refusals included. So there is
no moment at which the effect exists and its key does not, and the same order, sent again however late, gets the same bytes.
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
    """What goes back to the caller, byte for byte; `replayed` if an earlier call had the effect."""

    status: int
    body: bytes
    replayed: bool


def once(database: ServiceDatabase, key: str, fingerprint: str, done: int, effect: Effect) -> Answer:
    """Have an effect, or return the answer that is kept for its key; the table `answers` keeps them."""
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
    """Distinguish two orders by their content, not by how their JSON is spaced."""
    text = json.dumps([what, content], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def as_bytes(document: Mapping[str, JsonValue]) -> bytes:
    """Return a document as it is sent."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def as_response(answer: Answer) -> Response:
    """Return the answer to a call, marked where an earlier one had the effect."""
    headers = {"Idempotent-Replayed": "true"} if answer.replayed else {}
    return Response(answer.body, answer.status, headers, "application/json")


def key_of(request: Request) -> str | None:
    """Return the call's idempotency key; raises ApiError for what is none."""
    key = request.headers.get("idempotency-key")
    if key is not None and not _KEY.fullmatch(key):
        raise ApiError(400, "invalid_idempotency_key", "a key is 1 to 255 printable ASCII characters")
    return key


def required_key(request: Request) -> str:
    """Return the call's idempotency key; raises ApiError where there is none."""
    key = key_of(request)
    if key is None:
        raise ApiError(400, "idempotency_key_required", "give an Idempotency-Key")
    return key


async def body_of(request: Request) -> bytes:
    """Return a call's body; raises ApiError where it is too large."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MAX_BODY:
            raise ApiError(413, "too_large", "the body is larger than 64 KiB")
    return bytes(body)

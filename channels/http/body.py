"""Reads the body and the headers of a call within bounds, before they are parsed."""

import asyncio
import hashlib
import re
from typing import Final, NamedTuple

from pydantic import TypeAdapter, ValidationError
from starlette.requests import ClientDisconnect, Request

from channels.http.problems import BadRequestError, MediaTypeError, TooLargeError, TooSlowError
from dispatch.models.work.playbook import DeskName

MOST_JSON_BYTES: Final = 2 * 2**20
"""The limit for JSON, which has no attachments: the longest text and all fields, with every letter escaped, take less."""
ENDINGS: Final = {"application/json": ".json", "message/rfc822": ".eml"}
"""The accepted media types, each with the file extension that selects its form."""
_KEY: Final = re.compile(r'"?([\x21\x23-\x5b\x5d-\x7e]{1,255})"?')
_DESK: Final[TypeAdapter[str]] = TypeAdapter(DeskName)


class BodyLimits(NamedTuple):
    """How large a body may be, and how long it may take to arrive."""

    most_bytes: int
    seconds: float


def media_type_of(request: Request) -> str:
    """Return the media type of a body; raises MediaTypeError for an unsupported one."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type not in ENDINGS:
        raise MediaTypeError(
            f"Content-Type is {media_type[:80]!r}; send a JSON request as application/json or a mail as message/rfc822"
        )
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise MediaTypeError("Content-Encoding is not read; send the body as it is")
    return media_type


def desk_asked(request: Request) -> str | None:
    """Return `?desk=NAME`; raises BadRequestError for another parameter or an invalid name."""
    unknown = set(request.query_params.keys()) - {"desk"}
    if unknown:
        raise BadRequestError(f"the parameter {min(unknown)[:60]!r} is unknown; the only one is 'desk'")
    named = request.query_params.getlist("desk")
    if not named:
        return None
    try:
        if len(named) == 1:
            return _DESK.validate_python(named[0])
    except ValidationError:
        pass
    raise BadRequestError(
        "'desk' is not one name of a desk, such as support; without it, triage decides whose work it is"
    )


def idempotency_key(request: Request, header: str) -> str | None:
    """Return the idempotency key of a header, in quotes or without; raises BadRequestError if it is invalid."""
    if (value := request.headers.get(header)) is None:
        return None
    found = _KEY.fullmatch(value.strip())
    if found is None:
        raise BadRequestError(
            f"{header} is no key; send 1 to 255 visible ASCII characters, such as a UUID, in quotes"
        )
    return found[1]


async def read_body(request: Request, media_type: str, limits: BodyLimits) -> bytes:
    """Read a body as it arrives, up to the limit; raises TooLargeError, TooSlowError, BadRequestError."""
    most = min(limits.most_bytes, MOST_JSON_BYTES) if media_type == "application/json" else limits.most_bytes
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > most:
        raise _too_large(most)
    body = bytearray()
    try:
        async with asyncio.timeout(limits.seconds):
            async for part in request.stream():
                if len(body) + len(part) > most:
                    raise _too_large(most)
                body += part
    except TimeoutError:
        raise TooSlowError(
            f"the body was not whole after {limits.seconds:g} s; send it again over a faster connection"
        ) from None
    except ClientDisconnect:
        raise BadRequestError("the connection ended before the body was whole; send it again") from None
    return bytes(body)


def digest_of_call(media_type: str, desk: str | None, body: bytes) -> str:
    """Return the digest that identifies a repeated call."""
    return hashlib.sha256(f"{media_type}\n{desk or ''}\n".encode() + body).hexdigest()


def _too_large(most: int) -> TooLargeError:
    return TooLargeError(
        f"the body is larger than the {most:,} bytes that are taken; send it without the large attachment"
    )

"""Identifies mails: one Message-ID for every attempt, one digest of a text, one of what a sender wrote."""

import hashlib
import re
from typing import Final

from dispatch.text.unicode_spoofing import same_address

# Fixed, and not the sender's domain: the id must survive a changed setting, and the verifier, which has no sender
# address, must compute the same one. RFC 2606 reserves .invalid, so it never names a host.
_RIGHT_HAND_SIDE: Final = "dispatch-desk.invalid"
# 160 bits of sha256: the whole header then fits on one line of 78 characters, and no server folds it.
_DIGITS: Final = 40
# After a request's id, which is a digest itself, fewer are enough; the header still fits on one line.
_DIGITS_BESIDE: Final = 12
_REQUEST: Final = r"[a-z][a-z0-9_]{0,39}-[a-z]{1,10}-[0-9a-f]{16}"
_OF_A_REQUEST: Final = re.compile(_REQUEST)
_OWN_ID: Final = re.compile(
    rf"<(?:({_REQUEST})\.[0-9a-f]{{{_DIGITS_BESIDE}}}|[0-9a-f]{{{_DIGITS}}})@{re.escape(_RIGHT_HAND_SIDE)}>"
)

# These exclude the fields that servers add or change (Received, Return-Path, signatures, marks of filters).
_SENDERS_FIELDS: Final = frozenset(
    {
        b"from",
        b"sender",
        b"reply-to",
        b"date",
        b"subject",
        b"in-reply-to",
        b"content-type",
        b"content-transfer-encoding",
    }
)
_FOLD: Final = re.compile(rb"\n(?=[ \t])")

_TAG: Final = "+"

OWN_HEADER: Final = "X-Dispatch-Desk-ID"
"""A header of every mail that we send, with its Message-ID: some mail services put an id of their own in Message-ID."""


def message_id(idempotency_key: str) -> str:
    """Return the Message-ID (RFC 5322, with angle brackets) of the mail that is sent under a key.

    A key that begins with a request's id gives one that names the request, so that an answer to the mail finds it.
    """
    digest = hashlib.sha256(idempotency_key.encode()).hexdigest()
    request_id = idempotency_key.partition("/")[0]
    if _OF_A_REQUEST.fullmatch(request_id):
        return f"<{request_id}.{digest[:_DIGITS_BESIDE]}@{_RIGHT_HAND_SIDE}>"
    return f"<{digest[:_DIGITS]}@{_RIGHT_HAND_SIDE}>"


def text_digest(text: str) -> str:
    r"""Return the sha256 of a mail's text, as 64 hex digits.

    Line ends count as \n, and those at the end do not count: SMTP changes line ends, so they differ between the sent
    text and the archive's.
    """
    plain = text.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n")
    return hashlib.sha256(plain.encode()).hexdigest()


def written_digest(raw: bytes) -> str:
    r"""Return the sha256 of what the sender wrote, as 64 hex digits: the same for every route of a mail.

    It covers the header fields that the sender's program sets, in any order and folding, and the body. Line ends count
    as \n, and those at the end do not count. The Message-ID is not included: a request's id has it separately.
    """
    plain = raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n").lstrip(b"\n")
    head, _, body = plain.partition(b"\n\n")
    fields = []
    for line in _FOLD.sub(b" ", head).split(b"\n"):
        name, colon, value = line.partition(b":")
        if colon and (known := name.strip().lower()) in _SENDERS_FIELDS:
            fields.append(known + b":" + b" ".join(value.split()))
    return hashlib.sha256(b"\n".join([*sorted(fields), b"", body.rstrip(b"\n")])).hexdigest()


def is_own_id(text: str) -> bool:
    """Check whether a text is the Message-ID of a mail that this desk, or another of its kind, sent."""
    return _OWN_ID.fullmatch(text) is not None


def own_ids(text: str) -> tuple[str, ...]:
    """Return the Message-IDs of ours that a header such as References names."""
    return tuple(match[0] for match in _OWN_ID.finditer(text))


def request_named_by(own_id: str) -> str | None:
    """Return the id of the request that a Message-ID of ours names; None where it names none."""
    match = _OWN_ID.fullmatch(own_id)
    return match[1] if match else None


def tagged(address: str, request_id: str) -> str:
    """Return an address with a request's id as its tag (RFC 5233): 'support+<id>@desk.example'."""
    local, _, domain = address.rpartition("@")
    return f"{local}{_TAG}{request_id}@{domain}"


def request_tagged_in(address: str, own_addresses: tuple[str, ...]) -> str | None:
    """Return the request's id in the tag of an address of ours; None where it has none."""
    local, _, domain = address.rpartition("@")
    # Our address may already have a tag: the request's is the last.
    name, _, tag = local.rpartition(_TAG)
    ours = any(same_address(f"{name}@{domain}", own) for own in own_addresses)
    return tag.lower() if ours and _OF_A_REQUEST.fullmatch(tag.lower()) else None

"""How a mail is known again: the same Message-ID in every attempt, one digest for one text, one for what its sender wrote."""

import hashlib
import re
from typing import Final

# Fixed, and not the sender's domain: the id must outlive a changed setting, and the verifier, who holds no sender
# address, must come to the same one. RFC 2606 keeps .invalid from ever naming a host.
_RIGHT_HAND_SIDE: Final = "dispatch-desk.invalid"
# Of sha256, 160 bits: the whole header then fits on one line of 78 characters, and nothing on the way folds it.
_DIGITS: Final = 40
_OWN_ID: Final = re.compile(rf"<[0-9a-f]{{{_DIGITS}}}@{re.escape(_RIGHT_HAND_SIDE)}>")

# What servers on the way add or change (Received, Return-Path, signatures, marks of filters) is in none of these.
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

OWN_HEADER: Final = "X-Dispatch-Desk-ID"
"""A header of every mail that we send, with its Message-ID: some mail services put an id of their own in Message-ID."""


def message_id(idempotency_key: str) -> str:
    """Return the Message-ID (RFC 5322, with angle brackets) of the mail that is sent under a key."""
    digest = hashlib.sha256(idempotency_key.encode()).hexdigest()
    return f"<{digest[:_DIGITS]}@{_RIGHT_HAND_SIDE}>"


def text_digest(text: str) -> str:
    r"""Return the sha256 of a mail's text, as 64 hex digits.

    Line ends count as \n and those at the end not at all: SMTP knows no others, so they differ between what was
    sent and what an archive gives back.
    """
    plain = text.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n")
    return hashlib.sha256(plain.encode()).hexdigest()


def written_digest(raw: bytes) -> str:
    r"""Return the sha256 of what the sender wrote, as 64 hex digits: the same by whichever route a mail came.

    The header fields that its sender's program sets, in no order and folded anyhow, and the body. Line ends count as
    \n and those at the end not at all. The Message-ID is not among them: a request's id has it beside this.
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
    return tuple(_OWN_ID.findall(text))

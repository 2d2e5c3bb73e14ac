"""Anchors: records of a third party that bind a head of the chain to a moment.

An anchor is three files beside the chain, all named `anchors/<line>-<first digits of its digest>`: `.json` says which head it
is, `.tsq` is a request for a time stamp of it (RFC 3161), `.tsr` the answer of a time stamping authority. The stamp's
imprint is the digest of the line, which is sha256 over its bytes.
"""

import json
from typing import Final, NamedTuple

from dispatch.audit.store_models import Head
from dispatch.models.canonical import canonical_bytes as canonical
from dispatch.models.contract import Moment

ANCHORS: Final = "anchors"


class Anchor(NamedTuple):
    """A head of the chain and the time of its record."""

    name: str
    seq: int
    digest: str
    at: str


def anchor_of(head: Head, at: Moment) -> tuple[Anchor, bytes]:
    """Build the anchor of a head, and the content of its .json file."""
    anchor = Anchor(f"{ANCHORS}/{head.seq:010d}-{head.digest[:12]}", head.seq, head.digest, at.isoformat())
    text = {"format": "dispatch-desk anchor 1", "line": head.seq, "sha256": head.digest, "at": anchor.at}
    return anchor, canonical(text) + b"\n"


def read_anchor(name: str, data: bytes) -> Anchor:
    """Read an anchor's .json; `name` is without the ending. Raises ValueError."""
    try:
        said = json.loads(data)
        return Anchor(name, int(said["line"]), str(said["sha256"]), str(said["at"]))
    except (KeyError, TypeError) as error:
        raise ValueError(f"{name}.json is no anchor ({error})") from None

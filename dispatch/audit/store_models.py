"""What the audit store holds and what its sweep and its follower report."""

from typing import Annotated, ClassVar, Final, Literal, NamedTuple

from pydantic import Field

from dispatch.models.contract import Contract, Moment

Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
KEY_ID_PATTERN: Final = r"^SHA256:[A-Za-z0-9+/]{43}$"
KeyId = Annotated[str, Field(pattern=KEY_ID_PATTERN)]

FIRST_PREVIOUS = "0" * 64
"""What the first line of a manifest names as the line before it."""


class Head(NamedTuple):
    """The end of a chain: how many lines it has, and the digest of the last."""

    seq: int
    digest: str


class PublicKey(NamedTuple):
    """An export key known from outside the store: by its fingerprint, and by its 32 bytes where they are at hand."""

    key_id: str
    raw: bytes | None = None


class Position(NamedTuple):
    """How far a manifest was read: lines, and bytes where it is one file."""

    seq: int = 0
    offset: int = 0


START = Position()


class ManifestLine(Contract):
    """One line of the manifest: one closed request, bound to the line before it and signed by the export key."""

    format: Literal[1] = 1
    seq: int = Field(ge=1, description="the line's number, without gaps")
    request_id: str = Field(min_length=1, max_length=1000)
    run_ids: tuple[str, ...] = Field(min_length=1, description="all runs of the request, oldest first")
    workflow_type: str
    closed_at: Moment
    ending: str = Field(description="the request's ending, a follow-up's verdict, or Temporal's own word")
    digest: Digest = Field(description="sha256 of the object's bytes, and its name in the store")
    size_bytes: int = Field(ge=1)
    worker_builds: tuple[str, ...] = Field(
        default=(), description="build ids of the workers that ran it, as its history says; sorted"
    )
    previous: Digest = Field(description="sha256 of the line before, without its line end; zeros on line 1")
    exported_at: Moment
    key_id: KeyId = Field(description="fingerprint of the export key")
    signature: str = Field(
        description="base64 of the Ed25519 signature over 'dispatch-desk manifest v1', a line end and this line "
        "as canonical JSON without `signature`"
    )


class Acknowledgement(Contract):
    """That a person lets the export go on though the chain is not as this machine left it; it stays broken."""

    by: str = Field(min_length=1, max_length=200)
    at: Moment
    reason: str = Field(min_length=1, max_length=1000)
    lost: Head | None = Field(default=None, description="the head that is not in the chain any more")
    foreign: tuple[Digest, ...] = Field(
        default=(), description="digests of the lines that the desk's key did not sign"
    )
    goes_on_from: Head


class Missing(Contract):
    """What Temporal closed and the store lacks; `request_ids` is bounded, `total` is not."""

    request_ids: tuple[str, ...] = ()
    total: int = Field(ge=0)
    closed: int = Field(ge=0, description="closed requests that Temporal lists")


class Exported(Contract):
    """What one batch came to."""

    exported: tuple[str, ...] = ()
    already_there: tuple[str, ...] = ()
    still_open: tuple[str, ...] = ()
    failed: dict[str, str] = Field(default_factory=dict, description="request id -> why")


class SweepReport(Contract):
    """The result of one sweep; `left` is what the next one has to do."""

    MOST_FAILED: ClassVar[int] = 20

    exported: int = 0
    failed: dict[str, str] = Field(default_factory=dict, description="request id -> why; at most MOST_FAILED")
    left: int = 0


class Followed(Contract):
    """How far the follower has come; it is carried from one attempt, and from one history, to the next."""

    until: Moment = Field(description="by Temporal's clock: what was listed as closed by then was looked at")
    exported: int = Field(default=0, ge=0, description="requests that it has exported since it was started")

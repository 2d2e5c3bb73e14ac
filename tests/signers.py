"""People with keys for tests: each signs as an approver does, without any of the key store."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from pydantic import JsonValue

from dispatch.approval.signing import key_id_of, sign
from dispatch.models.people.approvers import Approver, ApproverKey, Approvers
from dispatch.models.people.extension import Extension
from dispatch.storage.approvers_file import ApproversFile

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)

_numbers = count(1)


def _next_key() -> Ed25519PrivateKey:
    """Return another key each time, and the same ones in each process: tests are named after what they are given."""
    return Ed25519PrivateKey.from_private_bytes(next(_numbers).to_bytes(32, "big"))


@dataclass
class Signer:
    """One person with one key; `more` are further fields of the person."""

    name: str
    roles: tuple[str, ...] = ()
    more: dict[str, Any] = field(default_factory=dict)
    private: Ed25519PrivateKey = field(default_factory=_next_key)

    @property
    def key(self) -> ApproverKey:
        public = self.private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        return ApproverKey(
            key_id=key_id_of(public),
            public_key=base64.b64encode(public).decode("ascii"),
            created_at=LONG_AGO,
        )

    @property
    def person(self) -> Approver:
        fields = {
            "name": self.name,
            "full_name": self.name.title(),
            "roles": self.roles,
            "keys": (self.key,),
            **self.more,
        }
        return Approver.model_validate(fields)

    def signs(self, decision: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
        """Return the decision in this person's name, signed."""
        return sign(self.private, {**decision, "approver": self.name})

    def signs_extension(self, extension: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
        """Return the extension in this person's name, signed."""
        return sign(self.private, {**extension, "approver": self.name}, Extension)


def approvers(*signers: Signer) -> Approvers:
    return Approvers(approvers=tuple(signer.person for signer in signers))


def write_approvers(path: Path, *signers: Signer) -> None:
    ApproversFile(path).write(approvers(*signers))

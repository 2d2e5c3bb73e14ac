"""What `audit verify` checks beyond the chain: people's signatures, and anchors of its heads."""

from collections.abc import Sequence
from pathlib import Path

from dispatch.approval.signing import verify_recorded
from dispatch.audit.store import time_stamps
from dispatch.audit.store.anchors import ANCHORS, Anchor, read_anchor
from dispatch.audit.store.backend import StoreBackend
from dispatch.audit.store.signatures import decisions_signed
from dispatch.audit.store.verify import Check, Found
from dispatch.models.errors import AuditStoreError
from dispatch.models.moments import format_stamp
from dispatch.models.people.decision import DecisionCheckResult
from dispatch.storage.approvers_file import ApproversFile
from runtime.settings import Settings


def decisions(settings: Settings) -> Check:
    """Build the check of people's signatures, with the keys of the approvers file; raises ApproversError.

    A key that was revoked or has expired since still verifies what it signed before: the desk checked at that time
    whether it could sign, and the result is in the history.
    """
    known = {
        key.key_id: key
        for person in ApproversFile(settings.approvers_path).read().approvers
        for key in person.keys
    }

    def signed(result: DecisionCheckResult) -> bool | None:
        decision = result.decision
        key = known.get(decision.key_id or "") if decision else None
        return None if key is None or decision is None else verify_recorded(key, decision)

    return decisions_signed(signed)


def anchors_of(place: StoreBackend) -> list[Anchor]:
    """Read the anchors beside a chain; raises AuditStoreError for one that cannot be read."""
    found = []
    for name in place.names_beside(ANCHORS):
        if name.endswith(".json"):
            try:
                found.append(read_anchor(name.removesuffix(".json"), place.read_beside(name) or b""))
            except ValueError as error:
                raise AuditStoreError(f"{place.name}/{name} is no anchor: {error}") from None
    return found


def stamps_of(place: StoreBackend, anchors: Sequence[Anchor], authority: Path | None) -> list[Found]:
    """Read the time stamps beside the anchors; with the authority's certificates, verify them."""
    found: list[Found] = []
    for anchor in anchors:
        answer = place.read_beside(f"{anchor.name}.tsr")
        if answer is None:
            continue
        try:
            at = time_stamps.time_of(answer, anchor.digest)
            if authority is not None:
                time_stamps.verify(answer, anchor.digest, authority)
        except AuditStoreError as error:
            found.append(Found("broken", anchor.seq, anchor.name, f"its time stamp does not hold: {error}"))
        else:
            how = "verified" if authority else "not verified, for that give --tsa-ca"
            found.append(Found("note", anchor.seq, anchor.name, f"time stamp of {format_stamp(at)} ({how})"))
    return found

"""People's signatures are verified again from the store, years after the desk accepted them."""

import base64
import copy
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cli.audit.checks import decisions
from dispatch.approval.signing import key_id_of, sign
from dispatch.audit.store.document import Document, Run
from dispatch.audit.store.verify import Verified, verify
from dispatch.models.people.approvers import Approver, ApproverKey, Approvers
from dispatch.storage.approvers_file import ApproversFile
from tests.audit_store.made import NOW, documents, store_at
from tests.servers import settings_from

KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
PUBLIC = KEY.public_key().public_bytes_raw()
APPROVED = 2
"""The recorded history with one approval."""


def signed(*, spoil: bool, signed_with: str | None) -> Document:
    """Return the recorded approval as if it had been signed, and accepted so."""
    document = documents()[APPROVED]
    runs = [Run(run.run_id, copy.deepcopy(list(run.events))) for run in document.runs]
    for event in runs[0].events:
        recorded = event.get("markerRecordedEventAttributes", {}).get("details", {}).get("result")
        if recorded is None:
            continue
        payload = recorded["payloads"][0]
        result: dict[str, Any] = json.loads(base64.b64decode(payload["data"]))
        if result.get("accepted") and result.get("decision"):
            result["decision"] = sign(KEY, result["decision"] | {"signature": None})
            if spoil:
                result["decision"]["reason"] = "changed after it was signed"
            result["signed_with"] = signed_with
            payload["data"] = base64.b64encode(json.dumps(result).encode()).decode()
    return document._replace(runs=tuple(runs))


async def look(folder: Path, document: Document, *, known: bool) -> Verified:
    settings = settings_from({"DISPATCH_VAR_DIR": str(folder)})
    if known:
        key = ApproverKey(
            key_id=key_id_of(PUBLIC), public_key=base64.b64encode(PUBLIC).decode(), created_at=NOW
        )
        person = Approver(name="refunds-person", full_name="R", roles=("refunds",), keys=(key,))
        ApproversFile(settings.approvers_path).write(Approvers(approvers=(person,)))
    store = store_at(folder)
    store.append([document], NOW)
    return await verify(store.place, checks=[decisions(settings)])


async def test_a_signature_of_a_known_key_holds(tmp_path: Path) -> None:
    """It is counted among what holds."""
    found = await look(tmp_path, signed(spoil=False, signed_with=key_id_of(PUBLIC)), known=True)
    assert (found.broken, found.counts["signatures of decisions"]) == ([], 1)


async def test_a_signed_decision_that_was_changed_is_broken(tmp_path: Path) -> None:
    """Though the chain holds, what the desk accepted on a signature must still verify."""
    found = await look(tmp_path, signed(spoil=True, signed_with=key_id_of(PUBLIC)), known=True)
    assert found.first_broken is not None
    assert "the signature of ana does not fit the decision" in found.first_broken.what


@pytest.mark.parametrize(("spoil", "known"), [(True, True), (False, False)])
async def test_what_no_signature_was_asked_for_or_no_key_is_known_of_is_a_note(
    tmp_path: Path, *, spoil: bool, known: bool
) -> None:
    """It is said, and is no break of the chain."""
    found = await look(tmp_path, signed(spoil=spoil, signed_with=None), known=known)
    assert found.broken == []
    (note,) = found.notes
    assert ("is wrong" if known else "is not known here") in note.what

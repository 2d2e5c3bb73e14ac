"""One requester's data made unreadable: the chain still verifies, the skeleton stays, and nothing of the rest is touched."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import Client

from cli.audit.commands import run as run_audit
from cli.audit.erasure import erased_from, with_families
from cli.commands import parsed
from dispatch.audit.query.extract import Record
from dispatch.audit.query.questions import Asked, answers
from dispatch.audit.store.crypto_shredding import opened, sealed
from dispatch.audit.store.document import from_bytes
from dispatch.audit.store.request_keys import RequestKeys
from dispatch.audit.store.verify import verify
from dispatch.models.errors import AuditStoreError
from runtime.audit.parts import audit_export, backend_from, extract_from, keys_from, own_key_from
from runtime.settings import Settings
from tests.audit_store.made import documents, lines_of
from tests.desk import running_desk
from tests.workflows.requests_made import small_refund, status_question


async def typed(settings: Settings, *words: str) -> int:
    return await run_audit(parsed(["audit", "erase", *words]), settings)


async def test_a_requester_is_erased_and_the_chain_still_verifies(
    client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Key, documents and Temporal's copy are gone; the other request is whole; a report says what was erased."""
    monkeypatch.setenv("TEMPORAL_ADDRESS", client.service_client.config.target_host)
    async with running_desk(client, tmp_path) as desk:
        settings = desk.settings.model_copy(update={"audit_seal": True})
        erased, other = await small_refund(desk), await status_question(desk)
        outcomes = [await erased.outcome(), await other.outcome()]
        exporter = audit_export(client, settings)
        assert (await exporter.export_history([erased.id, other.id])).exported == (erased.id, other.id)
        place, keys = backend_from(settings), keys_from(settings)
        before = await verify(place, key_of=keys.find)
        assert (before.broken, before.notes) == ([], [])
        assert b"sean.obrien" not in stored(settings, 0)

        assert await typed(settings, "--requester", "Sean.OBrien@mail.example", "--reason", "asked") == 0
        assert keys.find(erased.id) is not None
        capsys.readouterr()
        asked = ("--requester", "sean.obrien@mail.example", "--reason", "asked for it", "--yes", "--json")
        assert await typed(settings, *asked) == 0
        report = json.loads(capsys.readouterr().out)
        assert [one["request_id"] for one in report["requests"]] == [erased.id]
        assert len(report["documents_deleted"]) == 1
        assert not any((settings.documents_dir / d[:2] / d).exists() for d in report["documents_deleted"])
        assert "obrien" not in json.dumps(report)

        after = await verify(place, key_of=keys.find, erased=erased_from(place, None))
        assert (after.broken, after.counts["records"]) == ([], 2)
        (note,) = after.notes
        assert (note.line, note.what.startswith("erased at 20")) == (1, True)
        document = opened(from_bytes(stored(settings, 0)), keys.find)
        assert document.is_sealed
        assert document.runs[0].events[-1]["eventType"] == "EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED"
        extract = extract_from(settings, place)
        assert b"obrien" not in extract.path.read_bytes()
        assert "chloe.lefevre" in extract.path.read_text()
        (playbooks,) = answers(extract.path, Asked(), ("playbooks",))
        assert sum(row[playbooks.columns.index("requests")] for row in playbooks.rows) == 2
        assert outcomes[1].ending == "done"
        (record,) = (settings.audit_dir / "store" / "erasures").iterdir()
        record.chmod(0o644)
        record.write_bytes(record.read_bytes().replace(b"asked for it", b"asked for us"))
        with pytest.raises(AuditStoreError, match="it was changed"):
            erased_from(place, own_key_from(settings))


def stored(settings: Settings, number: int) -> bytes:
    digest = str(json.loads(lines_of(settings.audit_dir)[number])["digest"])
    return (settings.audit_dir / "store" / "objects" / digest[:2] / digest).read_bytes()


async def test_what_was_exported_in_the_open_cannot_be_erased(
    client: Client, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is said, and nothing of it is touched."""
    async with running_desk(client, tmp_path) as desk:
        case = await status_question(desk)
        await case.outcome()
        await audit_export(client, desk.settings).export_history([case.id])
        assert await typed(desk.settings, "--request", case.id, "--reason", "asked", "--yes") == 1
        assert "it was exported in the open" in capsys.readouterr().out
        assert (await verify(backend_from(desk.settings))).broken == []


def test_sealing_hides_every_payload_and_opens_to_the_same_history() -> None:
    """Nothing that a payload says is readable; the search attributes are; opened, it is what it was."""
    key = bytes(range(64))
    for document in documents():
        hidden = sealed(document, key)
        assert hidden == sealed(document, key)
        assert encodings([list(run.events) for run in hidden.runs]) == {"binary/sealed"}
        assert opened(hidden, lambda _: key) == document
        with pytest.raises(ValueError, match="does not open it"):
            opened(hidden, lambda _: bytes(64))


def encodings(value: Any) -> set[str]:
    """Return the encodings of all payloads but those of search attributes."""
    if isinstance(value, list):
        return set().union(*(encodings(part) for part in value))
    if not isinstance(value, dict):
        return set()
    if isinstance(value.get("metadata"), dict):
        return {base64.b64decode(value["metadata"]["encoding"]).decode()}
    parts = (encodings(part) for name, part in value.items() if name != "searchAttributes")
    return set().union(*parts)


def test_an_erased_request_gets_no_second_key(tmp_path: Path) -> None:
    """What was erased is not exported again, as after a reset."""
    keys = RequestKeys(tmp_path)
    first = keys.key_for("a")
    assert keys.key_for("a") == first
    keys.destroy("a")
    keys.destroy("a")
    assert keys.find("a") is None
    with pytest.raises(AuditStoreError, match="a was erased"):
        keys.key_for("a")


def _record(request_id: str, part_of: str | None = None, *parts: str) -> Record:
    return {"request_id": request_id, "part_of": part_of, "parts": list(parts)}


@pytest.mark.parametrize("chosen", ["whole-1", "support-1", "helpdesk-1"])
def test_a_request_for_several_desks_is_erased_as_one(chosen: str) -> None:
    """Whichever of it is named: the whole and each of its parts hold the same message, and no other request is touched."""
    records = [
        _record("other-1"),
        _record("support-1", "whole-1"),
        _record("helpdesk-1", "whole-1"),
        _record("whole-1", None, "support-1", "helpdesk-1"),
        _record("support-2", "whole-2"),
    ]
    found = with_families([one for one in records if one["request_id"] == chosen], records)
    assert {one["request_id"] for one in found} == {"whole-1", "support-1", "helpdesk-1"}

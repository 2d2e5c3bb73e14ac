"""Rotation of the export key: only with the old key's signature, and either key is enough to verify."""

import json
from pathlib import Path

import pytest

from dispatch.audit.store.backends import FolderBackend
from dispatch.audit.store.export_keys import ExportKey
from dispatch.audit.store.key_chain import write_rotation
from dispatch.audit.store.store import index_of
from dispatch.models.errors import ChainNotTrustedError
from tests.audit_store import forged
from tests.audit_store.made import NOW, documents, lines_of, store_at
from tests.audit_store.test_forgery import LINES, VERIFY, fingerprint, typed, var
from tests.audit_store.typed import Typed

__all__ = ["typed", "var"]  # fixtures


def rotated(typed: Typed, var: Path) -> tuple[str, str]:
    """Rotate the key, export one more request, and return both fingerprints."""
    store_at(var / "audit", pin=True)
    old = fingerprint(var)
    assert typed("audit", "rotate-key")[0] == 0
    store_at(var / "audit", pin=True).append(documents(LINES + 1)[-1:], NOW)
    return old, fingerprint(var)


def test_after_a_rotation_the_old_fingerprint_and_the_new_one_verify(typed: Typed, var: Path) -> None:
    """Each key signs its own lines, and the machine has pinned the new one."""
    old, new = rotated(typed, var)
    assert old != new
    assert [json.loads(line)["key_id"] for line in lines_of(var / "audit")] == [old] * LINES + [new]
    for key in ([], ["--key", old], ["--key", new]):
        code, said, _ = typed(*VERIFY, *key)
        told = json.loads(said)
        assert (code, told["result"], told["counts"]["key rotations in the chain"]) == (0, "whole", 1)
    assert not (var / "audit" / "export.key.next").exists()
    assert (var / "audit" / "export.pub").stat().st_mode & 0o777 == 0o600


def test_a_second_rotation_before_any_export_holds_too(typed: Typed, var: Path) -> None:
    """Two changes at one line: the last key signs what follows."""
    old, _ = rotated(typed, var)
    assert typed("audit", "rotate-key")[0] == 0
    assert typed("audit", "rotate-key")[0] == 0
    store_at(var / "audit", pin=True).append(documents(LINES + 2)[-1:], NOW)
    for key in ([], ["--key", old]):
        assert typed(*VERIFY, *key)[0] == 0


def test_a_new_key_without_the_old_ones_signature_is_broken(typed: Typed, var: Path) -> None:
    """Where the record of the rotation is taken away, the lines of the new key are nobody's."""
    old, new = rotated(typed, var)
    (record,) = (var / "audit" / "store" / "rotations").iterdir()
    data = record.read_bytes()
    record.unlink()
    told = json.loads(typed(*VERIFY, "--key", old)[1])
    assert (told["first_broken"]["line"], "not with" in told["first_broken"]["what"]) == (LINES + 1, True)
    told = json.loads(typed(*VERIFY, "--key", new)[1])
    assert told["first_broken"]["line"] == 1
    record.write_bytes(data.replace(b'"at":"2', b'"at":"1'))
    told = json.loads(typed(*VERIFY)[1])
    assert "not signed by both keys" in told["first_broken"]["what"]


@pytest.mark.parametrize("with_the_old_name", [True, False])
def test_a_rotation_that_an_attacker_wrote_is_broken(
    typed: Typed, var: Path, *, with_the_old_name: bool
) -> None:
    """It is signed by no key of the desk, whether it names the desk's key as the old one or one of its own."""
    place = FolderBackend(var / "audit" / "store")
    own, other = ExportKey(var / "attacker" / "export.key"), ExportKey(var / "attacker" / "other.key")
    name, data = write_rotation(own, other, index_of(place).head, NOW)
    if with_the_old_name:
        said = json.loads(data)
        honest = ExportKey(var / "audit" / "export.key")
        said["old_key"] = json.loads(write_rotation(honest, other, index_of(place).head, NOW)[1])["old_key"]
        data = json.dumps(said).encode()
    place.write_beside(name, data)
    forged.append_forged(place, other, [forged.invented("forged")])
    told = json.loads(typed(*VERIFY)[1])
    assert told["result"] == "broken"
    assert {one["line"] for one in told["broken"]} == {0, LINES + 1}
    with pytest.raises(ChainNotTrustedError):
        store_at(var / "audit").append(documents(LINES + 1)[-1:], NOW)


def test_what_was_started_before_the_rotation_signs_nothing_more(typed: Typed, var: Path) -> None:
    """A worker that still holds the old key says that it is to be restarted."""
    running = store_at(var / "audit", pin=True)
    rotated(typed, var)
    with pytest.raises(ChainNotTrustedError, match="restart what was started before the rotation"):
        running.append(documents(LINES + 2)[-1:], NOW)


def test_a_rotation_that_was_interrupted_is_finished(typed: Typed, var: Path) -> None:
    """The record stood beside the chain, and the old key was still in use: the same command finishes it."""
    store_at(var / "audit", pin=True)
    audit, place = var / "audit", FolderBackend(var / "audit" / "store")
    old, new = ExportKey(audit / "export.key"), ExportKey(audit / "export.key.next")
    place.write_beside(*write_rotation(old, new, index_of(place).head, NOW))
    with pytest.raises(ChainNotTrustedError, match="finish its rotation"):
        store_at(audit, pin=True).append(documents(LINES + 1)[-1:], NOW)
    assert typed("audit", "rotate-key")[0] == 0
    assert fingerprint(var) == new.key_id
    store_at(audit, pin=True).append(documents(LINES + 1)[-1:], NOW)
    assert typed(*VERIFY)[0] == 0


def test_no_key_is_rotated_on_a_forged_chain(typed: Typed, var: Path) -> None:
    """The old key must not vouch for a head that it did not sign."""
    forged.forge_a_record(var / "audit")
    code, _, complaint = typed("audit", "rotate-key")
    assert (code, "the key is not changed" in complaint) == (2, True)
    assert not (var / "audit" / "store" / "rotations").exists()

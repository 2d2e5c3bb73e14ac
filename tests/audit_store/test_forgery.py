"""What an attacker can do who writes to the store: each forgery is found, on the desk's machine and by an auditor elsewhere."""

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cli.audit.erasure import SIGNED_PREFIX
from dispatch.audit.store.backends import FolderBackend
from dispatch.audit.store.export_keys import ExportKey
from dispatch.audit.store.manifest import key_file, key_to_pem, sha256
from dispatch.models.canonical import canonical_bytes as canonical
from dispatch.models.errors import AuditStoreError, ChainNotTrustedError
from tests.audit_store import forged
from tests.audit_store.made import NOW, documents, lines_of, store_at, write_lines
from tests.audit_store.typed import Typed, typed_at

LINES = 5
VERIFY = ("audit", "verify", "--no-replay", "--json")


@pytest.fixture
def var(tmp_path: Path) -> Path:
    """Return the var folder of a machine that has exported LINES requests."""
    store_at(tmp_path / "desk" / "audit").append(documents(LINES), NOW)
    return tmp_path / "desk"


@pytest.fixture
def typed(var: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Typed:
    return typed_at(var, monkeypatch, capsys)


@pytest.mark.parametrize(
    ("attack", "line", "what"),
    [
        (forged.forge_a_record, LINES + 1, "not with"),
        (forged.forge_the_store, 1, "not with"),
        (forged.swap_the_public_key, 1, "not with"),
        (forged.empty_the_manifest, 0, "is not in the chain"),
        (forged.cut_the_end, 0, "is not in the chain"),
    ],
)
def test_the_desks_own_machine_finds_it(
    typed: Typed, var: Path, attack: Callable[[Path], None], line: int, what: str
) -> None:
    """Its pinned key and the head that it remembers are enough: nothing has to be typed."""
    assert typed(*VERIFY)[0] == 0
    attack(var / "audit")
    code, said, _ = typed(*VERIFY)
    assert code == 1
    told = json.loads(said)
    assert told["result"] == "broken"
    assert any(one["line"] == line and what in one["what"] for one in told["broken"])


@pytest.mark.parametrize("attack", [forged.remove_the_store, forged.remove_the_manifest])
def test_a_store_that_is_gone_is_no_whole_store(
    typed: Typed, var: Path, attack: Callable[[Path], None]
) -> None:
    """One sentence says where it was looked for and what this machine had exported there; exit code 2."""
    attack(var / "audit")
    code, said, complaint = typed(*VERIFY)
    assert (code, said) == (2, "")
    assert str(var / "audit" / "store") in complaint


@pytest.mark.parametrize("attack", [forged.forge_a_record, forged.forge_the_store, forged.cut_the_end])
def test_an_exporter_signs_nothing_on_top_of_it(var: Path, attack: Callable[[Path], None]) -> None:
    """What follows the head that it remembers is not its own: it refuses, and the store stays as it is."""
    attack(var / "audit")
    before = lines_of(var / "audit")
    with pytest.raises(ChainNotTrustedError, match="audit acknowledge"):
        store_at(var / "audit").append(documents(LINES + 1)[-1:], NOW)
    assert lines_of(var / "audit") == before


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, typed: Typed) -> Typed:
    """Sit at an auditor's machine, which never exported anything and has a copy of the store at `copy`."""
    monkeypatch.setenv("DISPATCH_VAR_DIR", str(tmp_path / "auditor"))
    return typed


def fingerprint(var: Path) -> str:
    return ExportKey(var / "audit" / "export.key").key_id


def verified_with(typed: Typed, store: Path, *more: str) -> tuple[int, dict[str, Any]]:
    code, said, _ = typed("audit", "verify", str(store), "--no-replay", "--json", *more)
    return code, json.loads(said)


def test_without_a_key_from_elsewhere_no_store_is_whole(elsewhere: Typed, var: Path) -> None:
    """An honest store and a forged one look alike: both are of unverified origin, exit code 1, or 0 where that is asked."""
    for attack in (lambda _: None, forged.forge_the_store):
        attack(var / "audit")
        code, told = verified_with(elsewhere, var / "audit" / "store")
        assert (code, told["result"], told["origin"]) == (1, "origin not verified", None)
        assert (
            "ORIGIN NOT VERIFIED"
            in elsewhere("audit", "verify", str(var / "audit" / "store"), "--no-replay")[1]
        )
        allowed = verified_with(elsewhere, var / "audit" / "store", "--allow-unverified-origin")
        assert (allowed[0], allowed[1]["result"]) == (0, "origin not verified")


def test_an_auditor_elsewhere_names_the_key(elsewhere: Typed, var: Path, tmp_path: Path) -> None:
    """By fingerprint or by a file with the public key; another key, or a forged store, is broken."""
    store, known = var / "audit" / "store", fingerprint(var)
    (public,) = (store / "keys").iterdir()
    noted = tmp_path / "noted.pub"
    noted.write_bytes(public.read_bytes())
    for key in (known, str(noted)):
        code, told = verified_with(elsewhere, store, "--key", key)
        assert (code, told["result"], told["origin"]) == (0, "whole", known)
    forged.forge_the_store(var / "audit")
    for key in (known, str(noted)):
        code, told = verified_with(elsewhere, store, "--key", key)
        assert (code, told["result"], told["first_broken"]["line"]) == (1, "broken", 1)
    code, _, complaint = elsewhere("audit", "verify", str(store), "--key", "SHA256:short")
    assert (code, "is no fingerprint" in complaint) == (2, True)
    code, _, complaint = elsewhere("audit", "verify", str(store), "--key", str(tmp_path / "nothing.pub"))
    assert (code, "nothing.pub" in complaint) == (2, True)


def test_how_far_a_store_can_be_trusted_is_said(elsewhere: Typed, var: Path) -> None:
    """Without a head from elsewhere a cut end cannot be seen, and the result says so; with one it is broken."""
    store, key = var / "audit" / "store", fingerprint(var)
    last = sha256(lines_of(var / "audit")[-1].rstrip())
    words = ("audit", "verify", str(store), "--no-replay", "--key", key)
    assert f"whole up to entry {LINES}" in elsewhere(*words)[1]
    assert verified_with(elsewhere, store, "--key", key, "--head", last)[1]["known_to"] == LINES
    forged.cut_the_end(var / "audit")
    code, said, _ = elsewhere(*words)
    assert code == 0
    assert f"whole up to entry {LINES - 2}" in said
    assert "it is unknown whether later entries were cut off" in said
    code, told = verified_with(elsewhere, store, "--key", key, "--head", last)
    assert (code, told["result"]) == (1, "broken")


def test_an_empty_store_is_never_whole(elsewhere: Typed, var: Path) -> None:
    """Where nobody knows of an entry there is nothing to verify; where a head is known, it is broken."""
    store, key = var / "audit" / "store", fingerprint(var)
    last = sha256(lines_of(var / "audit")[-1].rstrip())
    forged.empty_the_manifest(var / "audit")
    code, said, complaint = elsewhere("audit", "verify", str(store), "--key", key, "--json")
    assert (code, said, "holds no entry yet" in complaint) == (2, "", True)
    code, told = verified_with(elsewhere, store, "--key", key, "--head", last)
    assert (code, told["result"]) == (1, "broken")
    forged.remove_the_store(var / "audit")
    code, _, complaint = elsewhere("audit", "verify", str(store), "--key", key)
    assert (code, "there is no audit store at" in complaint) == (2, True)


def swap_the_pin(var: Path) -> None:
    """Pin the attacker's key, and build the store with it: all that is left is the desk's private key."""
    forged.forge_the_store(var / "audit")
    key = ExportKey(var / "attacker" / "export.key")
    (var / "audit" / "export.pub").write_bytes(key_to_pem(key.public_key))
    (var / "audit" / "heads.json").unlink(missing_ok=True)


def swap_pin_and_key(var: Path) -> None:
    """Exchange the private key as well, so that the whole machine is the attacker's."""
    swap_the_pin(var)
    (var / "audit" / "export.key").write_bytes((var / "attacker" / "export.key").read_bytes())


def test_who_writes_to_the_var_folder_too_is_found_by_the_private_key_or_elsewhere(
    typed: Typed, var: Path
) -> None:
    """A pin that does not fit the private key is broken; where both are exchanged, only a key noted elsewhere tells."""
    known = fingerprint(var)
    store_at(var / "audit", pin=True)
    swap_the_pin(var)
    code, said, _ = typed(*VERIFY)
    assert code == 1
    assert any("one of the two was exchanged" in one["what"] for one in json.loads(said)["broken"])
    with pytest.raises(ChainNotTrustedError, match="the export key here is"):
        store_at(var / "audit", pin=True).append(documents(LINES + 1)[-1:], NOW)
    swap_pin_and_key(var)
    assert typed(*VERIFY)[0] == 0
    assert typed(*VERIFY, "--key", known)[0] == 1


def test_a_pinned_key_that_is_gone_is_not_made_anew(var: Path) -> None:
    """A new key would not be the desk's; the sentence says what to restore."""
    store_at(var / "audit", pin=True)
    (var / "audit" / "export.key").unlink()
    with pytest.raises(AuditStoreError, match=r"is gone, and .*export\.pub says that there was one"):
        store_at(var / "audit", pin=True)
    (var / "audit" / "export.pub").unlink()
    with pytest.raises(ChainNotTrustedError, match="was not exported by this desk"):
        store_at(var / "audit", pin=True).append(documents(LINES + 1)[-1:], NOW)


def test_a_forged_record_of_an_erasure_is_broken(typed: Typed, var: Path) -> None:
    """Only the desk's export key can say that a request was erased."""
    store, key = var / "audit" / "store", ExportKey(var / "attacker" / "export.key")
    said: dict[str, Any] = {
        "key_id": key.key_id,
        "at": "2026-05-03",
        "requests": [{"request_id": "request-0001"}],
    }
    signature = base64.b64encode(key.sign(SIGNED_PREFIX + canonical(said))).decode()
    place = FolderBackend(store)
    place.write_beside(key_file(key.key_id), key_to_pem(key.public_key))
    place.write_beside("erasures/forged.json", canonical(said | {"signature": signature}))
    code, text, _ = typed(*VERIFY)
    assert code == 1
    assert "erasures/forged.json is no record of an erasure" in json.loads(text)["first_broken"]["what"]


def test_what_forged_lines_name_counts_as_not_exported_once_they_are_acknowledged(
    typed: Typed, var: Path
) -> None:
    """After a person's word the export goes on, with what the forger tried to keep out; the store stays broken."""
    audit = var / "audit"
    place, kept_out = FolderBackend(audit / "store"), documents(LINES + 1)[-1]
    forged.append_forged(place, ExportKey(var / "attacker" / "export.key"), [kept_out])
    running = store_at(audit)
    assert "line 6 was not exported by this desk" in str(running.refusal())
    acknowledge = ("audit", "acknowledge", "--as", "olga", "--reason", "no backup")
    assert typed(*acknowledge)[0] == 1
    assert running.refusal() is not None
    code, said, _ = typed(*acknowledge, "--yes")
    assert (code, "1 lines are not signed by this desk" in said) == (0, True)
    assert [line.seq for line in running.append([kept_out], NOW)] == [LINES + 2]
    assert store_at(audit).refusal() is None
    assert typed(*acknowledge, "--yes")[1].endswith("there is nothing to acknowledge\n")
    told = json.loads(typed(*VERIFY)[1])
    assert (told["result"], [one["line"] for one in told["broken"]]) == ("broken", [LINES + 1])
    forged.forge_a_record(audit)
    assert "line 8 was not exported by this desk" in str(store_at(audit).refusal())


@pytest.mark.parametrize("attack", [forged.cut_the_end, forged.empty_the_manifest, forged.remove_the_store])
def test_after_a_loss_is_acknowledged_the_export_goes_on_and_verify_still_tells(
    typed: Typed, var: Path, attack: Callable[[Path], None]
) -> None:
    """The process that ran all the while refuses, and goes on after a person's word, who stands in the result."""
    running = store_at(var / "audit")
    running.index()
    attack(var / "audit")
    for _ in range(2):
        with pytest.raises(ChainNotTrustedError):
            running.append(documents(LINES + 1)[-1:], NOW)
    assert typed("audit", "acknowledge", "--as", "olga", "--reason", "no backup", "--yes")[0] == 0
    assert [line.request_id for line in running.append(documents(LINES + 1)[-1:], NOW)] == ["request-0005"]
    told = json.loads(typed(*VERIFY)[1])
    assert told["result"] == "broken"
    assert "its loss was acknowledged by olga" in told["first_broken"]["what"]


def test_a_last_line_that_was_changed_under_a_running_exporter_is_not_signed_upon(var: Path) -> None:
    """It looks at the line that it goes on from once more before it signs."""
    running = store_at(var / "audit")
    running.index()
    lines = lines_of(var / "audit")
    lines[-1] = lines[-1].replace(b"request-0004", b"request-0009")
    write_lines(var / "audit", lines)
    with pytest.raises(ChainNotTrustedError, match="which was its last, is there no more or was changed"):
        running.append(documents(LINES + 1)[-1:], NOW)
    assert lines_of(var / "audit") == lines

"""The key store: encrypted files of their owner's alone, and which of a person's keys signs."""

import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from dispatch.approval.signing import sign, verify
from dispatch.models.errors import KeysError
from dispatch.models.people.approvers import Approver, ApproverKey
from dispatch.models.people.decision import Decision
from dispatch.storage.private_keys import KeyStore
from tests.engine.approval.test_signing import PLAIN

PASSPHRASE = "correct horse battery"  # noqa: S105 (of keys that live as long as a test)
NOW = datetime.now(UTC)


@pytest.fixture
def store(tmp_path: Path) -> KeyStore:
    return KeyStore(tmp_path / "keys")


def person(*keys: ApproverKey) -> Approver:
    return Approver(name="ana", full_name="Ana Torres", keys=keys)


def test_a_key_that_was_made_signs(store: KeyStore) -> None:
    """The private half unlocks with its passphrase, and the public half verifies what it signed."""
    key = store.create("ana", PASSPHRASE)
    signed = sign(store.load("ana", key.key_id, PASSPHRASE), PLAIN["decision"])
    assert verify(key, Decision.model_validate(signed))


def test_files_are_their_owners_alone_and_encrypted(store: KeyStore) -> None:
    """Folder 700, file 600, PKCS #8 that other programs read too, and only with the passphrase."""
    key = store.create("ana", PASSPHRASE)
    path = store.path_of("ana", key.key_id)
    assert (store.folder.stat().st_mode & 0o777, path.stat().st_mode & 0o777) == (0o700, 0o600)
    assert path.read_text().startswith("-----BEGIN ENCRYPTED PRIVATE KEY-----")
    opened, refused = (
        subprocess.run(
            ["openssl", "pkey", "-in", path, "-passin", f"pass:{word}", "-noout"],
            check=False,
            capture_output=True,
        ).returncode
        for word in (PASSPHRASE, "another passphrase")
    )
    assert opened == 0
    assert refused != 0


def test_a_short_passphrase_makes_no_key(store: KeyStore) -> None:
    """Eleven characters are too few, and nothing is left behind."""
    with pytest.raises(KeysError, match="at least 12"):
        store.create("ana", "x" * 11)
    assert not store.folder.exists()


@pytest.mark.parametrize("name", ["", "Ana", "../ana", "a/b", "9ana", "a" * 64, "ana\n"])
def test_what_can_be_nobodys_name_is_no_path(store: KeyStore, name: str) -> None:
    """A name never leads out of the folder; looking for its keys finds none."""
    with pytest.raises(KeysError, match="nobody's name"):
        store.create(name, PASSPHRASE)
    assert not store.has(name, "SHA256:" + "A" * 43)


def test_a_folder_that_is_open_to_others_is_not_written_to(store: KeyStore) -> None:
    """A folder in which others can write is refused, because they could add keys."""
    store.folder.mkdir()
    store.folder.chmod(0o755)
    with pytest.raises(KeysError, match="chmod 700"):
        store.create("ana", PASSPHRASE)


def test_a_key_that_cannot_be_used_says_why(store: KeyStore, tmp_path: Path) -> None:
    """Wrong passphrase, open to others, not here, no key, another's key, a folder that cannot be made: a sentence each."""
    key, other = store.create("ana", PASSPHRASE), store.create("ana", PASSPHRASE)
    path = store.path_of("ana", key.key_id)
    with pytest.raises(KeysError, match="the passphrase does not unlock"):
        store.load("ana", key.key_id, "not this one, no")
    with pytest.raises(KeysError, match="is not in"):
        store.load("ben", key.key_id, PASSPHRASE)
    path.chmod(0o640)
    with pytest.raises(KeysError, match="chmod 600"):
        store.load("ana", key.key_id, PASSPHRASE)
    path.chmod(0o600)
    path.write_bytes(store.path_of("ana", other.key_id).read_bytes())
    with pytest.raises(KeysError, match="holds another key"):
        store.load("ana", key.key_id, PASSPHRASE)
    path.write_text("no key at all")
    with pytest.raises(KeysError, match="does not unlock"):
        store.load("ana", key.key_id, PASSPHRASE)
    (tmp_path / "file").touch()
    with pytest.raises(KeysError, match="cannot be written"):
        KeyStore(tmp_path / "file" / "keys").create("ana", PASSPHRASE)


def test_keys_are_listed_by_their_owner(store: KeyStore) -> None:
    """Somebody whose name begins alike has keys of their own; one that is taken back is gone."""
    mine, hers = store.create("ana", PASSPHRASE), store.create("ana.maria", PASSPHRASE)
    assert store.key_ids("ana") == (store.path_of("ana", mine.key_id).stem.removeprefix("ana."),)
    assert len(store.key_ids("ana.maria")) == 1
    assert store.has("ana.maria", hers.key_id)
    assert not store.has("ana", hers.key_id)
    store.remove("ana", mine.key_id)
    assert store.key_ids("ana") == ()


def test_the_newest_key_that_counts_and_is_here_signs(store: KeyStore) -> None:
    """Not a newer one whose private half is elsewhere, nor one that is revoked or has expired."""
    hours = iter(range(4))

    def made(**more: Any) -> ApproverKey:
        at = NOW + timedelta(hours=next(hours))
        return store.create("ana", PASSPHRASE).model_copy(update={"created_at": at, **more})

    old, new, revoked, expired = made(), made(), made(revoked_at=NOW), made(expires_at=NOW)
    assert store.to_sign_with(person(old, new, revoked, expired), NOW) == new
    assert store.to_sign_with(person(revoked, new, old), NOW) == new
    store.remove("ana", new.key_id)
    assert store.to_sign_with(person(old, new), NOW) == old


def test_of_two_keys_of_the_same_second_the_later_in_the_file_signs(store: KeyStore) -> None:
    """`keys new` appends."""
    first, second = (store.create("ana", PASSPHRASE).model_copy(update={"created_at": NOW}) for _ in range(2))
    assert store.to_sign_with(person(first, second), NOW) == second


def test_without_a_key_to_sign_with_the_sentence_says_what_to_do(store: KeyStore) -> None:
    """No key at all, only ones that no longer count, and one whose private half is elsewhere."""
    key = store.create("ana", PASSPHRASE)
    store.remove("ana", key.key_id)
    for keys, says in (
        ((), "has no key; make one with 'dispatch keys new ana'"),
        ((key.model_copy(update={"revoked_at": NOW}),), "no key that counts: key SHA256:.* was revoked at"),
        ((key.model_copy(update={"expires_at": NOW}),), "no key that counts: key SHA256:.* expired at"),
        ((key,), "the private half of ana's key SHA256:.* is not in"),
    ):
        with pytest.raises(KeysError, match=says):
            store.to_sign_with(person(*keys), NOW)

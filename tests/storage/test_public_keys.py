"""Public keys in files of their own: who can sign is the folder's listing, and whatever is wrong in it is refused."""

import base64
import subprocess
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from dispatch.approval.signing import key_id_of
from dispatch.models.errors import ApproversError
from dispatch.models.people.approvers import ApproverKey, Approvers
from dispatch.storage.approvers_file import ApproversFile
from dispatch.storage.public_keys import key_text
from tests.signers import Signer, approvers

ANA, BEN = Signer("ana", ("refunds",)), Signer("ben", ("refunds-lead",))
OTHER, THIRD = Signer("other").key, Signer("third").key
AT = datetime(2026, 11, 5, 12, tzinfo=UTC)
PRIVATE = ANA.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


@pytest.fixture
def file(tmp_path: Path) -> ApproversFile:
    """Return a file that knows ana, with her key, and ben without one."""
    file = ApproversFile(tmp_path / "approvers.yaml")
    file.write(Approvers(approvers=(ANA.person, BEN.person.model_copy(update={"keys": ()}))))
    return file


def keys_of(file: ApproversFile, name: str) -> list[str]:
    return [key.key_id for person in file.read().approvers if person.name == name for key in person.keys]


def put(file: ApproversFile, name: str, text: str) -> Path:
    """Write a file into the folder by hand."""
    path = file.keys.folder / name
    path.write_text(text, encoding="utf-8")
    path.chmod(0o644)
    return path


def test_a_listing_tells_who_can_sign(file: ApproversFile) -> None:
    """A key that is added stands in a file of its own, and nothing else is written."""
    before = file.path.read_bytes()
    file.keys.add(file.keys.path_of("ben"), BEN.key)
    file.keys.add(file.keys.path_of("ben", "laptop"), OTHER)
    assert sorted(path.name for path in file.keys.folder.iterdir()) == [
        "ana.pub",
        "ben+laptop.pub",
        "ben.pub",
    ]
    assert keys_of(file, "ben") == [BEN.key.key_id, OTHER.key_id]
    assert keys_of(file, "ana") == [ANA.key.key_id]
    assert file.path.read_bytes() == before
    assert (file.keys.folder / "ben.pub").stat().st_mode & 0o777 == 0o644


def test_a_key_is_never_overwritten(file: ApproversFile) -> None:
    """Of many who write one file at once, one wins, and its key stands there whole."""
    path, refused = file.keys.path_of("ben"), list[str]()
    made = [Signer("ben").key for _ in range(8)]

    def add(key: ApproverKey) -> None:
        try:
            file.keys.add(path, key)
        except ApproversError as error:
            refused.append(str(error))

    threads = [threading.Thread(target=add, args=(key,)) for key in made]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == len(made) - 1
    assert all("none is overwritten" in text and "--label" in text for text in refused)
    (kept,) = keys_of(file, "ben")
    assert kept in {key.key_id for key in made}


def test_a_key_that_openssl_made_is_read(file: ApproversFile, tmp_path: Path) -> None:
    """Its public half in PEM, below the time from which it counts."""
    private = str(tmp_path / "made.pem")
    subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", private], check=True, timeout=30)
    pem = subprocess.run(
        ["openssl", "pkey", "-in", private, "-pubout"], check=True, timeout=30, capture_output=True, text=True
    ).stdout
    put(file, "ben.pub", f"created_at: 2026-01-31T09:00:00+01:00\nexpires_at: 2027-01-31T00:00:00Z\n{pem}")
    (key,) = file.read().approvers[1].keys
    assert key.key_id == key_id_of(base64.b64decode(key.public_key))
    assert key.created_at == datetime(2026, 1, 31, 8, tzinfo=UTC)
    assert key.expires_at == datetime(2027, 1, 31, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("bem.pub", key_text(OTHER), "nobody in the approvers file is called 'bem'"),
        ("ben.pub", key_text(OTHER) + key_text(THIRD), "it holds 2 keys; give each a file of its own"),
        ("ben.pub", key_text(ANA.key), "it holds the same key as ana.pub"),
        ("ben.pub", PRIVATE, "it holds a PRIVATE key"),
        ("ben.pub", key_text(OTHER) + PRIVATE, "it holds a PRIVATE key"),
        ("bem.pub", PRIVATE, "it holds a PRIVATE key"),
        ("ben.pem", PRIVATE, "it holds a PRIVATE key"),
        ("ben.pem", key_text(OTHER), "it is no file of a public key"),
        ("ben+.pub", key_text(OTHER), "it is no file of a public key"),
        ("ben.pub", "", "it holds no Ed25519 public key in PEM"),
        ("ben.pub", key_text(OTHER)[:-30], "it holds no Ed25519 public key in PEM"),
        ("ben.pub", key_text(OTHER) + "x" * 50_000, "it holds no Ed25519 public key in PEM"),
        ("ben.pub", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA ben", "it holds no Ed25519 public key in PEM"),
        ("ben.pub", key_text(OTHER).partition("\n")[2], "created_at: Field required"),
        ("ben.pub", "created_at: today\n" + key_text(OTHER).partition("\n")[2], "created_at: Input should"),
        ("ben.pub", "expires: 2027-01-01T00:00:00Z\n" + key_text(OTHER), "'expires' is none of them"),
        ("ben.pub", "created_at: 2020-01-01T00:00:00Z\n" + key_text(OTHER), "'created_at' stands twice"),
    ],
)
def test_what_is_no_public_key_of_a_person_is_refused(
    file: ApproversFile, name: str, text: str, says: str
) -> None:
    """One sentence that names the file; nobody can sign until it is corrected, though it was good before."""
    assert keys_of(file, "ana") == [ANA.key.key_id]
    path = put(file, name, text)
    with pytest.raises(ApproversError) as caught:
        file.read()
    assert str(caught.value).startswith(f"{path}: ")
    assert says in str(caught.value)
    path.unlink()
    assert keys_of(file, "ana") == [ANA.key.key_id]


def test_a_key_that_proves_nothing_is_refused(file: ApproversFile) -> None:
    """A point of small order verifies what nobody signed."""
    lines = key_text(OTHER).splitlines()
    weak = base64.b64encode(base64.b64decode(lines[2])[:12] + bytes(32)).decode()
    put(file, "ben.pub", "\n".join([*lines[:2], weak, *lines[3:], ""]))
    with pytest.raises(ApproversError, match="point of small order"):
        file.read()


@pytest.mark.parametrize("which", ["the file", "the folder"])
def test_a_key_that_others_can_change_is_refused(file: ApproversFile, which: str) -> None:
    """They could put their own in its place; the sentence has the command that mends it."""
    path = file.keys.folder / "ana.pub" if which == "the file" else file.keys.folder
    file.read()
    path.chmod(0o777)
    with pytest.raises(ApproversError, match=f"run 'chmod go-w {path}'"):
        file.read()
    path.chmod(0o755)
    assert keys_of(file, "ana") == [ANA.key.key_id]


def test_a_folder_in_place_of_a_key_is_refused(file: ApproversFile) -> None:
    """And a link that leads nowhere."""
    (file.keys.folder / "ben.pub").mkdir()
    with pytest.raises(ApproversError, match=r"ben\.pub: it holds no Ed25519"):
        file.read()
    (file.keys.folder / "ben.pub").rmdir()
    (file.keys.folder / "ben.pub").symlink_to("nowhere")
    with pytest.raises(ApproversError, match=r"ben\.pub: it cannot be read"):
        file.read()


def test_a_revocation_is_in_the_keys_own_file_and_seen_at_once(file: ApproversFile) -> None:
    """The rest of the folder and the approvers file stay as they are; a second one says since when."""
    file.keys.add(file.keys.path_of("ana", "new"), OTHER)
    file.read()
    before = file.path.read_bytes(), (file.keys.folder / "ana+new.pub").read_bytes()
    assert file.revoke(ANA.key.key_id, AT) is None
    assert [key.revoked_at for key in file.read().approvers[0].keys] == [AT, None]
    assert file.revoke(ANA.key.key_id, AT + timedelta(days=1)) == AT
    assert file.revoke(ANA.key.key_id, AT - timedelta(days=1)) is None, "one to come is brought forward"
    assert (file.path.read_bytes(), (file.keys.folder / "ana+new.pub").read_bytes()) == before


@pytest.mark.parametrize(
    "change",
    [
        lambda file: file.keys.add(file.keys.path_of("ben"), BEN.key),
        lambda file: (file.keys.folder / "ana.pub").unlink(),
        lambda file: put(file, "ana.pub", key_text(OTHER)),
    ],
    ids=["added", "removed", "replaced"],
)
def test_a_change_of_a_key_is_seen_at_once(
    file: ApproversFile, change: Callable[[ApproversFile], object]
) -> None:
    """Without a restart, and without a change of the approvers file."""
    before = file.read()
    change(file)
    assert file.read() != before
    assert file.read() == ApproversFile(file.path).read()


def test_a_reader_sees_the_old_or_the_new_and_no_mixture(file: ApproversFile) -> None:
    """While one key is revoked and another added again and again, every reading is whole."""
    file.keys.add(file.keys.path_of("ben"), BEN.key)
    stop, seen = threading.Event(), list[tuple[int, ...]]()

    def read() -> None:
        reader = ApproversFile(file.path)
        while not stop.is_set():
            seen.append(tuple(len(person.keys) for person in reader.read().approvers))

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(60):
        label = file.keys.path_of("ana", f"n{number}")
        file.keys.add(label, Signer("ana").key)
        file.revoke(BEN.key.key_id, AT - timedelta(days=number))
        label.unlink()
    stop.set()
    reader.join()
    assert seen
    assert set(seen) <= {(1, 1), (2, 1)}
    assert file.read().approvers[1].keys[0].revoked_at == AT - timedelta(days=59)


def test_a_label_is_no_path(file: ApproversFile) -> None:
    """Nothing outside the folder is written."""
    with pytest.raises(ApproversError, match="is no label"):
        file.keys.path_of("ana", "../../ben")


def test_a_private_key_is_never_written_out() -> None:
    """What is written of a key is its times and its public half."""
    raw = Ed25519PrivateKey.from_private_bytes(bytes(range(32))).public_key().public_bytes_raw()
    key = ApproverKey(
        key_id=key_id_of(raw), public_key=base64.b64encode(raw).decode("ascii"), created_at=AT, expires_at=AT
    )
    lines = key_text(key).splitlines()
    assert lines[:3] == [
        "created_at: 2026-11-05T12:00:00Z",
        "expires_at: 2026-11-05T12:00:00Z",
        "-----BEGIN PUBLIC KEY-----",
    ]
    assert base64.b64decode(lines[3])[12:] == raw
    assert approvers(ANA).approvers[0].keys == (ANA.key,)

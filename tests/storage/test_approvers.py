"""The approvers file: read when it changes, refused with the place in it, and changed without losing anybody's edit."""

import threading
from functools import partial
from pathlib import Path

import pytest

from dispatch.models.errors import ApproversError
from dispatch.models.people.approvers import Approver, Approvers
from dispatch.storage.approvers_file import ApproversFile
from tests.signers import Signer, approvers

ANA, BEN = Signer("ana", ("refunds",)), Signer("ben", ("refunds-lead",), {"deputy": "ana"})


@pytest.fixture
def file(tmp_path: Path) -> ApproversFile:
    return ApproversFile(tmp_path / "approvers.yaml")


def with_person(known: Approvers, name: str) -> Approvers:
    return Approvers(approvers=(*known.approvers, Approver(name=name, full_name=name.title())))


def names(known: Approvers) -> list[str]:
    return [person.name for person in known.approvers]


def test_no_file_knows_nobody_and_an_empty_one_neither(file: ApproversFile) -> None:
    """Whoever is to sign must be written down first."""
    assert file.read() == Approvers()
    file.path.write_text("# nobody yet\n")
    assert file.read() == Approvers()


def test_what_is_written_reads_back_the_same(file: ApproversFile) -> None:
    """Every field, in YAML that others may read; a person's own mode of the file is kept."""
    known = approvers(ANA, BEN)
    file.write(known)
    assert file.read() == known
    assert file.path.stat().st_mode & 0o777 == 0o644
    file.path.chmod(0o640)
    file.change(lambda before: with_person(before, "cleo"))
    assert file.path.stat().st_mode & 0o777 == 0o640
    assert names(file.read()) == ["ana", "ben", "cleo"]


def test_a_change_by_hand_is_seen_at_once(file: ApproversFile) -> None:
    """A revocation counts from the moment that it is saved, without a restart; so does a file taken away."""
    file.write(approvers(ANA, BEN))
    assert names(file.read()) == ["ana", "ben"]
    file.path.write_text(
        "approvers:\n  - name: cleo\n    full_name: Cleo Marchetti\n    roles: [support-lead]\n"
    )
    assert names(file.read()) == ["cleo"]
    file.path.unlink()
    assert file.read() == Approvers()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("approvers: [", "line 1"),
        ("approvers:\n  - name: ana\n    name: ben\n", "line 3, column 5: the key 'name' stands twice"),
        ("approvers: &all []\nmore: *all\n", "an alias"),
        ("approver: []\n", "at approver: Extra inputs"),
        ("approvers:\n  - name: Ana\n    full_name: Ana\n", "at approvers.0.name: String should match"),
        ("approvers:\n  - name: ana\n", "at approvers.0.full_name: Field required"),
        (
            "approvers:\n  - {name: ana, full_name: A}\n  - {name: ana, full_name: B}\n",
            "the same name is there twice: ana",
        ),
        (
            "approvers: [{name: ana, full_name: A, absences: [{begins_at: 2026-01-01T00:00:00, ends_at: 2026-01-02T00:00:00Z}]}]",
            "at approvers.0.absences.0.begins_at: Input should have timezone info",
        ),
        ("- ana\n", "at the top: Input should be"),
        ("\udcff", "not UTF-8"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(file: ApproversFile, text: str, says: str) -> None:
    """One sentence with file, place and remedy; who may decide is never a guess, though it was good before."""
    file.write(approvers(ANA))
    file.read()
    file.path.write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(ApproversError) as caught:
        file.read()
    assert str(caught.value).startswith(f"{file.path}: at ")
    assert says in str(caught.value)
    assert "Correct it there" in str(caught.value)
    with pytest.raises(ApproversError):
        file.change(lambda known: with_person(known, "cleo"))


def test_a_fingerprint_of_another_key_is_refused(file: ApproversFile) -> None:
    """It would pin a key that no signature ever fits, and say so only at a decision."""
    file.write(approvers(ANA))
    text = file.path.read_text()
    file.path.write_text(text.replace(ANA.key.public_key, BEN.key.public_key))
    with pytest.raises(ApproversError, match=r"at approvers\[0\]\.keys\[0\]: key_id is not the fingerprint"):
        file.read()


def test_a_file_that_cannot_be_read_or_written_is_a_sentence(tmp_path: Path) -> None:
    """A folder in its place, a file where its folder should be."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    with pytest.raises(ApproversError, match="cannot be read"):
        ApproversFile(tmp_path / "folder").read()
    with pytest.raises(ApproversError, match="cannot be read"):
        ApproversFile(tmp_path / "file" / "approvers.yaml").read()
    with pytest.raises(ApproversError, match="cannot be written"):
        ApproversFile(tmp_path / "file" / "approvers.yaml").write(Approvers())


def test_many_writers_lose_nobody(file: ApproversFile) -> None:
    """Each adds a person of their own at the same time; all of them are there."""
    everybody = [f"person-{number}" for number in range(24)]

    def add(some: list[str]) -> None:
        for name in some:
            ApproversFile(file.path).change(partial(with_person, name=name))

    threads = [threading.Thread(target=add, args=(everybody[number::4],)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(names(file.read())) == sorted(everybody)


def test_what_was_saved_by_hand_meanwhile_is_kept(file: ApproversFile) -> None:
    """An editor knows nothing of our lock; what it saved while we changed the file is in the result."""
    file.write(approvers(ANA))
    asked = []

    def edit(known: Approvers) -> Approvers:
        asked.append(names(known))
        if len(asked) == 1:
            file.path.write_text("approvers:\n  - {name: dan, full_name: Dan}\n")
        return with_person(known, "cleo")

    file.change(edit)
    assert asked == [["ana"], ["dan"]]
    assert names(file.read()) == ["dan", "cleo"]


def written(path: Path) -> tuple[int, int]:
    """Return what changes when a file is written or replaced; when it was read last is no matter."""
    found = path.stat()
    return found.st_ino, found.st_mtime_ns


def test_nothing_to_change_leaves_the_file_as_it_is(file: ApproversFile) -> None:
    """Not so much as written again."""
    file.path.write_text("# ours\napprovers: []\n")
    before = written(file.path)
    file.change(lambda known: known)
    assert written(file.path) == before
    file.change(lambda known: with_person(known, "ana"))
    assert file.path.read_text() == "# ours\napprovers:\n- name: ana\n  full_name: Ana\n"
    assert not list(file.path.parent.glob(".approvers-*"))


def test_a_link_stays_a_link(file: ApproversFile, tmp_path: Path) -> None:
    """The file may be kept elsewhere, under version control say; what is written goes there."""
    (tmp_path / "elsewhere").mkdir()
    kept = tmp_path / "elsewhere" / "people.yaml"
    kept.write_text("approvers: []\n")
    file.path.symlink_to(kept)
    file.change(lambda known: with_person(known, "ana"))
    assert file.path.is_symlink()
    assert "ana" in kept.read_text()

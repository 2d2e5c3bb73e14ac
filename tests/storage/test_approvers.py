"""The approvers file: read when it changes, and refused with the place in it."""

from pathlib import Path

import pytest
import yaml

from dispatch.models.errors import ApproversError
from dispatch.models.people.approvers import Approvers
from dispatch.storage.approvers_file import ApproversFile
from tests.signers import Signer, approvers

ANA, BEN = Signer("ana", ("refunds",)), Signer("ben", ("refunds-lead",), {"deputy": "ana"})


@pytest.fixture
def file(tmp_path: Path) -> ApproversFile:
    return ApproversFile(tmp_path / "approvers.yaml")


def names(known: Approvers) -> list[str]:
    return [person.name for person in known.approvers]


def test_no_file_knows_nobody_and_an_empty_one_neither(file: ApproversFile) -> None:
    """Only people of the approvers file can sign."""
    assert file.read() == Approvers()
    file.path.write_text("# nobody yet\n")
    assert file.read() == Approvers()


def test_what_is_written_reads_back_the_same(file: ApproversFile) -> None:
    """Every field, in YAML that others may read, without the keys; what was there before is gone."""
    known = approvers(ANA, BEN)
    file.write(known)
    assert file.read() == known
    assert file.path.stat().st_mode & 0o777 == 0o644
    assert "keys" not in yaml.safe_load(file.path.read_text())["approvers"][0]
    file.write(approvers(ANA))
    assert file.read() == approvers(ANA)


def test_a_change_by_hand_is_seen_at_once(file: ApproversFile) -> None:
    """A revocation counts from the moment that it is saved, without a restart; so does a file taken away."""
    file.write(approvers(ANA, BEN))
    assert names(file.read()) == ["ana", "ben"]
    file.path.write_text(
        "approvers:\n  - name: cleo\n    full_name: Cleo Marchetti\n    roles: [support-lead]\n"
    )
    file.keys.write(())
    assert names(file.read()) == ["cleo"]
    file.path.unlink()
    assert file.read() == Approvers()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("approvers: [", "line 2"),
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


def test_a_link_stays_a_link(file: ApproversFile, tmp_path: Path) -> None:
    """The file may be kept elsewhere, under version control say; what is written goes there."""
    (tmp_path / "elsewhere").mkdir()
    kept = tmp_path / "elsewhere" / "people.yaml"
    kept.write_text("approvers: []\n")
    file.path.symlink_to(kept)
    file.write(approvers(ANA))
    assert file.path.is_symlink()
    assert "ana" in kept.read_text()


def test_a_key_in_the_file_is_refused_with_what_to_do(file: ApproversFile) -> None:
    """Until 0.3 keys were written there; the sentence names the file that each belongs into."""
    key = ANA.key.model_dump(mode="json", exclude_none=True)
    people = [{"name": "ben", "full_name": "Ben"}, {"name": "ana", "full_name": "Ana"}]
    old = [people[0], {**people[1], "keys": [key]}]
    file.path.write_text(yaml.safe_dump({"approvers": old}))
    with pytest.raises(ApproversError) as caught:
        file.read()
    for words in ("at approvers.1.keys: public keys are in files of their own", "public-keys/ana.pub"):
        assert words in str(caught.value)
    file.path.write_text(yaml.safe_dump({"approvers": people}))
    file.keys.add(file.keys.path_of("ana"), ANA.key)
    assert file.read().approvers[1].keys == (ANA.key,)

"""Everything that could be done to a store after export, and that it is found: the first broken record, named."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from dispatch.audit.store.backends import FolderBackend
from dispatch.audit.store.export_keys import ExportKey
from dispatch.audit.store.manifest import EMPTY, Entry, Signer, sha256, write_line
from dispatch.audit.store.store import AuditStore
from dispatch.audit.store.verify import Verified, verify
from dispatch.audit.store_models import PublicKey
from dispatch.models.canonical import canonical_bytes as canonical
from dispatch.models.errors import AuditStoreError
from tests.audit_store.made import NOW, documents, filled, lines_of, object_file, store_at, write_lines

LINES = 6

Spoil = Callable[[Path], None]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("whole")
    filled(folder, LINES)
    return folder


@pytest.fixture
def copy(whole: Path, tmp_path: Path) -> Path:
    shutil.copytree(whole, tmp_path, dirs_exist_ok=True)
    return tmp_path


async def verified(folder: Path, **more: object) -> Verified:
    return await verify(FolderBackend(folder / "store"), **more)  # type: ignore[arg-type]  # passed through


async def test_an_untouched_store_verifies(whole: Path) -> None:
    """All records are read, one key signed them, and nothing is found."""
    found = await verified(whole)
    assert (found.broken, found.notes, found.counts) == ([], [], {"records": LINES})
    assert found.keys == {ExportKey(whole / "export.key").key_id}
    assert (found.head.seq, found.head.digest) == (LINES, sha256(lines_of(whole)[-1].rstrip()))


def edit_a_history(folder: Path) -> None:
    file = object_file(folder, lines_of(folder)[2])
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(bytes(data))


def drop_a_history(folder: Path) -> None:
    object_file(folder, lines_of(folder)[2]).unlink()


def swap_two_histories(folder: Path) -> None:
    one, other = (object_file(folder, lines_of(folder)[n]) for n in (2, 4))
    first, second = one.read_bytes(), other.read_bytes()
    one.write_bytes(second)
    other.write_bytes(first)


def swap_two_digests(folder: Path) -> None:
    lines = [json.loads(line) for line in lines_of(folder)]
    for name in ("digest", "size_bytes"):
        lines[2][name], lines[4][name] = lines[4][name], lines[2][name]
    write_lines(folder, [canonical(line) + b"\n" for line in lines])


def drop_a_line(folder: Path) -> None:
    lines = lines_of(folder)
    write_lines(folder, lines[:2] + lines[3:])


def reorder_lines(folder: Path) -> None:
    lines = lines_of(folder)
    lines[2], lines[3] = lines[3], lines[2]
    write_lines(folder, lines)


def change_an_ending(folder: Path) -> None:
    lines = [json.loads(line) for line in lines_of(folder)]
    lines[2]["ending"] = "done" if lines[2]["ending"] != "done" else "rejected"
    write_lines(folder, [canonical(line) + b"\n" for line in lines])


def repeat_a_line(folder: Path) -> None:
    lines = lines_of(folder)
    write_lines(folder, [*lines[:2], lines[1], *lines[2:]])


def write_a_line_otherwise(folder: Path) -> None:
    lines = lines_of(folder)
    lines[2] = json.dumps(json.loads(lines[2])).encode() + b"\n"
    write_lines(folder, lines)


def add_a_field(folder: Path) -> None:
    lines = lines_of(folder)
    lines[2] = canonical(json.loads(lines[2]) | {"note": "harmless"}) + b"\n"
    write_lines(folder, lines)


@pytest.mark.parametrize(
    ("spoil", "what"),
    [
        (edit_a_history, "was changed or exchanged"),
        (drop_a_history, "is not in the store"),
        (swap_two_histories, "was changed or exchanged"),
        (swap_two_digests, "signature does not fit"),
        (drop_a_line, "it says that it is line 4"),
        (reorder_lines, "it says that it is line 4"),
        (change_an_ending, "signature does not fit"),
        (repeat_a_line, "it says that it is line 2"),
        (write_a_line_otherwise, "not written as the desk writes a line"),
        (add_a_field, "note: Extra inputs are not permitted"),
    ],
)
async def test_what_was_done_to_the_third_record_is_found_there(copy: Path, spoil: Spoil, what: str) -> None:
    """The first broken record is the one that was touched, with what is wrong."""
    spoil(copy)
    first = (await verified(copy)).first_broken
    assert first is not None
    assert first.line == 3
    assert what in first.what


async def test_any_byte_of_the_manifest(copy: Path) -> None:
    """One changed bit anywhere in the manifest is found, in the line where it is."""
    raw = b"".join(lines_of(copy))
    for place in range(0, len(raw), 97):
        spoiled = bytearray(raw)
        spoiled[place] ^= 1
        write_lines(copy, [bytes(spoiled)])
        first = (await verified(copy)).first_broken
        assert first is not None, place
        assert first.line == raw[:place].count(b"\n") + 1


async def test_a_byte_of_any_history(copy: Path) -> None:
    """One changed bit in any history is found in its record."""
    for number, line in enumerate(lines_of(copy), start=1):
        file = object_file(copy, line)
        data = file.read_bytes()
        file.write_bytes(data[:-9] + bytes([data[-9] ^ 1]) + data[-8:])
        first = (await verified(copy)).first_broken
        assert first is not None
        assert first.line == number
        file.write_bytes(data)


async def test_a_chain_cut_short_needs_a_head_that_is_known_elsewhere(copy: Path) -> None:
    """Fewer lines are a whole chain by themselves; held against the head as it was, the loss shows."""
    lines = lines_of(copy)
    head = sha256(lines[-1].rstrip())
    write_lines(copy, lines[:-2])
    assert (await verified(copy)).broken == []
    found = await verified(copy, checkpoints={head: "a mail"})
    assert found.first_broken is not None
    assert "known from a mail is not in the chain" in found.first_broken.what


async def test_a_chain_that_grew_still_holds_an_earlier_head(copy: Path) -> None:
    """An old head stays good for what comes after it."""
    head = sha256(lines_of(copy)[2].rstrip())
    found = await verified(copy, checkpoints={head: "a mail"})
    assert found.broken == []
    assert found.counts["known heads in the chain"] == 1


async def test_a_chain_written_anew_with_another_key_needs_the_fingerprint(copy: Path) -> None:
    """Who owns the whole folder can make a new store; the fingerprint known from elsewhere tells."""
    pinned = ExportKey(copy / "export.key").key_id
    forged = copy / "forged"
    filled(forged, LINES - 1)
    assert (await verified(forged)).broken == []
    first = (await verified(forged, pinned=PublicKey(pinned))).first_broken
    assert first is not None
    assert (first.line, "not with" in first.what) == (1, True)


async def test_a_public_key_that_was_removed_or_changed_is_found(copy: Path) -> None:
    """Without its key a line proves nothing."""
    (key,) = (copy / "store" / "keys").iterdir()
    key.chmod(0o644)
    key.write_text("no key")
    found = await verified(copy)
    assert found.first_broken is not None
    assert "no public key" in found.first_broken.what
    key.unlink()
    first = (await verified(copy)).first_broken
    assert first is not None
    assert "is not beside the chain" in first.what


async def test_a_history_that_the_line_does_not_describe_is_found(copy: Path) -> None:
    """Even the holder of the export key cannot give a history another ending."""
    place = FolderBackend(copy / "lying")
    real: Signer = ExportKey(copy / "export.key")
    store = AuditStore(place, real, store_at(copy)._memory)
    (document,) = documents(1)
    store.append([document], NOW)
    line = json.loads((copy / "lying" / "manifest.jsonl").read_bytes())
    entry = Entry(**{name: line[name] for name in Entry._fields} | {"ending": "withdrawn"})
    (copy / "lying" / "manifest.jsonl").write_bytes(write_line(entry, EMPTY, NOW, real)[0])
    first = (await verify(place)).first_broken
    assert first is not None
    assert first.what == "the line says otherwise than its history: ending"


def test_an_exporter_does_not_append_to_a_chain_that_lost_lines(tmp_path: Path) -> None:
    """The machine remembers the last head it wrote, outside of the store."""
    filled(tmp_path, 3)
    write_lines(tmp_path, lines_of(tmp_path)[:-1])
    with pytest.raises(AuditStoreError, match="is not the one that this machine wrote"):
        store_at(tmp_path).append(documents(4)[3:], NOW)


def test_an_exporter_does_not_append_to_a_broken_chain(copy: Path) -> None:
    """What is broken stays as it is, to be looked at."""
    reorder_lines(copy)
    with pytest.raises(AuditStoreError, match="line 3 does not follow"):
        store_at(copy).append(documents(7)[6:], NOW)


async def test_a_torn_last_line_is_found_and_set_aside_by_the_next_export(copy: Path) -> None:
    """A line that an interrupted export left half written is kept apart, and its request is exported again."""
    lines = lines_of(copy)
    torn = lines[-1][: len(lines[-1]) // 2]
    write_lines(copy, [*lines[:-1], torn])
    (copy / "heads.json").unlink()
    first = (await verified(copy)).first_broken
    assert first is not None
    assert (first.line, "torn" in first.what) == (LINES, True)
    store_at(copy).append(documents(LINES)[-1:], NOW)
    assert (await verified(copy)).counts == {"records": LINES}
    assert [file.read_bytes() for file in (copy / "store" / "torn").iterdir()] == [torn]


def test_exporting_again_changes_nothing(copy: Path) -> None:
    """A request that is there is passed over, by any process."""
    before = lines_of(copy)
    assert store_at(copy).append(documents(LINES), NOW) == []
    assert lines_of(copy) == before


def test_a_damaged_object_is_not_written_over(copy: Path) -> None:
    """An export never replaces a file; it says that the file was changed."""
    file = object_file(copy, lines_of(copy)[2])
    file.write_bytes(b"something else")
    write_lines(copy, lines_of(copy)[:2])
    (copy / "heads.json").unlink()
    with pytest.raises(AuditStoreError, match="was changed: restore it"):
        store_at(copy).append(documents(LINES)[2:3], NOW)
    assert file.read_bytes() == b"something else"


def test_the_export_key_is_its_owners_alone(whole: Path) -> None:
    """Nobody else on the machine can read it; everybody can read the public one."""
    assert (whole / "export.key").stat().st_mode & 0o777 == 0o600
    (public,) = (whole / "store" / "keys").iterdir()
    assert public.read_text().startswith("-----BEGIN PUBLIC KEY-----")

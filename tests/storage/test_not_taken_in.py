"""The list of what was refused at a door: several at once, what is kept of odd texts, and a file that cannot be used."""

import os
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dispatch.models.errors import DispatchError
from dispatch.storage.not_taken_in import NotTakenIn, version_of

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)


def test_of_many_who_decide_at_once_one_decides(tmp_path: Path) -> None:
    """All see the same decision, and the same refusal noted by many is one entry."""
    with ThreadPoolExecutor(8) as pool:

        def add(_: int) -> str:
            kept = NotTakenIn(tmp_path / "list.db").add(
                "a.eml", "/in", "no mail", NOW, door="folder", sha256="0" * 64, content=b"x"
            )
            return kept.refused_id

        (refused_id,) = set(pool.map(add, range(16)))

        def decide(number: int) -> tuple[str, str]:
            entry = NotTakenIn(tmp_path / "list.db").decide(
                refused_id, "taken" if number % 2 else "left", f"person-{number}", NOW
            )
            assert entry is not None
            return entry.choice or "", entry.decided_by

        assert len(set(pool.map(decide, range(16)))) == 1
    kept = NotTakenIn(tmp_path / "list.db")
    assert (kept.count(), len(kept.waiting()), len(kept.decided())) == (0, 0, 1)


def test_what_waits_is_oldest_first_and_what_is_decided_newest_first(tmp_path: Path) -> None:
    """Waiting entries are listed oldest first, decided ones newest first."""
    kept = NotTakenIn(tmp_path / "list.db")
    entries = [
        kept.add(f"{n}.eml", "/in", "no mail", NOW - timedelta(minutes=n), door="submit", sha256="0" * 64)
        for n in range(4)
    ]
    assert [one.name for one in kept.waiting(3)] == ["3.eml", "2.eml", "1.eml"]
    for after, n in enumerate((2, 0)):
        kept.decide(entries[n].refused_id, "left", "dora", NOW + timedelta(seconds=after))
    assert [one.name for one in kept.decided()] == ["0.eml", "2.eml"]
    assert [one.name for one in kept.waiting()] == ["3.eml", "1.eml"]


def test_the_same_name_with_other_content_is_another_entry(tmp_path: Path) -> None:
    """Also where the content was not read: size and time tell them apart."""
    kept, path = NotTakenIn(tmp_path / "list.db"), tmp_path / "huge.eml"
    for content in (b"one", b"three"):
        path.write_bytes(content)
        for _ in range(2):
            kept.add("huge.eml", "/in", "too large", NOW, door="folder", version=version_of(path))
    assert [one.reason for one in kept.waiting()] == ["too large"] * 2


def test_any_text_can_be_kept(tmp_path: Path) -> None:
    """Names that are no text, half of a character, zero bytes, and more than is kept."""
    kept = NotTakenIn(tmp_path / "list.db")
    name = os.fsdecode(b"caf\xe9.eml")
    kept.add(name, "/in", "x" * 10_000, NOW, door="submit", sha256="0" * 64, content=b"\x00\xff" * 10_000)
    (entry,) = kept.waiting()
    assert (len(entry.reason), len(entry.begins)) == (2_000, 2_000)
    assert "\0" not in entry.begins
    entry.model_dump_json().encode()


def test_nothing_is_made_by_looking_and_a_broken_file_is_a_sentence(tmp_path: Path) -> None:
    """`dispatch inbox` looks on every machine; what cannot be read names the file and what to do."""
    kept = NotTakenIn(tmp_path / "list.db")
    assert (kept.count(), kept.waiting(), kept.get("0" * 16)) == (0, [], None)
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "list.db").write_bytes(b"no database, but long enough to be looked at" * 100)
    with pytest.raises(
        DispatchError, match=r"list\.db\) cannot be used: .*; make the folder writable, or restore"
    ):
        kept.count()

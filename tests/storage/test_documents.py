import hashlib
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.models.errors import DispatchError
from dispatch.storage.documents import DocumentStore


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_a_document_is_kept_under_its_digest(tmp_path: Path) -> None:
    """The reference says what it is; the bytes come back as they were."""
    store = DocumentStore(tmp_path)
    ref = store.put(b"hello", "text/plain", "note.txt")
    assert (ref.sha256, ref.size_bytes) == (hashlib.sha256(b"hello").hexdigest(), 5)
    assert (ref.media_type, ref.name) == ("text/plain", "note.txt")
    assert store.get(ref.sha256) == b"hello"


@given(st.binary(max_size=2000))
def test_putting_twice_keeps_one(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    """The same bytes are the same document under any name; nothing is left beside it."""
    folder = tmp_path_factory.mktemp("store")
    store = DocumentStore(folder)
    first = store.put(data, "a/b", "one")
    second = store.put(data, "c/d", "../../two")
    assert first.sha256 == second.sha256
    assert [path.name for path in files(folder)] == [first.sha256]
    assert store.get(first.sha256) == data


def test_a_changed_document_is_not_given_out(tmp_path: Path) -> None:
    """What was tampered with or rotted is noticed, and putting it again mends it."""
    store = DocumentStore(tmp_path)
    ref = store.put(b"hello", "text/plain", "note.txt")
    files(tmp_path)[0].write_bytes(b"hallo")
    with pytest.raises(DispatchError, match="was changed on disk; restore it from a backup"):
        store.get(ref.sha256)
    store.put(b"hello", "text/plain", "note.txt")
    assert store.get(ref.sha256) == b"hello"


def test_an_absent_document_says_so(tmp_path: Path) -> None:
    """One sentence, not a traceback."""
    with pytest.raises(DispatchError, match=f"document {'a' * 64} is not in"):
        DocumentStore(tmp_path).get("a" * 64)


@pytest.mark.parametrize("name", ["../../etc/passwd", "", "A" * 64, "a" * 63])
def test_only_a_digest_is_looked_up(tmp_path: Path, name: str) -> None:
    """A name can never lead out of the store."""
    with pytest.raises(DispatchError, match="is no sha256"):
        DocumentStore(tmp_path).get(name)


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    """The error says what to do."""
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    with pytest.raises(DispatchError, match=r"cannot keep 'n' in .*: Not a directory; make room or make"):
        DocumentStore(tmp_path / "file" / "documents").put(b"x", "a/b", "n")


def test_a_full_disk_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half a document is never taken for one."""

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DispatchError, match="No space left on device; make room"):
        DocumentStore(tmp_path).put(b"x" * 100, "a/b", "n")
    assert files(tmp_path) == []


def test_a_long_name_keeps_its_end(tmp_path: Path) -> None:
    """The file's ending is what tells its kind."""
    ref = DocumentStore(tmp_path).put(b"x", "a/b", "n" * 300 + ".pdf")
    assert (len(ref.name), ref.name[-4:]) == (255, ".pdf")

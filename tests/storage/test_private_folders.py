"""What a desk keeps is its owner's alone: folders of mode 700, secret files of mode 600, and wider ones made so at a start."""

import os
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from devstack.back_office.database import Database
from devstack.mail_sink.store import MailStore
from dispatch.storage.documents import DocumentStore
from dispatch.storage.private_folders import make_private_file, tighten
from dispatch.storage.private_keys import KeyStore
from tests.audit_store.made import NOW, documents, store_at
from tests.servers import ROOT, settings_from


@pytest.fixture(autouse=True)
def _anything_goes() -> Iterator[None]:
    before = os.umask(0o000)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def open_to_others(folder: Path) -> list[str]:
    """Return every folder and every file in it that somebody else could read or enter."""
    return [f"{path.relative_to(folder)} {mode(path):o}" for path in folder.rglob("*") if mode(path) & 0o077]


def test_whatever_is_kept_in_an_open_world_is_private(tmp_path: Path) -> None:
    """Documents, the audit store with its keys, and the databases of the stand-ins, made with no umask at all."""
    var = tmp_path / "var"
    DocumentStore(var / "documents").put(b"a letter", "text/plain", "letter.txt")
    store_at(var / "audit", pin=True).append(documents(1), NOW)
    Database(var / "back_office.db", datetime.now(UTC)).close()
    MailStore(var / "mail.db").close()
    KeyStore(var / "keys").create("olga", "a passphrase that is long")
    assert mode(var) == 0o700
    assert open_to_others(var) == []


def test_a_database_that_was_readable_is_made_private(tmp_path: Path) -> None:
    """One from an earlier version keeps what it holds."""
    path = tmp_path / "mail.db"
    sqlite3.connect(path).close()
    path.touch()
    path.chmod(0o644)
    make_private_file(path)
    assert mode(path) == 0o600


def test_folders_that_were_open_are_closed_and_it_is_said_once(tmp_path: Path) -> None:
    """A second start finds nothing to do, what is not there is not made, and a shared folder stays as it is."""
    settings = settings_from(
        {"DISPATCH_VAR_DIR": str(tmp_path / "var"), "DISPATCH_AUDIT_STORE": str(tmp_path / "store")}
    )
    for folder in (settings.var_dir, settings.documents_dir, tmp_path / "store"):
        folder.mkdir(mode=0o755)
    with capture_logs() as logged:
        closed = tighten(settings.private_folders)
        assert tighten(settings.private_folders) == []
    assert set(closed) == {settings.var_dir, settings.documents_dir, tmp_path / "store"}
    assert [mode(folder) for folder in closed] == [0o700] * 3
    assert not settings.audit_dir.exists()
    assert len(logged) == 1
    assert logged[0]["folders"] == [str(folder) for folder in closed]
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o1777)
    assert tighten([shared]) == []
    assert mode(shared) == 0o1777


def test_a_worker_closes_the_var_folder_when_it_starts(tmp_path: Path) -> None:
    """The folder of an earlier version is closed before anything is written, and the log says so."""
    var = tmp_path / "var"
    var.mkdir(mode=0o755)
    environment = {"DISPATCH_VAR_DIR": str(var), "PATH": os.defpath}
    done = subprocess.run(
        [sys.executable, "worker.py", "--check"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, mode(var)) == (0, 0o700)
    assert done.stderr.count("folders were open to other users") == 1

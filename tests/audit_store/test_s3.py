"""The audit store in an S3-compatible bucket: a real server over HTTP (moto), and the real boto3."""

import threading
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from moto.server import ThreadedMotoServer

from devstack.ports import free_port
from dispatch.audit.query.extract_file import ExtractFile
from dispatch.audit.store.backends import backend_of
from dispatch.audit.store.export_keys import ExportKey, LocalCheckpoints
from dispatch.audit.store.s3 import S3Backend
from dispatch.audit.store.store import AuditStore
from dispatch.audit.store.verify import verify
from dispatch.audit.store_models import Position, PublicKey
from dispatch.models.errors import AuditStoreError, ChainNotTrustedError, WriteConflictError
from tests.audit_store.forged import append_forged, invented
from tests.audit_store.made import NOW, documents

BUCKET = "audit"


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=free_port(), verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def place(endpoint: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> S3Backend:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    boto3.client("s3", endpoint_url=endpoint).create_bucket(Bucket=BUCKET)
    found = backend_of(f"s3://{BUCKET}/{tmp_path.name}", s3_endpoint=endpoint)
    assert isinstance(found, S3Backend)
    return found


def store_in(place: S3Backend, home: Path, key: ExportKey | None = None) -> AuditStore:
    return AuditStore(place, key or ExportKey(home / "export.key"), LocalCheckpoints(home / "heads.json"))


async def test_a_bucket_holds_what_a_folder_holds(place: S3Backend, tmp_path: Path) -> None:
    """Exports are appended in several objects, read on from where one was, once each, and verify."""
    written = documents(5)
    store = store_in(place, tmp_path)
    assert [line.seq for line in store.append(written[:2], NOW)] == [1, 2]
    assert [line.seq for line in store.append(written, NOW)] == [3, 4, 5]
    assert store_in(place, tmp_path).append(written, NOW) == []
    verified = await verify(place)
    assert (verified.broken, verified.counts) == ([], {"records": 5})
    assert ExtractFile(tmp_path, place).catch_up() == 5
    assert [position.seq for _, position in place.lines(Position(2, 0))] == [3, 4, 5]


async def test_of_two_writers_at_once_each_request_is_exported_once(place: S3Backend, tmp_path: Path) -> None:
    """Two machines that share the desk's key append the same requests; the conditional put decides every time."""
    written, key = documents(12), ExportKey(tmp_path / "export.key")
    problems: list[Exception] = []

    def export(home: Path) -> None:
        store = store_in(place, home, key)
        try:
            for document in written:
                store.append([document], NOW)
        except AuditStoreError as error:
            problems.append(error)

    threads = [threading.Thread(target=export, args=(tmp_path / name,)) for name in ("one", "other")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    verified = await verify(place)
    assert (verified.broken, verified.counts) == ([], {"records": 12})


def test_what_is_there_is_never_overwritten(place: S3Backend, tmp_path: Path) -> None:
    """A put on a name that is taken changes nothing."""
    store_in(place, tmp_path).append(documents(1), NOW)
    with pytest.raises(WriteConflictError):
        place.append([b"another first line\n"], Position())
    ((line, _),) = place.lines()
    assert b"another" not in line
    place.write_beside("anchors/x.json", b"one")
    with pytest.raises(AuditStoreError, match="holds something else"):
        place.write_beside("anchors/x.json", b"other")


async def test_a_history_that_is_gone_from_the_bucket_is_found(
    place: S3Backend, endpoint: str, tmp_path: Path
) -> None:
    """As in a folder, the first broken record is named."""
    lines = store_in(place, tmp_path).append(documents(3), NOW)
    key = f"{tmp_path.name}/objects/{lines[1].digest[:2]}/{lines[1].digest}"
    boto3.client("s3", endpoint_url=endpoint).delete_object(Bucket=BUCKET, Key=key)
    first = (await verify(place)).first_broken
    assert first is not None
    assert (first.line, "is not in the store" in first.what) == (2, True)


def test_a_bucket_that_is_not_there_is_said_in_a_sentence(place: S3Backend, endpoint: str) -> None:
    """The sentence names the bucket and the settings."""
    del place
    with pytest.raises(AuditStoreError, match=r"s3://nowhere cannot list .* see DISPATCH_AUDIT_STORE"):
        list(backend_of("s3://nowhere/x", s3_endpoint=endpoint).lines())
    with pytest.raises(AuditStoreError, match="name a folder, or s3://BUCKET/PREFIX"):
        backend_of("gs://bucket/x")


def removed(endpoint: str, key: str) -> None:
    boto3.client("s3", endpoint_url=endpoint).delete_object(Bucket=BUCKET, Key=key)


async def test_a_forged_line_in_a_bucket_is_found_and_not_signed_upon(
    place: S3Backend, tmp_path: Path
) -> None:
    """The key that lies in the bucket is not believed, neither by who verifies nor by the exporter."""
    running, key = store_in(place, tmp_path), ExportKey(tmp_path / "export.key")
    running.append(documents(2), NOW)
    append_forged(place, ExportKey(tmp_path / "attacker.key"), [invented("forged")])
    found = await verify(place, pinned=PublicKey(key.key_id, key.public_key))
    assert [one.line for one in found.broken] == [3]
    for store in (running, store_in(place, tmp_path)):
        with pytest.raises(ChainNotTrustedError, match="line 3 was not exported by this desk"):
            store.append(documents(3)[2:], NOW)


def test_a_running_exporter_misses_the_last_object_of_the_manifest(
    place: S3Backend, endpoint: str, tmp_path: Path
) -> None:
    """Though nothing is listed after it any more, it does not go on as if it were there; a new process does not either."""
    running = store_in(place, tmp_path)
    running.append(documents(2), NOW)
    running.append(documents(3), NOW)
    removed(endpoint, f"{tmp_path.name}/manifest/0000000003.jsonl")
    with pytest.raises(ChainNotTrustedError, match="line 3, which was its last, is there no more"):
        running.append(documents(4)[3:], NOW)
    with pytest.raises(ChainNotTrustedError, match="has 2 lines and is not the one"):
        store_in(place, tmp_path).append(documents(4)[3:], NOW)


def test_a_bucket_without_a_manifest_is_no_store(place: S3Backend, endpoint: str, tmp_path: Path) -> None:
    """It can be told from one that holds lines; there is nothing to verify in it."""
    assert not place.has_manifest()
    store_in(place, tmp_path).append(documents(1), NOW)
    assert place.has_manifest()
    removed(endpoint, f"{tmp_path.name}/manifest/0000000001.jsonl")
    assert not place.has_manifest()

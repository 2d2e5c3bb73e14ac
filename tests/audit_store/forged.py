"""What an attacker does who may write to the store, and who has a key of their own but not the desk's."""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

from dispatch.audit.store.backend import StoreBackend
from dispatch.audit.store.backends import FolderBackend
from dispatch.audit.store.document import Document, entry_of, to_bytes
from dispatch.audit.store.export_keys import ExportKey
from dispatch.audit.store.manifest import EMPTY, Signer, key_file, key_to_pem, sha256, write_line
from dispatch.audit.store_models import START, Head
from tests.audit_store.made import NOW, documents, renamed


def invented(name: str) -> Document:
    """Return a request that the desk never had."""
    return renamed(documents()[0], name)


def append_forged(place: StoreBackend, signer: Signer, forged: Sequence[Document]) -> None:
    """Append lines as an exporter writes them, signed with another key, whose public half goes beside the chain."""
    head, end = EMPTY, START
    for raw, position in place.lines():
        head, end = Head(position.seq, sha256(raw.rstrip(b"\n"))), position
    lines = []
    for document in forged:
        data = to_bytes(document)
        entry = entry_of(document, data)
        place.put(entry.digest, data)
        line, head = write_line(entry, head, NOW, signer)
        lines.append(line)
    place.append(lines, end)
    place.write_beside(key_file(signer.key_id), key_to_pem(signer.public_key))


def forge_a_record(audit: Path) -> None:
    """Append one record to the chain with another key."""
    place = FolderBackend(audit / "store")
    append_forged(place, ExportKey(audit.parent / "attacker" / "export.key"), [invented("forged")])


def forge_the_store(audit: Path) -> None:
    """Build the whole store again."""
    shutil.rmtree(audit / "store")
    place = FolderBackend(audit / "store")
    made = [invented(f"forged-{number}") for number in range(3)]
    append_forged(place, ExportKey(audit.parent / "attacker" / "export.key"), made)


def swap_the_public_key(audit: Path) -> None:
    """Put another key under the name of the desk's, and sign every line again with it."""
    store = audit / "store"
    (public,) = (store / "keys").iterdir()
    attacker = ExportKey(audit.parent / "attacker" / "export.key")
    records = [
        json.loads(line)["request_id"] for line in (store / "manifest.jsonl").read_bytes().splitlines()
    ]
    (store / "manifest.jsonl").unlink()
    append_forged(FolderBackend(store), attacker, [invented(name) for name in records])
    public.chmod(0o644)
    public.write_bytes(key_to_pem(attacker.public_key))


def empty_the_manifest(audit: Path) -> None:
    (audit / "store" / "manifest.jsonl").write_bytes(b"")


def remove_the_manifest(audit: Path) -> None:
    (audit / "store" / "manifest.jsonl").unlink()


def remove_the_store(audit: Path) -> None:
    shutil.rmtree(audit / "store")


def cut_the_end(audit: Path) -> None:
    manifest = audit / "store" / "manifest.jsonl"
    manifest.write_bytes(b"".join(manifest.read_bytes().splitlines(keepends=True)[:-2]))

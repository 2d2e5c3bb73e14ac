"""`dispatch audit rotate-key` and `audit acknowledge`: what a person decides about the export key and a damaged store."""

import argparse
from datetime import UTC, datetime
from pathlib import Path

from cli.account import add_as
from dispatch.audit.store.backend import StoreBackend
from dispatch.audit.store.export_keys import ExportKey
from dispatch.audit.store.key_chain import ROTATIONS, key_chain_of, read_rotation, write_rotation
from dispatch.audit.store.manifest import key_file, key_to_pem
from dispatch.audit.store.store import index_of
from dispatch.models.errors import AuditStoreError
from dispatch.storage.durable_files import sync_folder, told
from runtime.audit.parts import backend_from, checkpoints_from, pin_from, store_from
from runtime.settings import Settings


def add_custody(parts: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add both commands to the command line."""
    parts.add_parser(
        "rotate-key",
        help="follow the export key by a new one, which the old one signs; stop the workers first",
    )
    command = parts.add_parser(
        "acknowledge", help="let the export go on though the store is not as this machine left it"
    )
    command.add_argument("--reason", required=True, help="kept for good: what happened, and what was done")
    add_as(command, "by", "who acknowledges")
    command.add_argument("--yes", action="store_true", help="do it; without this, only say what is wrong")


async def rotate_key(arguments: argparse.Namespace, settings: Settings) -> int:
    """Create the next export key, sign it with the old one, and start to use it; complete an interrupted rotation."""
    del arguments
    place, pin = backend_from(settings), pin_from(settings)
    path, coming = settings.audit_dir / "export.key", settings.audit_dir / "export.key.next"
    if not path.exists():
        raise AuditStoreError(f"there is no export key {path} yet; the first export makes one")
    store, old = store_from(settings, place), ExportKey(path, pin)
    trusted = pin.read_or_pin(old)
    with place.writing():
        new = ExportKey(coming)
        chain = key_chain_of(place, trusted)
        if chain.key_ids[-1] == old.key_id:
            refusal = store.refusal()
            if refusal is not None:
                raise AuditStoreError(f"the key is not changed: {refusal}")
            name, data = write_rotation(old, new, index_of(place).head, datetime.now(UTC))
            read_rotation(name, data)
            for key in (old, new):
                place.write_beside(key_file(key.key_id), key_to_pem(key.public_key))
            place.write_beside(name, data)
        elif chain.key_ids[-1] != new.key_id:
            coming.unlink()
            raise AuditStoreError(
                f"the export key {old.key_id} was followed by {chain.key_ids[-1]}, which is not here; copy "
                f"{path.name} and {pin.path.name} from the machine that holds it"
            )
        _take_into_use(coming, path)
        pin.renew(ExportKey(path))
    print(
        f"lines from now on are signed with {new.key_id}, as {old.key_id} says beside the chain ({ROTATIONS}/)"
    )
    print("note the new fingerprint elsewhere, give it to the people who verify, and start the workers again")
    return 0


def _take_into_use(coming: Path, path: Path) -> None:
    with told(f"cannot replace {path}"):
        coming.replace(path)
        sync_folder(path.parent)


async def acknowledge(arguments: argparse.Namespace, settings: Settings) -> int:
    """Describe what prevents the export, and with --yes let it continue from the chain as it is."""
    place = backend_from(settings)
    found = store_from(settings, place).acknowledgement(arguments.by, arguments.reason, datetime.now(UTC))
    if found is None:
        print(f"{place.name}: the chain is as this machine left it; there is nothing to acknowledge")
        return 0
    for what in _told(place, len(found.foreign), found.lost.seq if found.lost else 0):
        print(what)
    if not arguments.yes:
        print("nothing was done; restore the store from a backup, or add --yes to continue with it as it is")
        return 1
    checkpoints_from(settings).acknowledge(place.name, found)
    print(
        f"acknowledged by {found.by}: exports go on after line {found.goes_on_from.seq}. 'audit verify' goes on to call "
        "the store broken; for one that is whole, name a new store in DISPATCH_AUDIT_STORE"
    )
    return 0


def _told(place: StoreBackend, foreign: int, lost: int) -> list[str]:
    said = []
    if lost:
        said.append(f"{place.name}: line {lost}, which this machine wrote, is gone or was rewritten")
    if foreign:
        said.append(f"{place.name}: {foreign} lines are not signed by this desk; they count as no export")
    return said

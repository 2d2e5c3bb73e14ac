"""`dispatch keys`: create, list and revoke the keys that people sign decisions with; no server is needed.

    dispatch keys new NAME [--label LABEL]
    dispatch keys show [NAME] [--json]
    dispatch keys revoke KEY_ID

The private half goes into the keys folder, encrypted; the public half into a separate file beside the approvers
file. The passphrase is asked for at the terminal, or read from DISPATCH_KEY_PASSPHRASE.
"""

import argparse
import getpass
import json
import signal
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from dispatch.approval.authority import key_problem, person_named
from dispatch.models.errors import ApproversError, DispatchError, KeysError
from dispatch.models.moments import format_stamp
from dispatch.models.people.approvers import Approver, ApproverKey
from dispatch.storage.approvers_file import ApproversFile
from dispatch.storage.private_keys import KeyStore
from runtime.settings import Settings

_WIDTH_OF_A_PIPE: Final = 140


def add(keys: argparse.ArgumentParser, _name: str) -> None:
    """Add the parts of `keys`."""
    doing = keys.add_subparsers(dest="doing", required=True)
    new = doing.add_parser("new", help="make a key of a person in the approvers file")
    new.add_argument("name", metavar="NAME", help="as the approvers file has it")
    new.add_argument(
        "--label",
        default="",
        metavar="LABEL",
        help="what tells another key of the same person from the first",
    )
    show = doing.add_parser("show", help="whose keys there are, and which count")
    show.add_argument("name", metavar="NAME", nargs="?")
    show.add_argument("--json", action="store_true", help="for scripts")
    revoke = doing.add_parser("revoke", help="from now on, nothing signed with a key counts")
    revoke.add_argument("key_id", metavar="KEY_ID", help="as 'keys show' has it: SHA256:...")


async def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Run one of them; returns its exit code. Raises KeysError and ApproversError."""
    file, store = ApproversFile(settings.approvers_path), KeyStore(settings.keys_path)
    if arguments.doing == "new":
        return _new(arguments, settings, file, store)
    if arguments.doing == "revoke":
        return _revoke(arguments.key_id, file)
    return _show(arguments, file, store)


def ask_passphrase(settings: Settings, whose: str, *, twice: bool = False) -> str:
    """Return the passphrase of DISPATCH_KEY_PASSPHRASE, or ask at the terminal.

    Raises KeysError where there is no terminal, or the two differ.
    """
    if settings.key_passphrase is not None:
        return settings.key_passphrase.get_secret_value()
    if not sys.stdin.isatty():
        raise KeysError(f"no terminal to ask at; set DISPATCH_KEY_PASSPHRASE to the passphrase of {whose}")
    # The running loop turns Ctrl-C into a cancellation, which a blocking read would never notice.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        passphrase = getpass.getpass(f"passphrase of {whose}: ")
        if twice and passphrase != getpass.getpass("once more: "):
            raise KeysError("the two passphrases differ; nothing was changed")
    except EOFError:
        raise KeysError("no passphrase was given; nothing was changed") from None
    finally:
        signal.signal(signal.SIGINT, before)
    return passphrase


def _new(arguments: argparse.Namespace, settings: Settings, file: ApproversFile, store: KeyStore) -> int:
    """Create a key, the private half first: a public half without one would be unusable."""
    name = arguments.name
    if person_named(file.read(), name) is None:
        raise ApproversError(
            f"{file.path}: {name} is not in it yet; add the person there first, such as "
            f"'- {{name: {name}, full_name: ..., roles: [...]}}' below 'approvers:'"
        )
    path = file.keys.path_of(name, arguments.label)
    if path.exists():
        raise ApproversError(
            f"{path}: {name} has a key there, and none is overwritten; give the new one a label of its own "
            "(--label LABEL). Both count until one is revoked"
        )
    key = store.create(name, ask_passphrase(settings, f"the new key of {name}", twice=True))
    try:
        file.keys.add(path, key)
    except DispatchError:
        store.remove(name, key.key_id)
        raise
    print(f"{key.key_id}  belongs to {name}; its public half is in {path}")
    print(f"the private half is in {store.path_of(name, key.key_id)}; keep a copy that only {name} can read")
    return 0


def _revoke(key_id: str, file: ApproversFile) -> int:
    now = datetime.now(UTC).replace(microsecond=0)
    before = file.revoke(key_id, now)
    if before is not None:
        print(f"{key_id} was revoked before, at {format_stamp(before)}; nothing was changed")
    else:
        print(
            f"{key_id} is revoked; decisions signed with it no longer count, those not yet carried out included"
        )
    return 0


def _show(arguments: argparse.Namespace, file: ApproversFile, store: KeyStore) -> int:
    known = file.read()
    if arguments.name is not None and person_named(known, arguments.name) is None:
        raise ApproversError(f"{file.path}: {arguments.name} is not in it; see 'dispatch keys show'")
    people = [person for person in known.approvers if arguments.name in {None, person.name}]
    rows = [row for person in people for row in _rows(person, store, datetime.now(UTC))]
    if arguments.json:
        print(json.dumps(rows))
        return 0
    if not rows:
        print(f"{file.path} has no people yet; add them as docs/signing.md shows")
        return 0
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for column in ("person", "roles", "key", "created", "state", "private half"):
        table.add_column(column, no_wrap=column in {"person", "key"})
    for row in rows:
        here = {True: "here", False: "not here", None: ""}[row["private_half_here"]]
        key = (row["key_id"] or "no key", (row["created_at"] or "")[:10], row["state"] or "", here)
        table.add_row(row["name"], ", ".join(row["roles"]), *key)
    console = Console()
    (console if console.is_terminal else Console(width=max(console.width, _WIDTH_OF_A_PIPE))).print(table)
    return 0


def _rows(person: Approver, store: KeyStore, now: datetime) -> Iterator[dict[str, Any]]:
    """Yield one row for each key, or one for a person without any."""
    about = {"name": person.name, "full_name": person.full_name, "roles": list(person.roles)}
    for key in person.keys:
        yield {
            **about,
            **key.model_dump(mode="json", exclude={"public_key"}),
            "state": state_of(key, now),
            "private_half_here": store.has(person.name, key.key_id),
        }
    if not person.keys:
        fields = ("key_id", "created_at", "expires_at", "revoked_at", "state", "private_half_here")
        yield {**about, **dict.fromkeys(fields)}


def state_of(key: ApproverKey, now: datetime) -> str:
    """Return in one word whether a key is valid, revoked or expired."""
    if key_problem(key, now) is None:
        return "valid"
    return "revoked" if key.revoked_at is not None and key.revoked_at <= now else "expired"

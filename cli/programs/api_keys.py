"""`dispatch api-key`: create, list and remove the keys of programs that call over HTTP; no server is needed.

    dispatch api-key add NAME --scope requests:write [--scope requests:read] [--desk DESK] [--signed]
    dispatch api-key list [--json]
    dispatch api-key remove NAME

`add` writes the key alone to stdout, once; only its digest is kept. With `--signed` it is the secret that a sender
signs its webhooks with (Standard Webhooks).
"""

import argparse
import json
import sys
from datetime import UTC, datetime

from dispatch.models.moments import format_stamp
from dispatch.storage.api_keys import ApiKey, ApiKeys, Scope
from runtime.settings import Settings


def add(keys: argparse.ArgumentParser, _name: str) -> None:
    """Add the parts of `api-key`."""
    doing = keys.add_subparsers(dest="doing", required=True)
    new = doing.add_parser("add", help="make a key, which is shown once")
    new.add_argument("name", metavar="NAME", help="of the program that is to call")
    new.add_argument(
        "--scope",
        action="append",
        required=True,
        choices=[scope.value for scope in Scope],
        help="what it may do; several",
    )
    new.add_argument("--desk", help="the only desk that it may reach; without it, all")
    new.add_argument("--signed", action="store_true", help="a secret to sign webhooks with")
    listed = doing.add_parser("list", help="which keys there are")
    listed.add_argument("--json", action="store_true", help="for scripts")
    remove = doing.add_parser("remove", help="from now on, nothing is done with a key")
    remove.add_argument("name", metavar="NAME")


async def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Run one of them; returns its exit code. Raises KeysError."""
    keys = ApiKeys(settings.api_keys_dir)
    if arguments.doing == "add":
        return _add(arguments, keys)
    if arguments.doing == "remove":
        keys.remove(arguments.name)
        print(f"the key {arguments.name} is removed; calls with it are refused from now on")
        return 0
    return _list(keys.all(), as_json=arguments.json)


def _add(arguments: argparse.Namespace, keys: ApiKeys) -> int:
    scopes = tuple(Scope(each) for each in arguments.scope)
    made = keys.add(
        arguments.name,
        scopes,
        arguments.desk,
        datetime.now(UTC).replace(microsecond=0),
        signed=arguments.signed,
    )
    # Alone on stdout, so that a script can take it.
    print(made.secret)
    use = "sign webhooks with it" if arguments.signed else "send it as 'Authorization: Bearer KEY'"
    print(f"this is the key {arguments.name}, shown this once; {use}", file=sys.stderr)
    return 0


def _list(keys: list[ApiKey], *, as_json: bool) -> int:
    if as_json:
        print(json.dumps([_row(key) for key in keys]))
        return 0
    if not keys:
        print("there is no key yet; make one with 'dispatch api-key add NAME --scope requests:write'")
    for key in keys:
        how = "signs webhooks" if key.signing_secret else "bearer"
        print(
            f"{key.name}  {how}  {', '.join(key.scopes)}  {key.desk or 'all desks'}  {format_stamp(key.created_at)}"
        )
    return 0


def _row(key: ApiKey) -> dict[str, object]:
    return key.model_dump(mode="json", exclude={"sha256", "signing_secret"}) | {
        "signed": bool(key.signing_secret)
    }

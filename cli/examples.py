"""`dispatch examples add --from ID [--dir DIR] [--yes]`: add items that a person sorted to the desk's examples.

Each item of the request whose intent a person chose is shown, without numbers and addresses, and written into the desk's
`examples.yaml` after a yes. Workers that start afterwards learn from it.

Exit codes: 0 written, or there was nothing to write; 1 not written; 2 there is no such request, desk or file.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Final

from cli.request_ids import resolved
from cli.temporal import gateway_of_account
from dispatch.models.errors import DeskFolderError, PlaybookError
from dispatch.models.request.item import OTHER, Item
from dispatch.models.trail import EntryKind
from dispatch.playbooks.examples_file import EXAMPLES_FILE
from dispatch.text.masking import masked
from runtime.desk_check import desk_at, errors_of, folders_of
from runtime.settings import Settings

_SORTED: Final = "sort-"
"""The prefix of the proposals that ask a person for the intent of an item."""


def add(command: argparse.ArgumentParser, _name: str) -> None:
    """Add the parts of `examples`."""
    parts = command.add_subparsers(dest="part", required=True)
    adding = parts.add_parser("add", help="write what a person decided on a request into the desk's examples")
    adding.add_argument("--from", dest="request", required=True, metavar="ID", help="the request")
    adding.add_argument("--dir", type=Path, metavar="DIR", help="the folder of the desk, at any path")
    adding.add_argument("--yes", action="store_true", help="write without asking")


async def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Show and write the examples; raises DeskFolderError, PlaybookError, RequestNotFoundError and WorkerUnavailableError."""
    gateway = gateway_of_account()
    arguments.request = await resolved(gateway, arguments.request)
    detail = await gateway.request_detail(arguments.request)
    was_sorted = any(
        entry.kind is EntryKind.DECISION and f" {_SORTED}" in f" {entry.what}" for entry in detail.trail
    )
    chosen = [item for item in detail.items if item.candidates] if was_sorted else []
    if detail.playbook is None or not chosen:
        print(f"{arguments.request}: no person sorted its items, so there is no example to add")
        return 0
    folder = desk_at(arguments.dir)[1] if arguments.dir is not None else None
    folders = folders_of(settings, folder)
    file = folders[detail.playbook.desk] / EXAMPLES_FILE
    for item in chosen:
        print(f"{item.kind}: {masked(item.text)}")
    if not arguments.yes and not _agrees(file):
        print("nothing was written")
        return 1
    before = _content_of(file)
    after = before
    for item in chosen:
        after = with_example(after, item)
    file.write_text(after, encoding="utf-8")
    if problems := errors_of(settings, folders, detail.playbook.desk):
        file.write_text(before, encoding="utf-8")
        print("\n".join(problems), file=sys.stderr)
        print("nothing was written", file=sys.stderr)
        return 1
    print(f"written to {file}; workers learn from it when they start")
    return 0


def with_example(content: str, item: Item) -> str:
    """Return the file's text with the item's text as the first example of its intent; comments stay. Raises DeskFolderError."""
    head = f"{OTHER}:" if item.kind == OTHER else f"  {item.kind}:"
    lines = content.split("\n")
    place = next((n for n, line in enumerate(lines) if line.partition("#")[0].rstrip() == head), None)
    if place is None:
        raise DeskFolderError(
            f"{EXAMPLES_FILE} has no line {head.strip()!r} to write an example below; add it"
        )
    indent = "  - " if item.kind == OTHER else "    - "
    following = lines[place + 1] if place + 1 < len(lines) else ""
    if following.lstrip().startswith("- "):
        indent = following[: len(following) - len(following.lstrip())] + "- "
    # Every JSON string is a valid YAML string, with any content.
    lines.insert(place + 1, indent + json.dumps(masked(item.text), ensure_ascii=False))
    return "\n".join(lines)


def _agrees(file: Path) -> bool:
    if not sys.stdin.isatty():
        print(
            "there is no terminal to ask at; check the examples above, and run the command again with --yes",
            file=sys.stderr,
        )
        return False
    return input(f"Write it to {file}? [y/N] ").strip().lower() in {"y", "yes"}


def _content_of(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except OSError as error:
        raise PlaybookError(
            str(file),
            "",
            f"it cannot be read ({error.strerror})",
            "The desk has no examples; write some first.",
        ) from None

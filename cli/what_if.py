"""`dispatch what-if --playbook FILE`: compare a changed playbook with recorded decisions."""

import argparse
import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, Final

from dispatch.audit.query.what_if import Judged, WhatIf, what_if
from dispatch.audit.store.backend import StoreBackend
from dispatch.audit.store.crypto_shredding import KeyOf, opened
from dispatch.audit.store.document import Document, from_bytes
from dispatch.audit.store.manifest import sha256
from dispatch.audit.store.store import index_of
from dispatch.audit.store_models import ManifestLine
from dispatch.guard.guardian import inspect
from dispatch.models.errors import AuditStoreError, PlaybookError
from dispatch.models.money import Money, format_money
from dispatch.models.work.playbook import PlaybookInForce
from dispatch.playbooks.desk_folders import desk_folders
from dispatch.playbooks.loader import RECEPTION_FILE, load_files
from dispatch.playbooks.strict_yaml import read_yaml
from runtime.audit.parts import backend_from, keys_from
from runtime.desks import discover
from runtime.settings import SHIPPED_DESKS, Settings

_SHOWN: Final = 50


def add(command: argparse.ArgumentParser, _name: str) -> None:
    """Add the arguments of `what-if`."""
    command.add_argument("--playbook", required=True, type=Path, metavar="FILE")
    command.add_argument("--store", default="", metavar="STORE", help="a folder or s3://bucket/prefix")
    command.add_argument("--json", action="store_true", help="for scripts")


async def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Print which actions would be decided differently; reads only the audit store."""
    changed = playbook_from(arguments.playbook)
    place = backend_from(settings, arguments.store)
    catalogue = discover(desk_folders(settings.desk_roots))
    catalogue.check(changed.playbook, str(arguments.playbook))
    rule = partial(inspect, actions=catalogue.with_actions([changed.playbook]).action_classes)
    answer = what_if(documents_of(place, keys_from(settings).find), changed, rule)
    if arguments.json:
        print(json.dumps(_as_json(answer)))
    else:
        _print(answer, changed)
    return 0


def playbook_from(file: Path) -> PlaybookInForce:
    """Load a playbook that is not in use, from a file of any name; raises PlaybookError as the worker would."""
    if not file.is_file():
        raise PlaybookError(str(file), "", "there is no such file", "Name the changed playbook.")
    content = read_yaml(file)
    desk = content.get("desk") if isinstance(content, dict) else None
    name = desk if isinstance(desk, str) and desk.isidentifier() else file.stem
    return load_files({name: file}, SHIPPED_DESKS / RECEPTION_FILE).by_desk[name]


def documents_of(place: StoreBackend, key_of: KeyOf) -> Iterator[Document]:
    """Yield the last export of each request, oldest first; raises AuditStoreError if one does not match its line."""
    latest = set(index_of(place).requests.values())
    for raw, position in place.lines():
        if position.seq in latest:
            line = ManifestLine.model_validate_json(raw)
            data = place.get(line.digest) or b""
            if sha256(data) != line.digest:
                raise AuditStoreError(
                    f"the history of {line.request_id} in {place.name} is missing or was changed; "
                    "see 'dispatch audit verify'"
                )
            yield opened(from_bytes(data), key_of)


def _as_json(answer: WhatIf) -> dict[str, Any]:
    return {
        "requests": answer.requests,
        "actions": answer.actions,
        "decisions": [
            {"before": b, "after": a, "actions": n} for (b, a), n in sorted(answer.decisions.items())
        ],
        **{
            name: [
                one._asdict() | {"before": one.before._asdict(), "after": one.after._asdict()}
                for one in judged
            ]
            for name, judged in (("flips", answer.flips), ("shifts", answer.shifts))
        },
        "not_judged": [one._asdict() for one in answer.not_judged],
    }


def _print(answer: WhatIf, changed: PlaybookInForce) -> None:
    ref = changed.ref
    print(
        f"{ref.desk} {ref.version} ({ref.digest[:12]}) on {answer.actions} recorded actions of {answer.requests} requests"
    )
    for (before, after), number in sorted(answer.decisions.items()):
        print(f"  {number:>7}  {before} -> {after}{'' if before == after else '   <- flips'}")
    for words, judged in (
        ("would flip", answer.flips),
        ("would stay held, but ask otherwise", answer.shifts),
    ):
        if judged:
            print(f"\n{len(judged)} {words}:")
            for one in judged[:_SHOWN]:
                print(f"  {_line(one)}")
            if len(judged) > _SHOWN:
                print(f"  and {len(judged) - _SHOWN} more; --json gives all")
    if answer.not_judged:
        print(f"\n{len(answer.not_judged)} not judged, for the history does not hold what it would take:")
        for unknown in answer.not_judged[:_SHOWN]:
            print(f"  {unknown.request_id}, event {unknown.event_id}: {unknown.why}")


def _line(one: Judged) -> str:
    amount = (
        f" {format_money(Money(amount_minor=one.amount_minor, currency=one.currency))}"
        if one.amount_minor is not None and one.currency is not None
        else ""
    )
    return (
        f"{one.request_id}, event {one.event_id}: {one.action} on {one.subject}{amount}\n"
        f"      {one.before} -> {one.after}: {one.why}"
    )

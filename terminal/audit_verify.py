"""`starter.py audit verify` and `audit anchor`: what a stranger types who was given a store."""

import argparse
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from audit_composition import heads_from, keys_from, place_from
from dispatch.audit.anchors import anchor_of
from dispatch.audit.store import Place, index_of
from dispatch.audit.verify import Check, Found, Verified, verify
from dispatch.clients.time_stamps import TimeStamps
from dispatch.models.errors import AuditStoreError, SubmissionError
from dispatch.settings import Settings
from terminal.audit_checks import anchors_of, decisions, replays, stamps_of
from terminal.erasure import erased_from

_SHOWN: Final = 20


async def verify_store(arguments: argparse.Namespace, settings: Settings) -> int:
    """Say whether a store is what was exported; gives 1 where it is not."""
    place = place_from(settings, arguments.store)
    heads = dict.fromkeys(arguments.head, "you")
    remembered = heads_from(settings).remembered(place.name)
    if remembered is not None:
        heads.setdefault(remembered.digest, "this machine, which wrote it")
    checks: list[Check] = [decisions(settings)]
    if not arguments.no_replay:
        checks.append(replays())
    anchors = anchors_of(place)
    verified = await verify(
        place,
        checks=checks,
        fingerprint=arguments.fingerprint,
        heads=heads,
        anchors=anchors,
        key_of=keys_from(settings).find,
        erased=erased_from(place),
    )
    for found in stamps_of(place, anchors, arguments.tsa_ca):
        verified.take(found)
    if not verified.head.seq:
        verified.take(Found("note", 0, "", f"{place.name} holds no record"))
    if arguments.json:
        print(json.dumps(_as_json(place, verified)))
    else:
        _print_verified(place, verified, pinned=arguments.fingerprint is not None)
    return 1 if verified.broken else 0


def _as_json(place: Place, verified: Verified) -> dict[str, Any]:
    return {
        "store": place.name,
        "records": verified.head.seq,
        "head": verified.head.digest,
        "keys": sorted(verified.keys),
        "counts": verified.counts,
        "first_broken": verified.first_broken._asdict() if verified.first_broken else None,
        "broken": [found._asdict() for found in verified.broken],
        "notes": [found._asdict() for found in verified.notes],
    }


def _print_verified(place: Place, verified: Verified, *, pinned: bool) -> None:
    print(f"{place.name}: {verified.head.seq} records, head {verified.head.digest}")
    for what, number in sorted(verified.counts.items()):
        if what not in {"broken", "note"}:
            print(f"  {number:>7} {what} hold")
    for key in sorted(verified.keys):
        print(
            f"  signed with {key}{'' if pinned else '; compare it with what the desk tells you by another way'}"
        )
    for found in verified.notes[:_SHOWN]:
        print(f"  note: {found}")
    if (more := verified.counts.get("note", 0) - _SHOWN) > 0:
        print(f"  and {more} more notes; --json has up to 100")
    if verified.first_broken is None:
        print("whole: nothing was changed, moved or removed since it was exported")
        return
    print(f"BROKEN, first at {verified.first_broken}")
    for found in verified.broken[1:_SHOWN]:
        print(f"  then {found}")
    if (more := verified.counts["broken"] - _SHOWN) > 0:
        print(f"  and {more} more")


async def anchor_head(arguments: argparse.Namespace, settings: Settings) -> int:
    """Write the head down, or keep the answer of a time stamping authority."""
    place = place_from(settings, arguments.store)
    if arguments.token is not None:
        return _keep_token(place, arguments.token)
    head = index_of(place).head
    if not head.seq:
        raise AuditStoreError(f"{place.name} holds no record yet; there is no head to anchor")
    anchor, content = anchor_of(head, datetime.now(UTC))
    if place.read_beside(f"{anchor.name}.json") is None:
        place.write_beside(f"{anchor.name}.json", content)
        place.write_beside(f"{anchor.name}.tsq", TimeStamps().request(head.digest))
    print(f"line {head.seq}, sha256 {head.digest}")
    print(
        f"kept as {anchor.name}.json in {place.name}: send that line to somebody who keeps it, such as an auditor;"
    )
    print(
        f"or have {anchor.name}.tsq stamped (RFC 3161) and keep the answer: starter.py audit anchor --token FILE"
    )
    return 0


def _keep_token(place: Place, token: Path) -> int:
    try:
        answer = token.read_bytes()
    except OSError as error:
        raise SubmissionError(f"{token} cannot be read: {error.strerror}; name the answer's file") from None
    stamps = TimeStamps()
    for anchor in anchors_of(place):
        try:
            at = stamps.time_of(answer, anchor.digest)
        except AuditStoreError:
            continue
        place.write_beside(f"{anchor.name}.tsr", answer)
        print(f"{anchor.name}.tsr: line {anchor.seq} stood so at {at}")
        return 0
    raise AuditStoreError(
        f"{token} is no time stamp of any anchor in {place.name}; see 'starter.py audit anchor'"
    )

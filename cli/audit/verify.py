"""`dispatch audit verify` and `audit anchor`: for people who received a store."""

import argparse
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from cli.audit.checks import anchors_of, decisions, stamps_of
from cli.audit.erasure import erased_from
from dispatch.audit.store import time_stamps
from dispatch.audit.store.anchors import anchor_of
from dispatch.audit.store.backend import StoreBackend
from dispatch.audit.store.export_keys import read_public_key
from dispatch.audit.store.manifest import sha256
from dispatch.audit.store.store import index_of
from dispatch.audit.store.verify import Check, Found, Verified, verify
from dispatch.audit.store_models import KEY_ID_PATTERN, PublicKey
from dispatch.models.errors import AuditStoreError, SubmissionError
from dispatch.models.moments import format_stamp
from runtime.audit.parts import (
    backend_from,
    checkpoints_from,
    export_key_id_from,
    keys_from,
    own_key_from,
    store_from,
)
from runtime.audit.replay import replays
from runtime.settings import Settings

_SHOWN: Final = 20


async def verify_store(arguments: argparse.Namespace, settings: Settings) -> int:
    """Verify a store; returns 0 only if it is as exported and its origin is verified (or need not be)."""
    place = backend_from(settings, arguments.store)
    checkpoints = dict.fromkeys(arguments.head, "you") | _remembered(settings, place)
    _require_lines(settings, place, checkpoints)
    pinned = _key(arguments.key) if arguments.key else own_key_from(settings)
    checks: list[Check] = [decisions(settings)]
    if not arguments.no_replay:
        checks.append(replays())
    anchors = anchors_of(place)
    erased, forged = _erased(place, pinned)
    verified = await verify(
        place,
        checks=checks,
        pinned=pinned,
        checkpoints=checkpoints,
        anchors=anchors,
        key_of=keys_from(settings).find,
        erased=erased,
    )
    if forged is not None:
        verified.take(forged)
    own = None if arguments.key else export_key_id_from(settings)
    if own not in {None, *verified.trusted}:
        text = f"this machine's export key is {own}, and its pinned key does not lead to it: one of the two was exchanged"
        verified.take(Found("broken", 0, "", text))
    for found in stamps_of(place, anchors, arguments.tsa_ca):
        verified.take(found)
    if arguments.json:
        print(json.dumps(_as_json(place, verified)))
    else:
        _print_verified(place, verified)
    if verified.result == "origin not verified" and arguments.allow_unverified_origin:
        return 0
    return 0 if verified.result == "whole" else 1


def _remembered(settings: Settings, place: StoreBackend) -> dict[str, str]:
    """Return the heads that this machine knows of a store, each with its source."""
    memory = checkpoints_from(settings)
    checkpoints = {
        one.lost.digest: f"this machine, which wrote it (its loss was acknowledged by {one.by} at {one.at.isoformat()})"
        for one in memory.acknowledged(place.name)
        if one.lost is not None
    }
    remembered = memory.remembered(place.name)
    if remembered is not None and remembered.seq:
        checkpoints.setdefault(remembered.digest, "this machine, which wrote it")
    return checkpoints


def _require_lines(settings: Settings, place: StoreBackend, checkpoints: Mapping[str, str]) -> None:
    """Raise AuditStoreError if there is nothing to verify: an empty store is not a whole one."""
    if place.has_manifest():
        if checkpoints or next(place.lines(), None) is not None:
            return
        raise AuditStoreError(f"the audit store {place.name} holds no entry yet; there is nothing to verify")
    remembered = checkpoints_from(settings).remembered(place.name)
    had = (
        f", though this machine exported {remembered.seq} entries to it; restore it from a backup"
        if remembered is not None and remembered.seq
        else "; name the folder or the s3://BUCKET/PREFIX that holds the manifest"
    )
    raise AuditStoreError(f"there is no audit store at {place.name}{had}")


def _key(text: str) -> PublicKey:
    """Read a fingerprint, or a file with a public key."""
    if not text.startswith("SHA256:"):
        return read_public_key(Path(text))
    if not re.fullmatch(KEY_ID_PATTERN, text):
        raise SubmissionError(f"{text} is no fingerprint; give SHA256: and 43 characters, or a PEM file")
    return PublicKey(text)


def _erased(place: StoreBackend, pinned: PublicKey | None) -> tuple[dict[str, str], Found | None]:
    try:
        return erased_from(place, pinned), None
    except AuditStoreError as error:
        return {}, Found("broken", 0, "", str(error))


def _as_json(place: StoreBackend, verified: Verified) -> dict[str, Any]:
    return {
        "store": place.name,
        "result": verified.result,
        "origin": verified.origin,
        "known_to": verified.known[0],
        "known_from": verified.known[1] or None,
        "records": verified.head.seq,
        "head": verified.head.digest,
        "keys": sorted(verified.keys),
        "counts": verified.counts,
        "first_broken": verified.first_broken._asdict() if verified.first_broken else None,
        "broken": [found._asdict() for found in verified.broken],
        "notes": [found._asdict() for found in verified.notes],
    }


def _print_verified(place: StoreBackend, verified: Verified) -> None:
    print(f"{place.name}: {verified.head.seq} records, head {verified.head.digest}")
    for what, number in sorted(verified.counts.items()):
        if what not in {"broken", "note"}:
            print(f"  {number:>7} {what} hold")
    for key in sorted(verified.keys):
        print(f"  signed with {key}")
    for found in verified.notes[:_SHOWN]:
        print(f"  note: {found}")
    if (more := verified.counts.get("note", 0) - _SHOWN) > 0:
        print(f"  and {more} more notes; --json has up to 100")
    if verified.first_broken is None:
        print(_verdict(verified))
        return
    print(f"BROKEN, first at {verified.first_broken}")
    for found in verified.broken[1:_SHOWN]:
        print(f"  then {found}")
    if (more := verified.counts["broken"] - _SHOWN) > 0:
        print(f"  and {more} more")


def _verdict(verified: Verified) -> str:
    """Return a text that says what an unbroken chain proves and what it does not."""
    last, (known, source) = verified.head.seq, verified.known
    if verified.origin is None:
        return (
            "ORIGIN NOT VERIFIED: the chain holds together, and anybody who can write to the store could have made it. "
            "Ask the desk for the fingerprint of its export key by another way, and give it with --key"
        )
    if known == last:
        end = f"and entry {last} is the last that {source} knows of"
    else:
        end = "without --head or an anchor kept elsewhere it is unknown whether later entries were cut off"
        if known:
            end = f"entries up to {known} are known from {source}; {end}"
    return (
        f"whole up to entry {last}: nothing was changed, moved or removed since the holder of {verified.origin} exported "
        f"it; {end}"
    )


async def anchor_head(arguments: argparse.Namespace, settings: Settings) -> int:
    """Write the head as an anchor, or store the answer of a time stamping authority."""
    place = backend_from(settings, arguments.store)
    if arguments.token is not None:
        return _keep_token(place, arguments.token)
    if not arguments.store and own_key_from(settings) is not None:
        refusal = store_from(settings, place).refusal()
        if refusal is not None:
            raise AuditStoreError(f"this head is not anchored: {refusal}")
    head = index_of(place).head
    if not head.seq:
        raise AuditStoreError(f"{place.name} holds no record yet; there is no head to anchor")
    anchor, content = anchor_of(head, datetime.now(UTC))
    if place.read_beside(f"{anchor.name}.json") is None:
        place.write_beside(f"{anchor.name}.json", content)
        line = next(
            raw for raw in (raw.rstrip(b"\n") for raw, _ in place.lines()) if sha256(raw) == head.digest
        )
        place.write_beside(f"{anchor.name}.tsq", time_stamps.request_for(line))
    print(f"line {head.seq}, sha256 {head.digest}")
    print(
        f"kept as {anchor.name}.json in {place.name}: send that line to somebody who keeps it, such as an auditor;"
    )
    print(
        f"or have {anchor.name}.tsq stamped (RFC 3161) and keep the answer: dispatch audit anchor --token FILE"
    )
    return 0


def _keep_token(place: StoreBackend, token: Path) -> int:
    try:
        answer = token.read_bytes()
    except OSError as error:
        raise SubmissionError(f"{token} cannot be read: {error.strerror}; name the answer's file") from None
    for anchor in anchors_of(place):
        try:
            at = time_stamps.time_of(answer, anchor.digest)
        except AuditStoreError:
            continue
        place.write_beside(f"{anchor.name}.tsr", answer)
        print(f"{anchor.name}.tsr: line {anchor.seq} stood so at {format_stamp(at)}")
        return 0
    raise AuditStoreError(
        f"{token} is no time stamp of any anchor in {place.name}; see 'dispatch audit anchor'"
    )

"""Checks whether a store is what was exported: offline, from the store alone, by anybody.

The chain is walked once, and memory holds one history at a time. What needs more than this room may import (the keys of
approvers, the workflows to replay) is passed in as a check.
"""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple

from dispatch.audit.store.anchors import ANCHORS, Anchor
from dispatch.audit.store.backend import StoreBackend
from dispatch.audit.store.crypto_shredding import KeyOf, no_keys, opened
from dispatch.audit.store.document import Document, NotClosedError, entry_of, from_bytes
from dispatch.audit.store.key_chain import KeyChain, key_chain_of, keys_beside
from dispatch.audit.store.manifest import EMPTY, Entry, read_line, sha256
from dispatch.audit.store_models import Head, ManifestLine, PublicKey

MOST_KEPT: Final = 100
"""Findings kept of each kind; all are counted."""


class Found(NamedTuple):
    """What one look at a record came to; `line` 0 is the store as a whole."""

    kind: Literal["broken", "note", "checked"]
    line: int
    about: str
    what: str

    def __str__(self) -> str:
        where = f"line {self.line}" if self.line else "the store"
        return f"{where}{f' ({self.about})' if self.about else ''}: {self.what}"


Result = Literal["whole", "origin not verified", "broken"]
Check = Callable[[ManifestLine, Document], Awaitable[Sequence[Found]]]


@dataclass
class Verified:
    """What came of it: `broken` in the order of the chain, the first one first.

    `keys` signed its lines, `trusted` are those that were due to. `origin` is the key known from outside the store that everything depends on; without it, anybody may have made the
    chain. `known` is the last line that is known from outside the store to have been there, and from where: lines that
    came after it may have been cut off.
    """

    head: Head = EMPTY
    origin: str | None = None
    known: tuple[int, str] = (0, "")
    keys: set[str] = field(default_factory=set)
    trusted: tuple[str, ...] = ()
    broken: list[Found] = field(default_factory=list)
    notes: list[Found] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)

    @property
    def result(self) -> Result:
        if self.broken:
            return "broken"
        return "origin not verified" if self.origin is None else "whole"

    @property
    def first_broken(self) -> Found | None:
        return self.broken[0] if self.broken else None

    def take(self, found: Found) -> None:
        """Keep a finding, or count it where there are many."""
        if found.kind == "checked":
            self._count(found.what)
            return
        self._count(found.kind)
        kept = self.broken if found.kind == "broken" else self.notes
        if len(kept) < MOST_KEPT:
            kept.append(found)

    def _count(self, what: str) -> None:
        self.counts[what] = self.counts.get(what, 0) + 1


async def verify(
    place: StoreBackend,
    *,
    checks: Sequence[Check] = (),
    pinned: PublicKey | None = None,
    checkpoints: Mapping[str, str] | None = None,
    anchors: Sequence[Anchor] = (),
    key_of: KeyOf = no_keys,
    erased: Mapping[str, str] | None = None,
) -> Verified:
    """Walk the whole chain.

    `pinned` is an export key known from outside the store. Without it the key of the first line is taken, and the origin
    is not verified: anyone who can write to the store can put a key there. `heads` are digests that
    the chain must go through, with where each is known from; `anchors` are the heads that were bound to a moment. `key_of` opens
    sealed histories; `erased` says of a request when its key was destroyed.
    """
    keys = key_chain_of(place, pinned or _first_key(place))
    verified = Verified(origin=pinned and pinned.key_id, trusted=keys.key_ids)
    walk = _Walk(place, keys, key_of, erased or {})
    known = _Known(checkpoints or {}, anchors, keys)
    for found in _key_problems(place, keys):
        verified.take(found)
    for raw, position in place.lines():
        for found in (*walk.line(position.seq, raw), *known.met(walk.head)):
            verified.take(found)
        if walk.document is not None and walk.read is not None:
            for check in checks:
                for found in await check(walk.read, walk.document):
                    verified.take(found)
    for found in known.not_met(walk.head):
        verified.take(found)
    verified.head, verified.keys, verified.known = walk.head, walk.used, known.last
    return verified


def _first_key(place: StoreBackend) -> PublicKey:
    """Return the key that signed the first line, as that line names it: nobody vouches for it."""
    for raw, _ in place.lines():
        try:
            return PublicKey(read_line(raw.removesuffix(b"\n")).key_id)
        except ValueError:
            break
    return PublicKey("unknown")


def _key_problems(place: StoreBackend, keys: KeyChain) -> Iterator[Found]:
    for name, what in keys.problems:
        yield Found("broken", 0, name, what)
    for name, key in keys_beside(place):
        if isinstance(key, str):
            yield Found("broken", 0, name, key)


class _Known:
    """Heads that are known from elsewhere; the chain must go through each.

    Anchors and rotations lie beside the chain: they speak against a change of what came before, and who cuts the chain
    can remove them with it. So only `heads` make known how far it went.
    """

    def __init__(self, checkpoints: Mapping[str, str], anchors: Sequence[Anchor], keys: KeyChain) -> None:
        self.last = (0, "")
        self._heads = dict(checkpoints)
        self._anchors: dict[int, list[Anchor]] = {}
        rotations = (Anchor(one.name, *one.after, one.at) for one in keys.rotations if one.after != EMPTY)
        for anchor in (*anchors, *rotations):
            self._anchors.setdefault(anchor.seq, []).append(anchor)

    def met(self, head: Head) -> Iterator[Found]:
        if source := self._heads.pop(head.digest, None):
            self.last = (head.seq, source)
            yield Found("checked", head.seq, "", "known heads in the chain")
        for anchor in self._anchors.pop(head.seq, []):
            if anchor.digest == head.digest:
                what = "anchors" if anchor.name.startswith(ANCHORS) else "key rotations"
                yield Found("checked", head.seq, "", f"{what} in the chain")
            else:
                yield Found("broken", head.seq, "", f"it is not the line that {anchor.name} was made of")

    def not_met(self, head: Head) -> Iterator[Found]:
        for digest, source in self._heads.items():
            text = f"the head {digest[:16]} known from {source} is not in the chain: it was cut short or rewritten"
            yield Found("broken", 0, "", text)
        for anchor in (one for several in self._anchors.values() for one in several):
            text = (
                f"{anchor.name} is of line {anchor.seq}, and the chain ends at {head.seq}: it was cut short"
            )
            yield Found("broken", 0, "", text)


class _Walk:
    """Checks each line against the one before it, its signature and its object."""

    def __init__(self, place: StoreBackend, keys: KeyChain, key_of: KeyOf, erased: Mapping[str, str]) -> None:
        self._place, self._keys, self._key_of, self._erased = place, keys, key_of, erased
        self._runs: set[str] = set()
        self.used: set[str] = set()
        self.head = EMPTY
        self.read: ManifestLine | None = None
        self.document: Document | None = None

    def line(self, number: int, raw: bytes) -> Iterator[Found]:
        """Look at one line and its object; `read` and `document` are set where they can be relied on."""
        self.read = self.document = None
        body, before = raw.removesuffix(b"\n"), self.head
        if body == raw:
            # An export may have been killed here; it may also be that somebody cut the file.
            yield Found(
                "broken", number, "", "it is torn; if an export was interrupted, the next one mends it"
            )
            return
        self.head = Head(number, sha256(body))
        try:
            line = read_line(body)
        except ValueError as error:
            yield Found("broken", number, "", f"it was changed: {error}")
            return
        broken = [Found("broken", number, line.request_id, what) for what in self._chain(line, before)]
        yield from broken
        if not broken:
            # A line that somebody else wrote exports nothing: the desk's own of the same runs comes after it.
            self._runs.update(line.run_ids)
        data = self._place.get(line.digest)
        problem = self._object(line, data)
        if problem is not None:
            yield Found("broken", number, line.request_id, problem)
        elif not broken:
            self.read = line
            yield Found("checked", number, line.request_id, "records")
            yield from self._sealed(line)

    def _sealed(self, line: ManifestLine) -> Iterator[Found]:
        if self.document is not None and self.document.is_sealed:
            self.document = None
            at = self._erased.get(line.request_id)
            text = f"erased at {at}" if at else "sealed, and its key is not here"
            yield Found("note", line.seq, line.request_id, f"{text}: neither replayed nor looked into")

    def _chain(self, line: ManifestLine, before: Head) -> Iterator[str]:
        if line.seq != before.seq + 1:
            yield f"it says that it is line {line.seq}: lines were moved or removed"
        if line.previous != before.digest:
            yield "it does not follow the line before it: one of the two was changed, moved or removed"
        self.used.add(line.key_id)
        problem = self._keys.problem_of(line, before.seq + 1)
        if problem is not None:
            yield problem
        if self._runs.issuperset(line.run_ids):
            yield "all its runs are exported by an earlier line"

    def _object(self, line: ManifestLine, data: bytes | None) -> str | None:
        if data is None:
            return f"its history {line.digest} is not in the store"
        if sha256(data) != line.digest:
            return f"its history {line.digest} was changed or exchanged: the bytes there have another digest"
        try:
            document = opened(from_bytes(data), self._key_of)
            entry = entry_of(document, data)
        except NotClosedError as error:
            return str(error)
        except (ValueError, KeyError, IndexError) as error:
            return f"its history cannot be read: {error}"
        said = Entry(**{name: getattr(line, name) for name in Entry._fields})
        wrong = [
            name
            for name, there, here in zip(Entry._fields, said, entry, strict=True)
            # How a request ended stands in a payload: without its key, history cannot tell.
            if there != here and not (document.is_sealed and name == "ending")
        ]
        if wrong:
            return f"the line says otherwise than its history: {', '.join(wrong)}"
        self.document = document
        return None

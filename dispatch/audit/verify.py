"""Tells whether a store is what was exported: offline, from the store alone, by anybody.

The chain is walked once, and memory holds one history at a time. What needs more than this room may import (the keys of
approvers, the workflows to replay) is passed in as a check.
"""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple

from dispatch.audit.anchors import Anchor
from dispatch.audit.document import Document, NotClosedError, entry_of, from_bytes
from dispatch.audit.manifest import (
    EMPTY,
    KEYS,
    Entry,
    is_signed_by,
    key_from_pem,
    key_id_of,
    read_line,
    sha256,
)
from dispatch.audit.sealing import KeyOf, no_keys, opened
from dispatch.audit.store import Place
from dispatch.models.audit_store import Head, ManifestLine

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


Check = Callable[[ManifestLine, Document], Awaitable[Sequence[Found]]]


@dataclass
class Verified:
    """What came of it: `broken` in the order of the chain, the first one first."""

    head: Head = EMPTY
    keys: set[str] = field(default_factory=set)
    broken: list[Found] = field(default_factory=list)
    notes: list[Found] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)

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
    place: Place,
    *,
    checks: Sequence[Check] = (),
    fingerprint: str | None = None,
    heads: Mapping[str, str] | None = None,
    anchors: Sequence[Anchor] = (),
    key_of: KeyOf = no_keys,
    erased: Mapping[str, str] | None = None,
) -> Verified:
    """Walk the whole chain.

    `fingerprint` pins the export key: without it, the keys that lie in the store are believed. `heads` are digests that
    the chain must go through, with where each is known from; `anchors` are the heads that were bound to a moment. `key_of` opens
    sealed histories; `erased` says of a request when its key was destroyed.
    """
    verified, walk = Verified(), _Walk(place, fingerprint, key_of, erased or {})
    known = _Known(heads or {}, anchors)
    for found in walk.key_problems:
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
    verified.head, verified.keys = walk.head, walk.used
    return verified


class _Known:
    """Heads that are known from elsewhere; the chain must go through each."""

    def __init__(self, heads: Mapping[str, str], anchors: Sequence[Anchor]) -> None:
        self._heads = dict(heads)
        self._anchors: dict[int, list[Anchor]] = {}
        for anchor in anchors:
            self._anchors.setdefault(anchor.seq, []).append(anchor)

    def met(self, head: Head) -> Iterator[Found]:
        if self._heads.pop(head.digest, None):
            yield Found("checked", head.seq, "", "known heads in the chain")
        for anchor in self._anchors.pop(head.seq, []):
            if anchor.digest == head.digest:
                yield Found("checked", head.seq, "", "anchors in the chain")
            else:
                yield Found("broken", head.seq, "", f"it is not the line that {anchor.name} was made of")

    def not_met(self, head: Head) -> Iterator[Found]:
        for digest, source in self._heads.items():
            text = f"the head {digest[:16]} known from {source} is not in the chain: it was cut short or written anew"
            yield Found("broken", 0, "", text)
        for anchor in (one for several in self._anchors.values() for one in several):
            text = (
                f"{anchor.name} is of line {anchor.seq}, and the chain ends at {head.seq}: it was cut short"
            )
            yield Found("broken", 0, "", text)


class _Walk:
    """Holds each line against the one before it, its signature and its object."""

    def __init__(
        self, place: Place, fingerprint: str | None, key_of: KeyOf, erased: Mapping[str, str]
    ) -> None:
        self._place, self._fingerprint, self._key_of, self._erased = place, fingerprint, key_of, erased
        self.key_problems: list[Found] = []
        self._keys = dict(self._public_keys())
        self._runs: set[str] = set()
        self.used: set[str] = set()
        self.head = EMPTY
        self.read: ManifestLine | None = None
        self.document: Document | None = None

    def _public_keys(self) -> Iterator[tuple[str, bytes]]:
        for name in self._place.names_beside(KEYS):
            try:
                key = key_from_pem(self._place.read_beside(name) or b"")
            except ValueError as error:
                self.key_problems.append(Found("broken", 0, name, f"it is no public key: {error}"))
            else:
                yield key_id_of(key), key

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
        key = self._keys.get(line.key_id)
        self.used.add(line.key_id)
        if self._fingerprint is not None and line.key_id != self._fingerprint:
            yield f"it is signed with {line.key_id}, not with {self._fingerprint}"
        elif key is None:
            yield f"the public key {line.key_id} is not beside the chain"
        elif not is_signed_by(line, key):
            yield "its signature does not fit: it was changed"
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

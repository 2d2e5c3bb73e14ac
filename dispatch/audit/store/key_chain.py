"""Which export key signs which part of the chain, beginning with one that is known from outside the store.

A key is followed by another only where a rotation record beside the chain says so. Both keys sign it: the old one vouches
for the new one, and the new one for the head of the chain that the old one left. So any one of the keys is enough to
verify every line.
"""

import base64
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from dispatch.audit.store.backend import StoreBackend
from dispatch.audit.store.manifest import (
    KEYS,
    Signer,
    is_signed_by,
    key_file,
    key_from_pem,
    key_id_of,
)
from dispatch.audit.store_models import Head, ManifestLine, PublicKey
from dispatch.models.canonical import canonical_bytes as canonical
from dispatch.models.contract import Moment

ROTATIONS: Final = "rotations"
_SIGNED_PREFIX: Final = b"dispatch-desk key rotation v1\n"
_FORMAT: Final = "dispatch-desk key rotation 1"


class Rotation(NamedTuple):
    """The change from one export key to the next, which signs every line after `after`."""

    name: str
    old_key: bytes
    new_key: bytes
    after: Head
    at: str

    @property
    def old(self) -> str:
        return key_id_of(self.old_key)

    @property
    def new(self) -> str:
        return key_id_of(self.new_key)


class Period(NamedTuple):
    """The part of the chain after line `after` that one key signs."""

    after: int
    key_id: str


def write_rotation(old: Signer, new: Signer, after: Head, at: Moment) -> tuple[str, bytes]:
    """Return the name beside the chain and the bytes of a rotation, signed by both keys."""
    said: dict[str, Any] = {
        "format": _FORMAT,
        "old_key": base64.b64encode(old.public_key).decode(),
        "new_key": base64.b64encode(new.public_key).decode(),
        "line": after.seq,
        "sha256": after.digest,
        "at": at.isoformat(),
    }
    signed = _SIGNED_PREFIX + canonical(said)
    signatures = {
        "old_signature": base64.b64encode(old.sign(signed)).decode(),
        "new_signature": base64.b64encode(new.sign(signed)).decode(),
    }
    short = key_file(new.key_id).removeprefix(f"{KEYS}/").removesuffix(".pub")[:12]
    return f"{ROTATIONS}/{after.seq:010d}-{short}.json", canonical(said | signatures) + b"\n"


def read_rotation(name: str, data: bytes) -> Rotation:
    """Read a rotation and verify both of its signatures; raises ValueError."""
    try:
        said = json.loads(data)
        signatures = [base64.b64decode(said.pop(which)) for which in ("old_signature", "new_signature")]
        old, new = (base64.b64decode(said[which]) for which in ("old_key", "new_key"))
        for key, signature in zip((old, new), signatures, strict=True):
            Ed25519PublicKey.from_public_bytes(key).verify(signature, _SIGNED_PREFIX + canonical(said))
        if said["format"] != _FORMAT:
            raise ValueError(f"its format is {said['format']}")  # noqa: TRY301 (told as every other)
        return Rotation(name, old, new, Head(int(said["line"]), str(said["sha256"])), str(said["at"]))
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise ValueError(f"it is no key rotation ({error})") from None
    except InvalidSignature:
        raise ValueError("it is not signed by both keys: it was changed, or is not the desk's") from None


class KeyChain:
    """The export keys in the order in which they signed, as far as rotations link them to `begin`."""

    def __init__(self, begin: PublicKey, beside: Mapping[str, bytes], rotations: Sequence[Rotation]) -> None:
        self.begin = begin.key_id
        self.rotations: list[Rotation] = []
        self.problems: list[tuple[str, str]] = []
        self._raw = dict(beside)
        if begin.raw is not None:
            self._raw[begin.key_id] = begin.raw
        self._link(rotations)
        for rotation in self.rotations:
            self._raw |= {rotation.old: rotation.old_key, rotation.new: rotation.new_key}
        first = self.rotations[0].old if self.rotations else self.begin
        self.periods = [Period(0, first), *(Period(one.after.seq, one.new) for one in self.rotations)]

    def _link(self, rotations: Sequence[Rotation]) -> None:
        left = list(rotations)
        while (following := self._one(left, old=self._end)) is not None:
            self.rotations.append(following)
            left.remove(following)
        while (preceding := self._one(left, new=self._start)) is not None:
            self.rotations.insert(0, preceding)
            left.remove(preceding)
        self.problems += [(one.name, f"it does not follow from the key {self.begin}") for one in left]
        for one, other in zip(self.rotations, self.rotations[1:], strict=False):
            if other.after.seq < one.after.seq:
                self.problems.append((other.name, f"it is of an earlier line than {one.name}"))

    @property
    def _end(self) -> str:
        return self.rotations[-1].new if self.rotations else self.begin

    @property
    def _start(self) -> str:
        return self.rotations[0].old if self.rotations else self.begin

    def _one(self, left: Sequence[Rotation], *, old: str = "", new: str = "") -> Rotation | None:
        """Return the one rotation from or to a key; two of them leave open which is right, and none is taken."""
        found = [one for one in left if old in ("", one.old) and new in ("", one.new)]
        if len(found) > 1:
            self.problems.append(
                (found[1].name, f"the key {old or new} is changed twice, see {found[0].name}")
            )
        return found[0] if len(found) == 1 else None

    @property
    def key_ids(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(period.key_id for period in self.periods))

    def key_id_at(self, seq: int) -> str:
        """Return the fingerprint of the key that signs line `seq`."""
        return next(period.key_id for period in reversed(self.periods) if period.after < seq)

    def raw(self, key_id: str) -> bytes | None:
        """Return a key of the chain; None where it is no such key, or only its fingerprint is known."""
        return self._raw.get(key_id) if key_id in self.key_ids else None

    def problem_of(self, line: ManifestLine, seq: int) -> str | None:
        """Return what is wrong with the signature of the line at `seq`; None where it holds."""
        expected = self.key_id_at(seq)
        if line.key_id != expected:
            return (
                f"it is signed with {line.key_id}, not with {expected}, and no rotation signed by {expected} says that "
                "the key was changed"
            )
        key = self.raw(expected)
        if key is None:
            return f"the public key {expected} is not beside the chain"
        return None if is_signed_by(line, key) else "its signature does not fit: it was changed"


def keys_beside(place: StoreBackend) -> Iterator[tuple[str, bytes | str]]:
    """Yield each file of `keys/` with the key that it holds, or with what is wrong with it."""
    for name in place.names_beside(KEYS):
        try:
            key = key_from_pem(place.read_beside(name) or b"")
        except ValueError as error:
            yield name, f"it is no public key: {error}"
        else:
            yield name, key if key_file(key_id_of(key)) == name else "it holds another key than its name says"


def rotations_beside(place: StoreBackend) -> Iterator[Rotation | tuple[str, str]]:
    """Yield each rotation beside the chain, or its name and what is wrong with it."""
    for name in place.names_beside(ROTATIONS):
        try:
            yield read_rotation(name, place.read_beside(name) or b"")
        except ValueError as error:
            yield name, str(error)


def key_chain_of(place: StoreBackend, begin: PublicKey) -> KeyChain:
    """Read the keys of a store's chain; only `begin` is trusted, and what it leads to."""
    # Where the key itself is known, rotations hold all the others, and nothing is read in vain.
    named = keys_beside(place) if begin.raw is None else ()
    beside = {key_id_of(key): key for _, key in named if isinstance(key, bytes)}
    read = list(rotations_beside(place))
    chain = KeyChain(begin, beside, [one for one in read if isinstance(one, Rotation)])
    chain.problems += [one for one in read if not isinstance(one, Rotation)]
    return chain

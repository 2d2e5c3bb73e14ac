"""The demo's people: the approvers of the embedded desk, created at its first start if there is no approvers file.

Their keys are real and stored as usual (dispatch/storage/private_keys.py), but their passphrase is in this file, so
that the person who runs the demo can sign as any of them. An existing approvers file is never changed.
"""

from collections.abc import Mapping
from functools import cache
from typing import Final, NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import JsonValue

from devstack.script import Sign
from dispatch.approval.authority import person_named
from dispatch.approval.signing import sign
from dispatch.models.errors import DevStackError
from dispatch.models.people.approvers import Approver, Approvers
from dispatch.storage.approvers_file import ApproversFile
from dispatch.storage.private_keys import KeyStore
from runtime.settings import Settings

DEMO_PASSPHRASE: Final = "only for the demo"  # noqa: S105 - it is public on purpose
"""The passphrase of every key made here; a real desk's keys are made with `dispatch keys new`, each with its own."""


class _Person(NamedTuple):
    name: str
    full_name: str
    role: str
    signs: bool = True


_PEOPLE: Final = (
    _Person("ana", "Ana Torres", "refunds"),
    _Person("ben", "Ben Adeyemi", "refunds-lead"),
    _Person("cleo", "Cleo Marchetti", "support-lead"),
    _Person("dan", "Dan Sørli", "head-of-support"),
    _Person("rita", "Rita Nováková", "reception", signs=False),
    _Person("sam", "Sam Whitlock", "service-desk", signs=False),
    _Person("iris", "Iris Halloran", "it-lead"),
    _Person("marco", "Marco Rossi", "it-budget"),
    _Person("henrike", "Henrike Lind", "finance-systems", signs=False),
    _Person("pauline", "Pauline Dubois", "sales-systems", signs=False),
    _Person("niels", "Niels Achterberg", "engineering-systems", signs=False),
    _Person("yui", "Yui Watanabe", "design-systems", signs=False),
    _Person("nora", "Nora Feldmann", "web-editor", signs=False),
    _Person("oskar", "Oskar Lindqvist", "web-lead"),
    _Person("bea", "Bea Lindholm", "brand", signs=False),
    _Person("mika", "Mika Oyelaran", "marketing-lead"),
    _Person("leo", "Leo Castellan", "legal"),
)


def make_people(settings: Settings) -> str | None:
    """Write the demo's people and their keys, and return a description; None if there is already a file or any key.

    Raises KeysError if a key cannot be stored.
    """
    file, keys = ApproversFile(settings.approvers_path), KeyStore(settings.keys_path)
    if file.path.exists() or file.keys.look():
        return None
    file.write(Approvers(approvers=tuple(_made(person, keys) for person in _PEOPLE)))
    who = ", ".join(f"{person.name} ({person.role})" for person in _PEOPLE)
    return (
        f"people for the demo: {who}, in {file.path}; their private keys are in {keys.folder}, each with the passphrase "
        f"'{DEMO_PASSPHRASE}', which everybody can read here and which is for the demo alone"
    )


def demo_signer(settings: Settings) -> Sign:
    """Return a function that signs as any person of the approvers file whose key has the demo's passphrase.

    It raises DevStackError if the person has no such key, KeysError if the key has another passphrase.
    """
    file, keys = ApproversFile(settings.approvers_path), KeyStore(settings.keys_path)

    @cache
    def key_of(name: str) -> Ed25519PrivateKey:
        person = person_named(file.read(), name)
        held = [key for key in person.keys if keys.has(name, key.key_id)] if person else []
        if not held:
            raise DevStackError(
                f"{name} has no key in {file.keys.folder} whose private half is in {keys.folder}; "
                f"move both away with {file.path}, and the demo makes people of its own"
            )
        return keys.load(name, held[-1].key_id, DEMO_PASSPHRASE)

    def signed(name: str, decision: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
        return sign(key_of(name), decision)

    return signed


def _made(person: _Person, keys: KeyStore) -> Approver:
    return Approver(
        name=person.name,
        full_name=person.full_name,
        roles=(person.role,),
        addresses=(f"{person.name}@desk.example",),
        keys=(keys.create(person.name, DEMO_PASSPHRASE),) if person.signs else (),
    )

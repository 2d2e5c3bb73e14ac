"""Who may decide what at a moment: roles held, handed on and stood in for, keys that count, and requests of one's own."""

import unicodedata
from collections.abc import Iterator
from datetime import datetime

from dispatch.models.moments import format_stamp
from dispatch.models.people.approvers import Approver, ApproverKey, Approvers


def person_named(approvers: Approvers, name: str) -> Approver | None:
    """Return the person of that name, None where the file knows nobody of that name."""
    return next((person for person in approvers.approvers if person.name == name), None)


def holders_of(approvers: Approvers, role: str) -> tuple[str, ...]:
    """Return the names of those who hold a role themselves, in the order of the file; empty where it is none there."""
    return tuple(person.name for person in approvers.approvers if role in person.roles)


def authority_of(
    approvers: Approvers, person: Approver, allowed: tuple[str, ...], at: datetime
) -> str | None:
    """Return by what a person is one of `allowed` (people or roles) at `at`; None if they are not.

    Such as 'in person', 'as refunds-lead', 'as refunds-lead, delegated by ben', 'as refunds-lead, deputy of ben'.
    """
    return next((how for name, how in _standings(approvers, person, at) if name in allowed), None)


def may_decide(approvers: Approvers, person: Approver, allowed: tuple[str, ...], at: datetime) -> bool:
    """Check whether a person is one of `allowed` (people or roles) at `at`, by any way there is."""
    return authority_of(approvers, person, allowed, at) is not None


def stands_for(approvers: Approvers, person: Approver, at: datetime) -> Iterator[str]:
    """Return every name and role that a person decides for at `at`.

    Their own; the roles that somebody who holds them has delegated to them; those, and the name, of somebody absent
    whose deputy they are. Nothing is handed on twice: a delegate's delegate and a deputy's deputy hold nothing.
    """
    yield from (name for name, _ in _standings(approvers, person, at))


def _standings(approvers: Approvers, person: Approver, at: datetime) -> Iterator[tuple[str, str]]:
    yield person.name, "in person"
    yield from ((role, f"as {role}") for role in person.roles)
    for other in approvers.approvers:
        for delegation in other.delegations:
            if delegation.to == person.name and delegation.begins_at <= at < delegation.ends_at:
                held = (role for role in delegation.roles if role in other.roles)
                yield from ((role, f"as {role}, delegated by {other.name}") for role in held)
        absent = any(absence.begins_at <= at < absence.ends_at for absence in other.absences)
        if other.deputy == person.name and absent:
            yield other.name, f"deputy of {other.name}"
            yield from ((role, f"as {role}, deputy of {other.name}") for role in other.roles)


def people_for(approvers: Approvers, allowed: tuple[str, ...], at: datetime) -> tuple[Approver, ...]:
    """Return everybody who is one of `allowed` at `at`, in the order of the file."""
    return tuple(person for person in approvers.approvers if may_decide(approvers, person, allowed, at))


def is_own(person: Approver, requester: str) -> bool:
    """Check whether a request from this address is a person's own: one of their addresses, or an alias of one."""
    return bool(requester) and plain_address(requester) in {
        plain_address(address) for address in person.addresses
    }


def plain_address(address: str) -> str:
    """Return the one spelling of an address, for telling whether two are one person's.

    Compatibility forms, case, invisible characters, quotes around the mailbox, what follows a plus in it, and the two
    ways to write an international host are levelled. It says 'the same' too often rather than too seldom.
    """
    visible = "".join(c for c in unicodedata.normalize("NFKC", address) if unicodedata.category(c) != "Cf")
    mailbox, _, host = visible.strip().casefold().rpartition("@")
    own = mailbox.strip('"').split("+", 1)[0]
    return f"{own}@{_plain_host(host)}"


def _plain_host(host: str) -> str:
    name = host.rstrip(".")
    try:
        return name.encode("idna").decode("ascii")
    except UnicodeError:
        return name


def key_in(approvers: Approvers, key_id: str | None) -> tuple[Approver, ApproverKey] | None:
    """Return a key by its fingerprint, with the person whose it is."""
    found = ((person, key) for person in approvers.approvers for key in person.keys)
    return next((pair for pair in found if pair[1].key_id == key_id), None)


def key_problem(key: ApproverKey, at: datetime) -> str | None:
    """Return why a key does not count at `at`; None if it does."""
    if key.revoked_at is not None and key.revoked_at <= at:
        return f"key {key.key_id} was revoked at {format_stamp(key.revoked_at)}"
    if key.expires_at is not None and key.expires_at <= at:
        return f"key {key.key_id} expired at {format_stamp(key.expires_at)}"
    return None


def live_keys(person: Approver, at: datetime) -> tuple[ApproverKey, ...]:
    """Return the keys that a person can sign with at `at`, newest first."""
    live = [key for key in person.keys if key_problem(key, at) is None]
    return tuple(sorted(live, key=lambda key: key.created_at, reverse=True))


def file_problems(approvers: Approvers) -> Iterator[tuple[str, str, str]]:
    """Return what does not hold between the parts of an approvers file: the place, the problem and the remedy."""
    names = {person.name for person in approvers.approvers}
    for number, person in enumerate(approvers.approvers):
        path = f"approvers[{number}]"
        for role in names.intersection(person.roles):
            yield f"{path}.roles", f"{role!r} is the name of a person", "Give the role another name."
        yield from _handed_on(path, person, names - {person.name})


def _handed_on(path: str, person: Approver, others: set[str]) -> Iterator[tuple[str, str, str]]:
    if person.deputy is not None and person.deputy not in others:
        yield f"{path}.deputy", f"{person.deputy!r} is nobody else in the file", "Name another person."
    for index, delegation in enumerate(person.delegations):
        where = f"{path}.delegations[{index}]"
        if delegation.to not in others:
            yield f"{where}.to", f"{delegation.to!r} is nobody else in the file", "Name another person."
        for role in set(delegation.roles).difference(person.roles):
            yield f"{where}.roles", f"{person.name} does not hold {role!r}", "Remove it."

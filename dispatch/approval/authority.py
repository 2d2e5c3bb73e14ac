"""Who may decide what at a moment: roles, delegations, deputies, valid keys, and a person's own requests."""

import unicodedata
from collections.abc import Iterator
from datetime import datetime

from dispatch.models.moments import format_stamp
from dispatch.models.people.approvers import Approver, ApproverKey, Approvers


def person_named(approvers: Approvers, name: str) -> Approver | None:
    """Return the person of that name, or None."""
    return next((person for person in approvers.approvers if person.name == name), None)


def holders_of(approvers: Approvers, role: str) -> tuple[str, ...]:
    """Return the names of those who hold a role themselves, in the order of the file; empty if it is no role."""
    return tuple(person.name for person in approvers.approvers if role in person.roles)


def authority_of(
    approvers: Approvers, person: Approver, allowed: tuple[str, ...], at: datetime
) -> str | None:
    """Return in which capacity a person is one of `allowed` (people or roles) at `at`; None if they are not.

    Such as 'in person', 'as refunds-lead', 'as refunds-lead, delegated by ben', 'as refunds-lead, deputy of ben'.
    """
    return next((how for name, how in _standings(approvers, person, at) if name in allowed), None)


def may_decide(approvers: Approvers, person: Approver, allowed: tuple[str, ...], at: datetime) -> bool:
    """Check whether a person is one of `allowed` (people or roles) at `at`, in any capacity."""
    return authority_of(approvers, person, allowed, at) is not None


def stands_for(approvers: Approvers, person: Approver, at: datetime) -> Iterator[str]:
    """Return every name and role that a person decides for at `at`.

    These are their own name and roles; roles that a holder has delegated to them; the name and roles of an absent person
    whose deputy they are. Delegation is not transitive: a delegate's delegate and a deputy's deputy get nothing.
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
    """Return the normalised spelling of an address, for comparing whether two belong to one person.

    Compatibility forms, case, invisible characters, quotes around the mailbox, what follows a plus in it, and the two
    ways to write an international host are normalised. It reports 'the same' too often rather than too seldom.
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
    """Return a key by its fingerprint, with its owner."""
    found = ((person, key) for person in approvers.approvers for key in person.keys)
    return next((pair for pair in found if pair[1].key_id == key_id), None)


def key_problem(key: ApproverKey, at: datetime) -> str | None:
    """Return why a key is invalid at `at`; None if it is valid."""
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
    """Return the inconsistencies of an approvers file: the place, the problem and the remedy."""
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

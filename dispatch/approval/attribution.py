"""Checks a decision's or extension's author: the right to make it, and the signature."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from dispatch.approval.authority import (
    authority_of,
    holders_of,
    is_own,
    key_in,
    key_problem,
    people_for,
    person_named,
)
from dispatch.approval.signing import Signable, verify
from dispatch.models.people.approvers import Approvers
from dispatch.models.people.decision import Decision
from dispatch.models.work.approval_policy import ApprovalPolicy


class Allowed(NamedTuple):
    """Who may decide at a gate: people or roles, never the requester, by a role's own name only with `role_names`."""

    names: tuple[str, ...]
    requester: str
    role_names: bool


def not_theirs(
    said: Signable,
    allowed: Allowed,
    moments: tuple[datetime, ...],
    approvers: Approvers,
    approval: ApprovalPolicy,
) -> str | None:
    """Return why the approver may not decide this, at one of some moments."""
    person = person_named(approvers, said.approver)
    if person is None:
        if said.approver not in allowed.names:
            return f"{said.approver} may not decide here; {_who_may(said, allowed, moments, approvers)}"
        if allowed.role_names and not approval.needs_listed_people:
            return None
        held = ", ".join(holders_of(approvers, said.approver))
        remedy = f"decide as one of those who hold it: {held}" if held else "nobody there holds it"
        return f"{said.approver} is no person of the approvers file, and a person decides here; {remedy}"
    if any(authority_of(approvers, person, allowed.names, at) is None for at in moments):
        return f"{said.approver} may not decide here; {_who_may(said, allowed, moments, approvers)}"
    if is_own(person, allowed.requester):
        return f"{said.approver} may not decide on a request of their own"
    return None


def _who_may(said: Signable, allowed: Allowed, moments: Iterable[datetime], approvers: Approvers) -> str:
    """Return the names of those who may decide, as people if the file has any, without the one who just tried."""
    people = [p.name for at in moments for p in people_for(approvers, allowed.names, at)]
    names = [name for name in dict.fromkeys(people or allowed.names) if name != said.approver]
    return f"may: {', '.join(names)}" if names else "nobody else may"


def how_theirs(said: Signable, allowed: Allowed, at: datetime, approvers: Approvers) -> str:
    """Return the approver's capacity with a leading space, such as ' as refunds-lead, delegated by ben'; '' if unknown."""
    person = person_named(approvers, said.approver)
    how = authority_of(approvers, person, allowed.names, at) if person is not None else None
    if person is None and (holders := holders_of(approvers, said.approver)):
        how = f"as a plain name: no limit and no own request is checked; the role is held by {', '.join(holders)}"
    return f" {how}" if how else ""


def unsigned(said: Signable, approval: ApprovalPolicy, at: datetime, approvers: Approvers) -> str | None:
    """Return why a required or voluntary signature is invalid.

    If none is required, a signature with an unknown key proves nothing and is accepted.
    """
    due = approval.signed
    if said.signature is None:
        asked = "decision" if isinstance(said, Decision) else "extension"
        return f"unsigned: this asks for a signed {asked}" if due else None
    found = key_in(approvers, said.key_id)
    if found is None:
        return f"unknown key: {said.key_id or 'none is named'}" if due else None
    person, key = found
    if person.name != said.approver:
        return f"key {key.key_id} is {person.name}'s, not {said.approver}'s"
    if (why := key_problem(key, at)) is not None:
        return why
    return None if verify(key, said) else f"forged: the signature is not that of key {key.key_id}"


def signed_with(said: Signable, approvers: Approvers) -> str | None:
    """Return the fingerprint of the key under an accepted decision: a known key's signature has been verified."""
    known = said.signature is not None and key_in(approvers, said.key_id) is not None
    return said.key_id if known else None

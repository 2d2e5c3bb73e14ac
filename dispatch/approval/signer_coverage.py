"""Which tiers of a playbook nobody, or not enough people, could sign for."""

from collections.abc import Iterator
from datetime import datetime

from dispatch.approval.authority import live_keys, people_for
from dispatch.models.people.approvers import Approvers
from dispatch.models.work.playbook import GuardianPolicy

_NEEDED = {"signed": 1, "two_signed": 2}


def coverage_gaps(desk: str, policy: GuardianPolicy, approvers: Approvers, at: datetime) -> Iterator[str]:
    """Return each tier with too few signers, and each of its approvers that nobody signs for, in a sentence.

    A signer is a person who may decide there at `at` and has a key that is neither revoked nor expired.
    """
    for tier, scrutiny in policy.tiers.items():
        needed = _NEEDED.get(scrutiny.approval)
        if needed is None or scrutiny.waiting is None:
            continue
        allowed = scrutiny.waiting.approvers
        able = [person.name for person in people_for(approvers, allowed, at) if live_keys(person, at)]
        if len(able) < needed:
            coverage = f"{len(able)} of {needed} people can sign for {', '.join(allowed)}"
            yield f"{desk}, tier {tier}: {coverage}; what it holds waits"
        for role in allowed:
            signers = people_for(approvers, (role,), at)
            if len(able) >= needed and not any(live_keys(person, at) for person in signers):
                yield f"{desk}, tier {tier}: nobody can sign as {role}"

"""Finds tiers of a playbook for which the approvers file has too few people or signers."""

from collections.abc import Iterator
from datetime import datetime

from dispatch.approval.authority import live_keys, people_for
from dispatch.models.people.approvers import Approvers
from dispatch.models.work.playbook import ActionCase, ActionPolicy, GuardianPolicy, Tier, TierPolicy, Waiting


def coverage_gaps(desk: str, policy: GuardianPolicy, approvers: Approvers, at: datetime) -> Iterator[str]:
    """Yield a sentence for each tier and case with too few people, and for each approver that nobody can act for.

    A person counts who may decide there at `at` and, where the tier needs signatures, has a key that is neither revoked
    nor expired. A tier that needs one decision without a signature is always covered where it takes a role's own name (`role_names`).
    """
    for tier, scrutiny in policy.tiers.items():
        if scrutiny.waiting is not None:
            where = f"{desk}, tier {tier}"
            yield from _gaps(where, scrutiny, scrutiny.waiting, scrutiny.waiting.approvers, approvers, at)
    for name, action in policy.actions.items():
        for number, case in enumerate(action.cases, start=1):
            for tier in _tiers_of(case, action):
                held = policy.tiers.get(tier)
                if case.approvers is not None and held is not None and held.waiting is not None:
                    where = f"{desk}, case {number} of {name}, tier {tier}"
                    yield from _gaps(where, held, held.waiting, case.approvers, approvers, at)


def _tiers_of(case: ActionCase, action: ActionPolicy) -> Iterator[Tier]:
    """Yield the tiers of a case without the guardian's raises, each once."""
    amounts = action.amounts if case.amounts is None else case.amounts
    steps = (step.tier for ascending in amounts.values() for step in ascending)
    yield from dict.fromkeys((case.tier or action.tier, *steps))


def _gaps(
    where: str,
    scrutiny: TierPolicy,
    waiting: Waiting,
    asked: tuple[str, ...],
    approvers: Approvers,
    at: datetime,
) -> Iterator[str]:
    approval = scrutiny.approval
    if waiting.role_names and not approval.needs_listed_people:
        return
    verb = "sign" if approval.signed else "decide"
    able = {
        role: [
            person.name
            for person in people_for(approvers, (role,), at)
            if live_keys(person, at) or not approval.signed
        ]
        for role in asked
    }
    count = len({name for names in able.values() for name in names})
    if count < approval.signatures:
        coverage = f"{count} of {approval.signatures} people can {verb} for {', '.join(able)}"
        yield f"{where}: {coverage}; what it holds waits"
        return
    for role, names in able.items():
        if not names:
            yield f"{where}: nobody can {verb} as {role}"

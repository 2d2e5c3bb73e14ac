"""Which tiers of a playbook too few people could approve: signers, or where no signature is needed, people of the file."""

from collections.abc import Iterator
from datetime import datetime

from dispatch.approval.authority import live_keys, people_for
from dispatch.models.people.approvers import Approvers
from dispatch.models.work.playbook import GuardianPolicy


def coverage_gaps(desk: str, policy: GuardianPolicy, approvers: Approvers, at: datetime) -> Iterator[str]:
    """Yield each tier with too few people, and each of its approvers that nobody decides for, in a sentence.

    A person counts who may decide there at `at` and, where the tier needs signatures, has a key that is neither revoked
    nor expired. A tier that needs one decision without a signature is always covered where it takes a role's own name (`role_names`).
    """
    for tier, scrutiny in policy.tiers.items():
        approval = scrutiny.approval
        waiting = scrutiny.waiting
        if waiting is None or (waiting.role_names and not approval.needs_listed_people):
            continue
        verb = "sign" if approval.signed else "decide"
        able = {
            role: [
                person.name
                for person in people_for(approvers, (role,), at)
                if live_keys(person, at) or not approval.signed
            ]
            for role in waiting.approvers
        }
        count = len({name for names in able.values() for name in names})
        if count < approval.signatures:
            coverage = f"{count} of {approval.signatures} people can {verb} for {', '.join(able)}"
            yield f"{desk}, tier {tier}: {coverage}; what it holds waits"
            continue
        for role, names in able.items():
            if not names:
                yield f"{desk}, tier {tier}: nobody can {verb} as {role}"

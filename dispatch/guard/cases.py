"""What the playbook has otherwise for some of what is asked for: by an item's intent and by a field's value.

An action for several items is judged for each of them, and the strictest judgement counts: an item that needs more
cannot hide behind one that needs less.
"""

import unicodedata
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from dispatch.models.work.guardian import AskedFor, GuardDecision, GuardResult, Reason
from dispatch.models.work.playbook import ActionCase, ActionPolicy, Tier
from dispatch.models.work.proposal import Action

_DECISIONS: Final = tuple(GuardDecision)
_TIERS: Final = tuple(Tier)


class PolicyInCase(NamedTuple):
    """The policy of an action as it is for some of its items; `case` is None where no case fits them."""

    policy: ActionPolicy
    case: ActionCase | None


def policies_of(
    policy: ActionPolicy, action: Action, asked_for: Sequence[AskedFor]
) -> tuple[PolicyInCase, ...]:
    """Return each policy that holds for one of the items that an action is for, at least one."""
    found: list[PolicyInCase] = []
    for asked in asked_for or (AskedFor(),):
        one = _in_case(policy, next((case for case in policy.cases if _fits(case, action, asked)), None))
        if one not in found:
            found.append(one)
    return tuple(found)


def strictest(judged: Iterable[tuple[PolicyInCase, GuardResult]]) -> GuardResult:
    """Return the judgement of the most scrutiny, with the approvers of its case and why they are.

    Where several are equally strict and name different approvers, those of the tier decide: nobody of them may decide
    for the others.
    """
    ranked = [((_DECISIONS.index(r.decision), _TIERS.index(r.tier)), one.case, r) for one, r in judged]
    most = max(rank for rank, _, _ in ranked)
    found = [(case, result) for rank, case, result in ranked if rank == most]
    cases = [case for case, _ in found if case is not None]
    reasons = tuple(Reason(rule="case.fits", text=text) for text in dict.fromkeys(case.why for case in cases))
    named = {case.approvers if case is not None else None for case, _ in found}
    if len(named) > 1:
        text = "its items are cases of different approvers, so those of the tier decide"
        reasons = (*reasons, Reason(rule="case.mixed", text=text))
    result = found[0][1]
    approvers = next(iter(named)) if len(named) == 1 and result.decision is GuardDecision.HOLD else None
    more = tuple(reason for _, other in found[1:] for reason in other.reasons if reason not in result.reasons)
    return result.model_copy(
        update={"reasons": (*reasons, *result.reasons, *more), "approvers": approvers or ()}
    )


def _in_case(policy: ActionPolicy, case: ActionCase | None) -> PolicyInCase:
    if case is None:
        return PolicyInCase(policy, None)
    given = {"tier": case.tier, "amounts": case.amounts}
    changed = {name: value for name, value in given.items() if value is not None}
    return PolicyInCase(policy.model_copy(update=changed), case)


def _fits(case: ActionCase, action: Action, asked: AskedFor) -> bool:
    when = case.when
    if when.intent is not None and asked.intent != when.intent:
        return False
    if when.field is None:
        return True
    # What the action will do counts before what was said: an approver may have edited it since.
    value = action.parameters.get(when.field, asked.fields.get(when.field))
    return isinstance(value, (str, int)) and _plain(str(value)) in map(_plain, when.values)


def _plain(value: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", value).casefold().split())

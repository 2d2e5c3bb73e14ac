"""Judges whether the request was done, only from the current data of the outside systems."""

from collections.abc import Iterable, Mapping
from typing import Final

from pydantic import ValidationError

from dispatch.guard.contract import ActionDefaults, ActionRules, kind_of
from dispatch.models.contract import Facts
from dispatch.models.request.item import Item
from dispatch.models.work.guardian import Request
from dispatch.models.work.proposal import BoundAction
from dispatch.models.work.verification import (
    ActionVerification,
    ItemVerification,
    Observation,
    Verification,
    VerificationBrief,
    VerificationVerdict,
)
from dispatch.text.requested import is_plainly_asked

_WORST_LAST: Final = (
    VerificationVerdict.CONFIRMED,
    VerificationVerdict.UNVERIFIABLE,
    VerificationVerdict.REFUTED,
)


def judge(
    brief: VerificationBrief,
    observations: Mapping[str, Observation | None],
    kinds: Mapping[str, type[ActionRules]],
) -> Verification:
    """Judge every action and every item; the whole is as its worst part.

    `observations` maps an action's digest to what was read back; None, or no entry, is a system that could not be
    read, and never counts as clean. Worst is refuted, then unverifiable. A brief without actions and items has
    nothing to confirm and is unverifiable. An effect is held against the requester's words too: where nobody approved it
    and nothing plainly asks for it, that it is as ordered does not make it right.
    """
    actions = tuple(
        _action(each, observations.get(each.digest), kind_of(each, kinds), brief.unapproved)
        for each in brief.actions
    )
    items = tuple(_item(item, brief, actions) for item in brief.items)
    return Verification(
        handoff=brief.handoff,
        verdict=_worst((*(a.verdict for a in actions), *(i.verdict for i in items))),
        actions=actions,
        items=items,
    )


def _worst(verdicts: Iterable[VerificationVerdict]) -> VerificationVerdict:
    return max(verdicts, key=_WORST_LAST.index, default=VerificationVerdict.UNVERIFIABLE)


def _action(
    bound: BoundAction,
    observation: Observation | None,
    kind: type[ActionRules] | None,
    unapproved: Mapping[str, Request],
) -> ActionVerification:
    verdict, why = _compared(bound, observation, kind)
    request = unapproved.get(bound.digest)
    if request is not None and verdict is VerificationVerdict.CONFIRMED and not is_plainly_asked(request):
        verdict = VerificationVerdict.REFUTED
        why = f"{why}, but no sentence of the requester's own plainly asks for it, and no person approved it"
    return ActionVerification(
        action_digest=bound.digest,
        name=bound.action.name,
        verdict=verdict,
        why=why,
        observation=observation,
    )


def _compared(
    bound: BoundAction, observation: Observation | None, kind: type[ActionRules] | None
) -> tuple[VerificationVerdict, str]:
    if observation is None:
        return VerificationVerdict.UNVERIFIABLE, "the outside system could not be read"
    if not observation.found:
        return VerificationVerdict.REFUTED, f"it is not there: {observation.reference}"
    try:
        expected, seen = _expected(bound, kind, observation.facts), observation.facts
    except ValidationError:
        return VerificationVerdict.UNVERIFIABLE, "its parameters cannot be read, so nothing can be compared"
    same = kind.same if kind is not None else ActionDefaults.same
    differing = [name for name, value in expected.items() if not same(name, value, seen.get(name))]
    if differing:
        return VerificationVerdict.REFUTED, f"{observation.reference} differs in {', '.join(differing)}"
    if not expected.keys() & seen.keys() - {"effects"}:
        return VerificationVerdict.UNVERIFIABLE, f"{observation.reference} shows nothing to compare"
    return VerificationVerdict.CONFIRMED, f"{observation.reference} is as ordered"


def _expected(bound: BoundAction, kind: type[ActionRules] | None, seen: Facts) -> Facts:
    """Return the facts that the effect must show, as its class says.

    For an action that no class is there for: one effect, equal in every fact that has a parameter's name.
    """
    parameters = bound.action.parameters
    if kind is None:
        return {**{name: parameters[name] for name in sorted(parameters.keys() & seen.keys())}, "effects": 1}
    return kind.expected(kind.Parameters.model_validate(parameters))


def _item(item: Item, brief: VerificationBrief, actions: tuple[ActionVerification, ...]) -> ItemVerification:
    """Judge one item by the actions that name it and by what the delivered draft says of it.

    A delivery counts by what it states, not by the items it lists: it lists them all. All that covers an item must
    be confirmed; that a refund was announced does not stand in for the refund. Where the desk delivers nothing, a
    refusal changes nothing outside, so there is nothing to read back.
    """
    pairs = list(zip(brief.actions, actions, strict=True))
    acts = [
        a for bound, a in pairs if bound.digest != brief.delivery and item.item_id in bound.action.item_ids
    ]
    refused = any(refusal.item_id == item.item_id for refusal in brief.refusals)
    told = refused or any(item.item_id in statement.item_ids for statement in brief.draft.statements)
    deliveries = [a for bound, a in pairs if bound.digest == brief.delivery] if told else []
    covering = [*acts, *deliveries]
    if not covering and told and brief.told_elsewhere:
        why = "reviewed, and told with the other parts of the request"
        return ItemVerification(item_id=item.item_id, verdict=VerificationVerdict.CONFIRMED, why=why)
    if not covering and refused and brief.delivery is None:
        why = "refused on record, and this desk delivers nothing"
        return ItemVerification(item_id=item.item_id, verdict=VerificationVerdict.CONFIRMED, why=why)
    if not covering:
        why = (
            "nothing was delivered that speaks of it"
            if told
            else "left over: no action, statement or refusal"
        )
        return ItemVerification(item_id=item.item_id, verdict=VerificationVerdict.REFUTED, why=why)
    verdict = _worst(a.verdict for a in covering)
    why = "; ".join(f"{a.name} {a.verdict}: {a.why}" for a in covering if a.verdict is verdict)
    return ItemVerification(item_id=item.item_id, verdict=verdict, why=why)

"""Whether what was asked was done, judged only by what the outside systems hold now."""

from collections.abc import Iterable, Mapping
from typing import Final

from pydantic import JsonValue

from channels.mail.identity import text_digest
from dispatch.models.contract import Facts
from dispatch.models.request.item import Item
from dispatch.models.work.proposal import BoundAction
from dispatch.models.work.verification import (
    ActionVerification,
    ItemVerification,
    Observation,
    Verification,
    VerificationBrief,
    VerificationVerdict,
)
from dispatch.text.unicode_spoofing import same_address

_REPLY: Final = "send_reply"
_WORST_LAST: Final = (
    VerificationVerdict.CONFIRMED,
    VerificationVerdict.UNVERIFIABLE,
    VerificationVerdict.REFUTED,
)


def judge(brief: VerificationBrief, observations: Mapping[str, Observation | None]) -> Verification:
    """Judge every action and every item; the whole is as its worst part.

    `observations` maps an action's digest to what was read back; None, or no entry, is a system that could not be
    read, and never counts as clean. Worst is refuted, then unverifiable. A brief without actions and items has
    nothing to confirm and is unverifiable.
    """
    actions = tuple(_action(bound, observations.get(bound.digest)) for bound in brief.actions)
    items = tuple(_item(item, brief, actions) for item in brief.items)
    return Verification(
        handoff=brief.handoff,
        verdict=_worst((*(a.verdict for a in actions), *(i.verdict for i in items))),
        actions=actions,
        items=items,
    )


def _worst(verdicts: Iterable[VerificationVerdict]) -> VerificationVerdict:
    return max(verdicts, key=_WORST_LAST.index, default=VerificationVerdict.UNVERIFIABLE)


def _action(bound: BoundAction, observation: Observation | None) -> ActionVerification:
    verdict, why = _compared(bound, observation)
    return ActionVerification(
        action_digest=bound.digest,
        name=bound.action.name,
        verdict=verdict,
        why=why,
        observation=observation,
    )


def _compared(bound: BoundAction, observation: Observation | None) -> tuple[VerificationVerdict, str]:
    if observation is None:
        return VerificationVerdict.UNVERIFIABLE, "the outside system could not be read"
    if not observation.found:
        return VerificationVerdict.REFUTED, f"it is not there: {observation.reference}"
    expected, seen = _expected(bound, observation.facts), observation.facts
    differing = [name for name, value in expected.items() if not _equal(name, value, seen.get(name))]
    if differing:
        return VerificationVerdict.REFUTED, f"{observation.reference} differs in {', '.join(differing)}"
    if not expected.keys() & seen.keys() - {"effects"}:
        return VerificationVerdict.UNVERIFIABLE, f"{observation.reference} shows nothing to compare"
    return VerificationVerdict.CONFIRMED, f"{observation.reference} is as ordered"


def _expected(bound: BoundAction, seen: Facts) -> Facts:
    """Return the facts that the effect must show.

    For an action that has no line of its own: one effect, equal in every fact that bears a parameter's name.
    """
    parameters = bound.action.parameters
    if bound.action.name == _REPLY:
        text = parameters.get("text")
        return {
            **_chosen(parameters, "recipient"),
            "text_sha256": text_digest(text) if isinstance(text, str) else None,
            "effects": 1,
        }
    if bound.action.name == "issue_refund":
        named = _chosen(parameters, "payment_id", "order_number", "amount_minor", "currency")
        return {**named, "status": "succeeded", "effects": 1}
    return {**_chosen(parameters, *sorted(parameters.keys() & seen.keys())), "effects": 1}


def _chosen(parameters: Facts, *names: str) -> Facts:
    return {name: parameters.get(name) for name in names}


def _equal(name: str, expected: JsonValue, seen: JsonValue) -> bool:
    if name == "recipient" and isinstance(expected, str) and isinstance(seen, str):
        return same_address(expected, seen)
    return expected is not None and type(expected) is type(seen) and expected == seen


def _item(item: Item, brief: VerificationBrief, actions: tuple[ActionVerification, ...]) -> ItemVerification:
    """Judge one item by the actions that name it and by what the sent reply says of it.

    A reply counts by what it states, not by the items it lists: a reply lists them all. All that covers an item must
    be confirmed; that a refund was announced does not stand in for the refund.
    """
    pairs = list(zip(brief.actions, actions, strict=True))
    acts = [a for bound, a in pairs if bound.action.name != _REPLY and item.item_id in bound.action.item_ids]
    told = any(item.item_id in statement.item_ids for statement in brief.draft.statements) or any(
        refusal.item_id == item.item_id for refusal in brief.refusals
    )
    replies = [a for bound, a in pairs if _is_answer(bound)] if told else []
    covering = [*acts, *replies]
    if not covering:
        why = "no reply went out that speaks of it" if told else "left over: no action, statement or refusal"
        return ItemVerification(item_id=item.item_id, verdict=VerificationVerdict.REFUTED, why=why)
    verdict = _worst(a.verdict for a in covering)
    why = "; ".join(f"{a.name} {a.verdict}: {a.why}" for a in covering if a.verdict is verdict)
    return ItemVerification(item_id=item.item_id, verdict=verdict, why=why)


def _is_answer(bound: BoundAction) -> bool:
    return bound.action.name == _REPLY and bound.action.parameters.get("purpose") == "reply"

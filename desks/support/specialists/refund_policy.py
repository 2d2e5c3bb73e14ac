"""Decides on refunds by the playbook's terms, from the finding of order_history; uses no system."""

from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar, Final

from activities.contracts import System, Systems
from desks.support.models.facts import OrderFacts, RefundDecision, RefundFacts, RefundTerms
from desks.support.models.records import Payment
from desks.support.models.refund_action import RefundParameters
from desks.support.rules.refunds import decide
from desks.support.texts import support_texts
from dispatch.models.contract import Contract
from dispatch.models.money import Money, format_money
from dispatch.models.request.item import Item
from dispatch.models.work.finding import Brief, Evidence, Finding, FindingStatus, RecommendedAction, Refusal
from dispatch.models.work.guidance import REJECTED, Declined, Guidance
from dispatch.text.requested import REQUEST, read

_NAME: Final = "refund_policy"
_ACTION: Final = "issue_refund"
_SOURCE: Final = "order_history"
_MAX_REASON: Final = 500
_MAX_QUOTED: Final = 1000


class RefundPolicy:
    """Determines for each requested refund whether it is granted, how much, and by which rule.

    A refund needs a plain sentence of the requester that asks for it, and the action cites that sentence. If an item
    has none, or another sentence contradicts it, the finding is `ambiguous`, neither granted nor refused, and a person
    reads it. There is one action 'issue_refund' for each payment, subject 'payment <id>', for any number of items. An
    approver's edit of its amount replaces ours, and still never exceeds the rest of the payment. A refund that a person
    rejected is refused, and the others remain. Without order_history's finding it is unavailable: unread records are
    not the same as no order found. Facts: RefundFacts.
    """

    uses: ClassVar[tuple[type[System], ...]] = ()
    needs: ClassVar[tuple[str, ...]] = (_SOURCE,)
    Config: ClassVar[type[Contract]] = RefundTerms

    def __init__(self, systems: Systems) -> None:
        del systems  # a pure decision

    async def examine(self, brief: Brief) -> Finding:
        terms = RefundTerms.model_validate(brief.config)
        earlier = next((f for f in reversed(brief.findings) if f.specialist == _SOURCE), None)
        if earlier is None or earlier.status is FindingStatus.UNAVAILABLE:
            return Finding(
                handoff=brief.handoff,
                specialist=_NAME,
                status=FindingStatus.UNAVAILABLE,
                summary=f"{_SOURCE} is unavailable, so nothing can be decided",
            )
        facts = OrderFacts.model_validate(earlier.facts)
        items = [item for item in brief.items if item.kind in brief.intents]
        items = [item for item in items if _NAME in brief.intents[item.kind].specialists]
        said = _asked_for(items, brief, terms.requires_intent)
        unasked = tuple(item.item_id for item in items if item.item_id not in said)
        items = [item for item in items if item.item_id in said]
        edits = _amounts_set(brief.guidance, facts.payments)
        overrides = {payment_id: amount for payment_id, (amount, _) in edits.items()}
        decisions = decide(items, facts, terms, brief.asked_at or brief.handoff.at, overrides, brief.language)
        rejected = {one.subject: one for one in brief.declined if one.name == _ACTION}
        decisions = tuple(_as_people_decided(d, rejected, facts, brief.language) for d in decisions)
        return Finding(
            handoff=brief.handoff,
            specialist=_NAME,
            status=_status(decisions, unasked),
            summary=_summary(decisions, unasked),
            facts=RefundFacts(decisions=decisions).model_dump(mode="json"),
            evidence=(
                *_rules_cited(decisions),
                *_decisions_cited(decisions, edits),
                *_rejections_cited(rejected.values()),
                *_requests_cited(decisions, said),
            ),
            recommended=tuple(_actions(decisions, facts, edits)),
            refusals=tuple(_refusal(decision) for decision in decisions if not decision.eligible),
        )


def _asked_for(items: Sequence[Item], brief: Brief, requires_intent: str) -> dict[str, str]:
    """Return by item the requester's sentences that ask for money; none at all if one in the mail is in doubt."""
    phrases = brief.intents[requires_intent].phrases if requires_intent in brief.intents else ()
    title = read("", phrases, brief.subject)
    readings = {item.item_id: read(item.text, phrases) for item in brief.items}
    if title.doubts or any(reading.doubts for reading in readings.values()):
        return {}
    intents = {
        item.item_id: readings[item.item_id].intents or (title.intents if len(brief.items) == 1 else ())
        for item in items
    }
    return {item_id: " ".join(sentences) for item_id, sentences in intents.items() if sentences}


def _status(decisions: tuple[RefundDecision, ...], unasked: tuple[str, ...]) -> FindingStatus:
    if unasked:
        return FindingStatus.AMBIGUOUS
    return FindingStatus.FOUND if decisions else FindingStatus.NOTHING


_Edits = dict[str, tuple[int, Guidance]]


def _amounts_set(guidance: Sequence[Guidance], payments: Iterable[Payment]) -> _Edits:
    """Return the amounts that people set, by payment id; the latest counts, and only a positive whole number is valid."""
    edits: _Edits = {}
    for payment in payments:
        target = f"{_ACTION}/{_subject(payment.payment_id)}"
        for said in guidance:
            amount = said.edits.get(target, {}).get("amount_minor")
            if type(amount) is int and amount > 0:
                edits[payment.payment_id] = (amount, said)
    return edits


def _as_people_decided(
    decision: RefundDecision, rejected: Mapping[str, Declined], facts: OrderFacts, language: str
) -> RefundDecision:
    """Return the refusal of a refund that a person rejected, in words that distinguish it from the others."""
    one = rejected.get(_subject(decision.payment_id)) if decision.payment_id is not None else None
    if one is None or not decision.eligible or decision.amount is None:
        return decision
    texts = support_texts(language)
    several = sum(payment.order_number == decision.order_number for payment in facts.payments) > 1
    text = texts.not_refunding.format(
        amount=format_money(decision.amount, language),
        number=decision.order_number,
        payment=texts.of_payment.format(payment=decision.payment_id) if several else "",
    )
    return decision.model_copy(
        update={
            "eligible": False,
            "amount": None,
            "rule": REJECTED,
            "text": f"{text} {one.reason_for_requester}".strip(),
            "note": "",
            "evidence_ids": (*decision.evidence_ids, _rejection(one)),
        }
    )


def _rejection(one: Declined) -> str:
    return f"{_NAME}.rejected.{one.decision_id}"


def _rejections_cited(rejected: Iterable[Declined]) -> Iterable[Evidence]:
    for one in rejected:
        yield Evidence(
            evidence_id=_rejection(one),
            source="decision",
            reference=one.decision_id,
            text=f"{one.by} rejected the refund on {one.subject}",
        )


def _subject(payment_id: str) -> str:
    return f"payment {payment_id}"


def _summary(decisions: tuple[RefundDecision, ...], unasked: tuple[str, ...]) -> str:
    short = [_in_short(decision) for decision in decisions]
    short += [f"{item_id}: no refund was plainly asked for" for item_id in unasked]
    return "; ".join(dict.fromkeys(short)) or "no order to decide on"


def _in_short(decision: RefundDecision) -> str:
    if decision.amount is None:
        return f"{decision.item_id}: refused by {decision.rule}"
    return f"{decision.item_id}: {format_money(decision.amount)} on {decision.payment_id} by {decision.rule}"


def _cited(decision: RefundDecision) -> str:
    return f"{_NAME}.{decision.item_id}"


def _rules_cited(decisions: Iterable[RefundDecision]) -> Iterable[Evidence]:
    texts: dict[str, Evidence] = {}
    for decision in decisions:
        if decision.rule == REJECTED:
            continue  # no rule of the playbook: the person's decision is cited
        texts[_cited(decision)] = Evidence(
            evidence_id=_cited(decision),
            source="playbook",
            reference=decision.rule,
            text=" ".join(part for part in (decision.text, decision.note) if part),
        )
    return texts.values()


def _requested(item_id: str) -> str:
    return f"{_NAME}.request.{item_id}"


def _requests_cited(decisions: Iterable[RefundDecision], said: Mapping[str, str]) -> Iterable[Evidence]:
    for item_id in dict.fromkeys(decision.item_id for decision in decisions):
        yield Evidence(
            evidence_id=_requested(item_id),
            source=REQUEST,
            reference=item_id,
            text=said[item_id][:_MAX_QUOTED],
        )


def _decisions_cited(decisions: Iterable[RefundDecision], edits: _Edits) -> Iterable[Evidence]:
    amounts = {decision.payment_id: decision.amount for decision in decisions if decision.amount}
    by_decision: dict[str, list[str]] = {}
    for payment_id, (amount, said) in edits.items():
        if (given := amounts.get(payment_id)) is None:
            continue
        asked = format_money(Money(amount_minor=amount, currency=given.currency))
        capped = "" if given.amount_minor == amount else f"; {format_money(given)} is all that is left of it"
        text = f"{said.by} set the refund on payment {payment_id} to {asked}{capped}"
        by_decision.setdefault(said.decision_id, []).append(text)
    for decision_id, texts in by_decision.items():
        yield Evidence(
            evidence_id=_decided(decision_id), source="decision", reference=decision_id, text="; ".join(texts)
        )


def _decided(decision_id: str) -> str:
    return f"{_NAME}.decision.{decision_id}"


def _actions(
    decisions: Iterable[RefundDecision], facts: OrderFacts, edits: _Edits
) -> Iterable[RecommendedAction]:
    by_payment: dict[str, list[RefundDecision]] = {}
    for decision in decisions:
        if decision.payment_id is not None and decision.amount is not None:
            by_payment.setdefault(decision.payment_id, []).append(decision)
    for payment_id, shared in by_payment.items():
        first = shared[0]
        if first.amount is None or facts.customer is None:
            continue  # narrows the types: amounts were chosen above, and orders are only ever a customer's
        why = f"{format_money(first.amount)} on order {first.order_number} by {first.rule}"
        evidence = [e for d in shared for e in (*d.evidence_ids, _cited(d))]
        evidence += [_requested(d.item_id) for d in shared]
        if payment_id in edits:
            said = edits[payment_id][1]
            evidence.append(_decided(said.decision_id))
            why += f", the amount set by {said.by}"
        parameters = RefundParameters(
            payment_id=payment_id,
            order_number=first.order_number,
            customer_id=facts.customer.customer_id,
            amount_minor=first.amount.amount_minor,
            currency=first.amount.currency,
            reason=f"{first.rule}: {first.text}"[:_MAX_REASON],
        )
        yield RecommendedAction(
            name=_ACTION,
            subject=_subject(payment_id),
            parameters=parameters.model_dump(mode="json"),
            item_ids=tuple(dict.fromkeys(d.item_id for d in shared)),
            why=why,
            evidence_ids=tuple(dict.fromkeys(evidence)),
        )


def _refusal(decision: RefundDecision) -> Refusal:
    return Refusal(
        item_id=decision.item_id,
        reason=decision.text,
        rule=decision.rule,
        evidence_ids=decision.evidence_ids
        if decision.rule == REJECTED
        else (*decision.evidence_ids, _cited(decision)),
    )

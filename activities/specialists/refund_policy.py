"""Decides on refunds by the playbook's terms, from what order_history found; reaches nothing."""

from collections.abc import Iterable
from typing import ClassVar, Final

from dispatch.clients.toolbox import ReadClients
from dispatch.models.contract import Contract
from dispatch.models.finding import (
    Brief,
    Evidence,
    Finding,
    FindingStatus,
    Guidance,
    RecommendedAction,
    Refusal,
)
from dispatch.models.parameters import IssueRefund
from dispatch.models.records import Money, format_money
from dispatch.models.support import OrderFacts, RefundDecision, RefundFacts, RefundTerms
from dispatch.rules.refunds import decide

_NAME: Final = "refund_policy"
_SOURCE: Final = "order_history"
_MAX_REASON: Final = 500


class RefundPolicy:
    """Says of each refund asked for whether it is given, how much, and by which rule.

    One action 'issue_refund' for each payment, subject 'payment <id>', whatever number of items it serves. An
    approver's edit of its amount replaces ours, and still never exceeds what is left. Without order_history's
    finding it is unavailable: no records read is not the same as no order found. Facts: RefundFacts.
    """

    reaches: ClassVar[tuple[str, ...]] = ()
    Config: ClassVar[type[Contract]] = RefundTerms

    def __init__(self, clients: ReadClients) -> None:
        del clients  # a pure decision

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
        items = [item for item in brief.items if item.kind in brief.asks]
        items = [item for item in items if _NAME in brief.asks[item.kind].specialists]
        edits = _amounts_set(brief.guidance)
        overrides = {payment_id: amount for payment_id, (amount, _) in edits.items()}
        decisions = decide(items, facts, terms, brief.handoff.at, overrides)
        return Finding(
            handoff=brief.handoff,
            specialist=_NAME,
            status=FindingStatus.FOUND if decisions else FindingStatus.NOTHING,
            summary=_summary(decisions),
            facts=RefundFacts(decisions=decisions).model_dump(mode="json"),
            evidence=(*_rules_cited(decisions), *_decisions_cited(decisions, edits)),
            recommended=tuple(_actions(decisions, facts, edits)),
            refusals=tuple(_refusal(decision) for decision in decisions if not decision.eligible),
        )


_Edits = dict[str, tuple[int, Guidance]]


def _amounts_set(guidance: Iterable[Guidance]) -> _Edits:
    """Give what people set, by payment id; the latest word counts, and only a positive whole number is one."""
    edits: _Edits = {}
    for said in guidance:
        for target, values in said.edits.items():
            name, _, subject = target.partition("/")
            amount = values.get("amount_minor")
            if name == "issue_refund" and type(amount) is int and amount > 0:
                edits[subject.removeprefix("payment ")] = (amount, said)
    return edits


def _summary(decisions: tuple[RefundDecision, ...]) -> str:
    return "; ".join(dict.fromkeys(_in_short(d) for d in decisions)) or "no order to decide on"


def _in_short(decision: RefundDecision) -> str:
    if decision.amount is None:
        return f"{decision.item_id}: refused by {decision.rule}"
    return f"{decision.item_id}: {format_money(decision.amount)} on {decision.payment_id} by {decision.rule}"


def _cited(decision: RefundDecision) -> str:
    return f"{_NAME}.{decision.item_id}"


def _rules_cited(decisions: Iterable[RefundDecision]) -> Iterable[Evidence]:
    texts: dict[str, Evidence] = {}
    for decision in decisions:
        texts[_cited(decision)] = Evidence(
            evidence_id=_cited(decision),
            source="playbook",
            reference=decision.rule,
            text=" ".join(part for part in (decision.text, decision.note) if part),
        )
    return texts.values()


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
        if payment_id in edits:
            said = edits[payment_id][1]
            evidence.append(_decided(said.decision_id))
            why += f", the amount set by {said.by}"
        parameters = IssueRefund(
            payment_id=payment_id,
            order_number=first.order_number,
            customer_id=facts.customer.customer_id,
            amount_minor=first.amount.amount_minor,
            currency=first.amount.currency,
            reason=f"{first.rule}: {first.text}"[:_MAX_REASON],
        )
        yield RecommendedAction(
            name="issue_refund",
            subject=f"payment {payment_id}",
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
        evidence_ids=(*decision.evidence_ids, _cited(decision)),
    )

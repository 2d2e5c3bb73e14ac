"""The reply's paragraphs for each item: an answer, an announcement of an action, or a refusal; from findings only.

Rule ids of the refusals made here: `intents.<kind>` (the playbook refuses this kind), `order.not_found`,
`order.ambiguous`. An item without a finding, because a specialist is unavailable or its kind is unknown, is left
uncovered on purpose: the reviewer then flags it. People's guidance is not used: it is for the desk alone, and these
rules cannot interpret it.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from desks.support.models.facts import OrderFacts, RefundDecision, RefundFacts, ReplyTerms
from desks.support.rules.order_status import told
from desks.support.texts import support_texts
from dispatch.models.language import in_language
from dispatch.models.money import format_money
from dispatch.models.request.item import Item
from dispatch.models.work.finding import Brief, Evidence, Finding, FindingStatus, Refusal, Statement
from dispatch.process.fields import filled
from dispatch.process.statements import merged

WRITER: Final = "reply_writer"
TOO_LONG: Final = "reply.length"
_ORDERS: Final = "order_history"
_REFUNDS: Final = "refund_policy"


class Written(NamedTuple):
    """The paragraphs in the order of the items, with their new refusals and evidence."""

    statements: tuple[Statement, ...]
    refusals: tuple[Refusal, ...]
    evidence: tuple[Evidence, ...]


class _Known(NamedTuple):
    """The earlier specialists' findings; None if a specialist found nothing or is unavailable."""

    orders: OrderFacts | None
    refunds: RefundFacts | None


class _Part(NamedTuple):
    statement: Statement
    refusal: Refusal | None = None
    evidence: Evidence | None = None


def write(brief: Brief, terms: ReplyTerms) -> Written:
    """Return the paragraphs for every item with a finding.

    Items whose paragraphs another specialist wrote are skipped. If the reviewer found the draft too long, the desk's own
    paragraphs are shortened to their essentials; a playbook's answer is never shortened.
    """
    known = _Known(_orders(brief.findings), _refunds(brief.findings))
    essentials = any(exception.standard == TOO_LONG for exception in brief.exceptions)
    taken = {i for finding in brief.findings for statement in finding.statements for i in statement.item_ids}
    parts = [
        part
        for item in brief.items
        if item.item_id not in taken
        for part in _item(item, brief, known, terms, essentials=essentials)
    ]
    evidence = {part.evidence.evidence_id: part.evidence for part in parts if part.evidence is not None}
    return Written(
        statements=merged(part.statement for part in parts),
        refusals=tuple(part.refusal for part in parts if part.refusal is not None),
        evidence=tuple(evidence.values()),
    )


def _item(item: Item, brief: Brief, known: _Known, terms: ReplyTerms, *, essentials: bool) -> Sequence[_Part]:
    ask = brief.intents.get(item.kind)
    if ask is None:
        return ()
    if standing := ask.answer or ask.refuse:
        return [_standing(item, in_language(standing, brief.language), is_refusal=ask.refuse is not None)]
    if refused := [r for f in brief.findings for r in f.refusals if r.item_id == item.item_id]:
        return [
            *(_stated(refusal) for refusal in refused),
            *_granted(item, brief, known, terms, essentials=essentials),
        ]
    if _ORDERS in ask.specialists and known.orders is not None:
        wants_refund = _REFUNDS in ask.specialists
        return _from_orders(item, brief, known, terms, wants_refund=wants_refund, essentials=essentials)
    return ()


def _from_orders(
    item: Item, brief: Brief, known: _Known, terms: ReplyTerms, *, wants_refund: bool, essentials: bool
) -> Sequence[_Part]:
    orders = known.orders or OrderFacts()
    if item.item_id in orders.candidates:
        return [_no_order(item, in_language(terms.ambiguous, brief.language), "order.ambiguous")]
    if item.item_id not in orders.by_item:
        return [_no_order(item, in_language(terms.not_found, brief.language), "order.not_found")]
    if wants_refund:
        return _granted(item, brief, known, terms, essentials=essentials)
    return [_order(item, orders, brief, essentials=essentials)]


def _granted(
    item: Item, brief: Brief, known: _Known, terms: ReplyTerms, *, essentials: bool
) -> Sequence[_Part]:
    decisions = known.refunds.decisions if known.refunds else ()
    mine = [d for d in decisions if d.item_id == item.item_id and d.eligible]
    orders = known.orders or OrderFacts()
    return [_announced(d, orders, terms, brief.language, essentials=essentials) for d in mine]


def _standing(item: Item, standing: str, *, is_refusal: bool) -> _Part:
    rule, text = f"intents.{item.kind}", filled(standing, item.fields)
    # Filled with an item's fields, it is evidence for that item alone.
    evidence_id = f"{WRITER}.{rule}" if text == standing else f"{WRITER}.{rule}.{item.item_id}"
    evidence = Evidence(
        evidence_id=evidence_id, source="playbook", reference=rule, text=" ".join(text.split())
    )
    ids = (evidence.evidence_id,)
    statement = Statement(text=text.strip(), item_ids=(item.item_id,), evidence_ids=ids)
    refusal = Refusal(item_id=item.item_id, reason=statement.text, rule=rule, evidence_ids=ids)
    return _Part(statement, refusal if is_refusal else None, evidence)


def _stated(refusal: Refusal) -> _Part:
    return _Part(
        Statement(text=refusal.reason, item_ids=(refusal.item_id,), evidence_ids=refusal.evidence_ids)
    )


def _no_order(item: Item, text: str, rule: str) -> _Part:
    # It cites the playbook, never the records: the text must not reveal what was searched or found.
    evidence = Evidence(
        evidence_id=f"{WRITER}.{rule}",
        source="playbook",
        reference=rule,
        text="what is told where no one order is the requester's beyond doubt",
    )
    ids = (evidence.evidence_id,)
    statement = Statement(text=text, item_ids=(item.item_id,), evidence_ids=ids)
    return _Part(statement, Refusal(item_id=item.item_id, reason=text, rule=rule, evidence_ids=ids), evidence)


def _announced(
    decision: RefundDecision, orders: OrderFacts, terms: ReplyTerms, language: str, *, essentials: bool
) -> _Part:
    texts = support_texts(language)
    amount = format_money(decision.amount, language) if decision.amount else ""
    several = sum(payment.order_number == decision.order_number for payment in orders.payments) > 1
    text = texts.refunding.format(
        amount=amount,
        number=decision.order_number,
        payment=texts.of_payment.format(payment=decision.payment_id) if several else "",
        days=texts.days.format(count=terms.refund_days) if terms.refund_days > 1 else texts.a_day,
    )
    if decision.note and not essentials:
        text += f" {decision.note}"
    evidence = (*decision.evidence_ids, f"{_REFUNDS}.{decision.item_id}")
    return _Part(Statement(text=text, item_ids=(decision.item_id,), evidence_ids=evidence))


def _order(item: Item, orders: OrderFacts, brief: Brief, *, essentials: bool) -> _Part:
    number = orders.by_item[item.item_id]
    order = next(order for order in orders.orders if order.order_number == number)
    refunds = [
        refund for refund in orders.refunds if refund.order_number == number and refund.status == "succeeded"
    ]
    ids = (f"{_ORDERS}.order.{number}", *(f"{_ORDERS}.refund.{refund.refund_id}" for refund in refunds))
    text = told(order, refunds, brief.handoff.at, essentials=essentials, language=brief.language)
    return _Part(Statement(text=text, item_ids=(item.item_id,), evidence_ids=ids))


def _found(findings: Sequence[Finding], name: str) -> Finding | None:
    latest = next((finding for finding in reversed(findings) if finding.specialist == name), None)
    return None if latest is None or latest.status is FindingStatus.UNAVAILABLE else latest


def _orders(findings: Sequence[Finding]) -> OrderFacts | None:
    finding = _found(findings, _ORDERS)
    return OrderFacts.model_validate(finding.facts) if finding else None


def _refunds(findings: Sequence[Finding]) -> RefundFacts | None:
    finding = _found(findings, _REFUNDS)
    return RefundFacts.model_validate(finding.facts) if finding else None

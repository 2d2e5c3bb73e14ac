"""Decides whether and how much is refunded, by the playbook's terms and the records alone, not by a mail's claims.

Rule ids: `refund.no_payment`, `refund.already_refunded`, `refund.not_delivered`, `refund.window`,
`refund.damaged_window`, `refund.final_sale` refuse; `refund.window`, `refund.damaged_window` and `refund.cancelled`
allow. Never more than the rest of the captured amount; a requested amount can only lower it.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from desks.support.models.facts import OrderFacts, RefundDecision, RefundTerms
from desks.support.models.records import Order, Payment, Refund
from desks.support.rules.refund_amounts import amount_asked, lines_named, refundable
from desks.support.texts import support_texts
from dispatch.models.language import ENGLISH
from dispatch.models.moments import format_day
from dispatch.models.money import Money, format_money
from dispatch.models.request.item import Item
from dispatch.text.extraction import says

_ON_ITS_WAY: Final = frozenset({"placed", "paid", "shipped"})
_RULE: Final = {False: "refund.window", True: "refund.damaged_window"}


class Claim(NamedTuple):
    """One item that may be refunded; `lines` are indices into the order's lines."""

    item: Item
    rule: str
    text: str
    lines: frozenset[int]
    asked: int | None
    is_specific: bool


class _Refused(NamedTuple):
    rule: str
    text: str


def decide(
    items: Sequence[Item],
    facts: OrderFacts,
    terms: RefundTerms,
    at: datetime,
    overrides: Mapping[str, int] | None = None,
    language: str = ENGLISH,
) -> tuple[RefundDecision, ...]:
    """Return one decision for each item and payment; items whose order is not known are left out.

    `at` is when the request is judged; the day counts, in UTC. `overrides` are a person's amounts by payment id, in
    minor units; they replace ours, and still never exceed what is left of the payment. Two items on one payment
    share its one amount.
    """
    decisions: list[RefundDecision] = []
    # In the order in which they were asked for, so that the requester's first ask is acted on first.
    named = [facts.by_item.get(item.item_id) for item in items]
    asked = [order for order in facts.orders if order.order_number in named]
    for order in sorted(asked, key=lambda order: named.index(order.order_number)):
        mine = [item for item in items if facts.by_item.get(item.item_id) == order.order_number]
        payments = _payments_of(order, facts)
        judged = [(item, _judge(item, order, payments, facts.refunds, terms, at, language)) for item in mine]
        claims = [judgement for _, judgement in judged if isinstance(judgement, Claim)]
        amounts = _allocate(order, payments, claims, overrides or {})
        for item, judgement in judged:
            if isinstance(judgement, Claim):
                decisions += _allowed(judgement, order, payments, amounts, language)
            else:
                decisions.append(_refused(item, order, payments, judgement))
    return tuple(decisions)


def _payments_of(order: Order, facts: OrderFacts) -> tuple[Payment, ...]:
    found = (
        payment
        for payment in facts.payments
        if payment.order_number == order.order_number and payment.amount.currency == order.total.currency
    )
    return tuple(sorted(found, key=lambda payment: (payment.captured_at, payment.payment_id)))


def left_of(payments: Iterable[Payment]) -> int:
    """Return the rest of the captured amount, in minor units."""
    return sum(max(0, payment.amount.amount_minor - payment.refunded_minor) for payment in payments)


def _judge(
    item: Item,
    order: Order,
    payments: tuple[Payment, ...],
    refunds: tuple[Refund, ...],
    terms: RefundTerms,
    at: datetime,
    language: str,
) -> Claim | _Refused:
    if barred := _barred(order, payments, refunds, language):
        return barred
    texts, number = support_texts(language), order.order_number
    every_line = frozenset(range(len(order.lines)))
    asked = amount_asked(item, order.total.currency)
    if order.status == "cancelled":
        text = texts.refund_of_cancelled.format(number=number)
        return Claim(item, "refund.cancelled", text, every_line, asked, is_specific=asked is not None)
    if order.status in _ON_ITS_WAY or order.delivered_at is None:
        text = texts.not_delivered.format(number=number)
        return _Refused("refund.not_delivered", text)
    is_damaged = item.kind in terms.damaged_asks or bool(says(item.text, terms.damaged_phrases))
    named = lines_named(item, order)
    concerned = named or every_line
    lines = concerned if is_damaged else frozenset(i for i in concerned if not order.lines[i].final_sale)
    rule, window = _RULE[is_damaged], terms.damaged_window if is_damaged else terms.window
    late = _too_late(rule, order.delivered_at, window, at, number, language)
    if refused := late or _spent(order, lines, payments, refunds, language):
        return refused
    text = texts.refundable_until.format(
        number=number,
        day=format_day(order.delivered_at, language),
        until=format_day(order.delivered_at + window, language),
    )
    return Claim(item, rule, text, lines, asked, is_specific=asked is not None or bool(named))


def _barred(
    order: Order, payments: tuple[Payment, ...], refunds: tuple[Refund, ...], language: str
) -> _Refused | None:
    """Return the refusal if the payment has no refundable rest, for any request."""
    texts, number = support_texts(language), order.order_number
    if not payments:
        text = texts.no_payment.format(number=number)
        return _Refused("refund.no_payment", text)
    if left_of(payments) <= 0:
        text = texts.refunded_in_full.format(number=number, when=_on(refunds, number, language))
        return _Refused("refund.already_refunded", text)
    return None


def _spent(
    order: Order,
    lines: frozenset[int],
    payments: tuple[Payment, ...],
    refunds: tuple[Refund, ...],
    language: str,
) -> _Refused | None:
    """Return the refusal if these lines have no refundable rest."""
    texts, number = support_texts(language), order.order_number
    if not lines:
        text = texts.final_sale.format(number=number)
        return _Refused("refund.final_sale", text)
    if refundable(order, lines, payments) <= 0:
        text = texts.refunded_already.format(number=number, when=_on(refunds, number, language))
        return _Refused("refund.already_refunded", text)
    return None


def _too_late(
    rule: str, delivered_at: datetime, window: timedelta, at: datetime, number: str, language: str
) -> _Refused | None:
    end = delivered_at + window
    if at.astimezone(end.tzinfo).date() <= end.date():
        return None
    text = support_texts(language).too_late.format(
        number=number,
        day=format_day(delivered_at, language),
        until=format_day(end, language),
        count=window.days,
    )
    return _Refused(rule, text)


def _on(refunds: Iterable[Refund], number: str, language: str) -> str:
    days = [refund.created_at for refund in refunds if _stands(refund, number)]
    return support_texts(language).last_on.format(day=format_day(max(days), language)) if days else ""


def _stands(refund: Refund, number: str) -> bool:
    return refund.order_number == number and refund.status == "succeeded"


def _allocate(
    order: Order, payments: tuple[Payment, ...], claims: Sequence[Claim], overrides: Mapping[str, int]
) -> dict[str, int]:
    """Return minor units by payment id: the sum of the claims, taken from the oldest payment first."""
    if not claims:
        return {}
    # A requester who names a part of an order in one sentence and 'a refund' in another means that part.
    specific = [_wanted(claim, order, payments) for claim in claims if claim.is_specific]
    wanted = sum(specific) if specific else max(_wanted(claim, order, payments) for claim in claims)
    all_lines = frozenset[int]().union(*(claim.lines for claim in claims))
    total = min(wanted, refundable(order, all_lines, payments))
    amounts: dict[str, int] = {}
    for payment in payments:
        left = left_of((payment,))
        share = min(total, left)
        total -= share
        if share > 0:
            amounts[payment.payment_id] = min(overrides.get(payment.payment_id, share), left)
    return amounts


def _wanted(claim: Claim, order: Order, payments: tuple[Payment, ...]) -> int:
    most = refundable(order, claim.lines, payments)
    return most if claim.asked is None else min(claim.asked, most)


def _allowed(
    claim: Claim, order: Order, payments: tuple[Payment, ...], amounts: Mapping[str, int], language: str
) -> list[RefundDecision]:
    return [
        RefundDecision(
            item_id=claim.item.item_id,
            order_number=order.order_number,
            payment_id=payment_id,
            eligible=True,
            amount=Money(amount_minor=minor, currency=order.total.currency),
            rule=claim.rule,
            text=claim.text,
            note=_note(claim, order, payments, language),
            evidence_ids=_evidence(order, (payment_id,)),
        )
        for payment_id, minor in amounts.items()
    ]


def _note(claim: Claim, order: Order, payments: tuple[Payment, ...], language: str) -> str:
    most = refundable(order, claim.lines, payments)
    if claim.asked is not None and claim.asked > most:
        limit = format_money(Money(amount_minor=most, currency=order.total.currency), language)
        return support_texts(language).less_than_asked.format(number=order.order_number, limit=limit)
    if claim.asked is None and any(
        line.final_sale for i, line in enumerate(order.lines) if i not in claim.lines
    ):
        return support_texts(language).final_sale_left_out
    return ""


def _refused(item: Item, order: Order, payments: tuple[Payment, ...], judgement: _Refused) -> RefundDecision:
    return RefundDecision(
        item_id=item.item_id,
        order_number=order.order_number,
        payment_id=payments[0].payment_id if payments else None,
        eligible=False,
        amount=None,
        rule=judgement.rule,
        text=judgement.text,
        evidence_ids=_evidence(order, [payment.payment_id for payment in payments]),
    )


def _evidence(order: Order, payment_ids: Iterable[str]) -> tuple[str, ...]:
    return (
        f"order_history.order.{order.order_number}",
        *(f"order_history.payment.{payment_id}" for payment_id in payment_ids),
    )

"""Refund rules: who gets what, why not, and never more than is left."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desks.support.models.facts import RefundDecision
from desks.support.models.records import Order, Payment
from desks.support.rules.refund_amounts import amount_asked
from desks.support.rules.refunds import decide, left_of
from dispatch.models.request.item import Item
from tests.support_desk import NOW, TERMS, days, eur, facts_of, item, line, order, payment, refund

LAMP, DESK, SCARF = (
    line("Desk lamp", 4990),
    line("Oak desk", 20000),
    line("Wool scarf", 3000, final_sale=True),
)


def decided(
    one: Order,
    *items: Item,
    payments: tuple[Payment, ...] = (payment(),),
    overrides: dict[str, int] | None = None,
) -> tuple[RefundDecision, ...]:
    asked = items or (item(),)
    facts = facts_of((one,), payments, {each.item_id: one.order_number for each in asked})
    return decide(asked, facts, TERMS, NOW, overrides)


def test_a_delivered_order_within_the_window_is_refunded_in_full() -> None:
    """The plain case gives all that was captured, and cites the window."""
    (decision,) = decided(order())
    assert (decision.eligible, decision.amount, decision.rule) == (True, eur(4990), "refund.window")
    assert decision.evidence_ids == ("order_history.order.DD-10001", "order_history.payment.PAY-1")


@pytest.mark.parametrize(("age", "eligible"), [(30.4, True), (31, False)])
def test_the_window_ends_with_its_last_day(age: float, *, eligible: bool) -> None:
    """A refund asked for at any hour of the 30th day is in time; on the 31st it is not."""
    (decision,) = decided(order(delivered_at=NOW - days(age)))
    assert (decision.eligible, decision.rule) == (eligible, "refund.window")


def test_an_ask_for_damaged_goods_needs_no_further_word() -> None:
    """Where the playbook sorted an item under damage, its text need not say so again."""
    facts = facts_of((order(delivered_at=NOW - days(60)),), (payment(),), {"item-1": "DD-10001"})
    terms = TERMS.model_copy(update={"damaged_asks": ("damaged_item",)})
    (decision,) = decide((item("See the subject.", kind="damaged_item"),), facts, terms, NOW)
    assert (decision.eligible, decision.rule) == (True, "refund.damaged_window")


def test_damaged_goods_have_a_window_of_their_own() -> None:
    """What arrived broken is judged by the longer window, and refused by its own rule after it."""
    broken = item("It arrived broken, please refund.")
    (within,) = decided(order(delivered_at=NOW - days(60)), broken)
    (after,) = decided(order(delivered_at=NOW - days(91)), broken)
    assert (within.eligible, within.rule) == (True, "refund.damaged_window")
    assert (after.eligible, after.rule, after.amount) == (False, "refund.damaged_window", None)
    assert "6 August 2026" in after.text


@pytest.mark.parametrize(
    ("one", "payments", "rule"),
    [
        (order(status="shipped", delivered_at=None), (payment(),), "refund.not_delivered"),
        (order(status="delivered", delivered_at=None), (payment(),), "refund.not_delivered"),
        (order(), (), "refund.no_payment"),
        (order(status="cancelled", delivered_at=None), (), "refund.no_payment"),
        (order(), (payment(4990, 4990),), "refund.already_refunded"),
        (order(lines=(SCARF,)), (payment(3000),), "refund.final_sale"),
    ],
)
def test_each_refusal_names_its_rule(one: Order, payments: tuple[Payment, ...], rule: str) -> None:
    """Every refusal says which rule it rests on and why, and moves no money."""
    (decision,) = decided(one, payments=payments)
    assert (decision.eligible, decision.amount, decision.rule) == (False, None, rule)
    assert one.order_number in decision.text


def test_a_refund_made_earlier_is_dated() -> None:
    """Who has had the money back is told when."""
    facts = facts_of((order(),), (payment(4990, 4990),), {"item-1": "DD-10001"}, refunds=(refund(4990),))
    (decision,) = decide((item(),), facts, TERMS, NOW)
    assert "last on 3 November 2026" in decision.text


def test_a_cancelled_order_gives_its_payment_back() -> None:
    """A payment that is still held for a cancelled order is owed, whatever the window."""
    (decision,) = decided(order(status="cancelled", delivered_at=None, placed_at=NOW - days(300)))
    assert (decision.eligible, decision.amount, decision.rule) == (True, eur(4990), "refund.cancelled")


def test_only_the_remainder_of_a_partly_refunded_payment_is_given() -> None:
    """What was given back before is not given twice."""
    (decision,) = decided(order(), payments=(payment(4990, 2000),))
    assert decision.amount == eur(2990)


@pytest.mark.parametrize(("asked", "given_minor"), [("EUR 20", 2000), ("€49.90", 4990), ("80,00 €", 4990)])
def test_a_stated_amount_only_ever_lowers_the_refund(asked: str, given_minor: int) -> None:
    """Asking for less is honoured, asking for more is not, and the customer is told."""
    (decision,) = decided(order(), item(f"Please refund {asked}."))
    assert decision.amount == eur(given_minor)
    assert bool(decision.note) == (asked == "80,00 €")


@pytest.mark.parametrize(
    ("text", "minor"),
    [
        ("I paid EUR 80, please refund EUR 20.", 2000),
        ("I paid EUR 80 and EUR 5 for shipping.", None),
        ("I paid EUR 80.00 and want EUR 30.00 back.", 3000),
        ("Please refund me only the sum of 12,50 € of my EUR 80", 1250),
        ("Refund USD 20", None),
        ("Refund EUR 0", None),
    ],
)
def test_the_amount_asked_for_is_told_from_the_amount_paid(text: str, minor: int | None) -> None:
    """Of several amounts only the one to be given back counts; where that is unclear, none does."""
    assert amount_asked(item(text), "EUR") == minor


def test_final_sale_lines_are_left_out_unless_they_are_damaged() -> None:
    """A mixed order gives back what may be returned; damage lifts the final sale."""
    mixed = order(lines=(LAMP, SCARF))
    (plain,) = decided(mixed, payments=(payment(7990),))
    (broken,) = decided(mixed, item("All of it was damaged, refund please."), payments=(payment(7990),))
    assert (plain.amount, broken.amount) == (eur(4990), eur(7990))
    assert "final sale" in plain.note


def test_a_named_article_limits_the_refund_to_its_price() -> None:
    """Who asks for the lamp of a larger order is not given the desk's price as well."""
    both = order(lines=(LAMP, DESK))
    (decision,) = decided(both, item("Please refund the desk lamp."), payments=(payment(24990),))
    assert decision.amount == eur(4990)


def test_an_earlier_refund_counts_against_a_named_article() -> None:
    """Records do not tell which article a refund was for, so the same one is never refunded twice."""
    both = order(lines=(LAMP, DESK))
    (decision,) = decided(both, item("Please refund the desk lamp."), payments=(payment(24990, 4990),))
    assert (decision.eligible, decision.rule) == (False, "refund.already_refunded")


def test_two_items_on_one_payment_share_its_amount() -> None:
    """Two articles of one order are one refund on its one payment, of both their prices."""
    asked = (item("Refund the desk lamp."), item("Refund the oak desk too.", number=2))
    first, second = decided(order(lines=(LAMP, DESK)), *asked, payments=(payment(24990),))
    assert first.amount == second.amount == eur(24990)
    assert (first.item_id, second.item_id, second.payment_id) == ("item-1", "item-2", "PAY-1")


def test_an_order_paid_in_two_parts_is_refunded_on_both() -> None:
    """A refund larger than one payment is taken from the oldest first, and the rest from the next."""
    parts = (payment(3000, payment_id="PAY-1"), payment(1990, payment_id="PAY-2"))
    decisions = decided(order(), item("Please refund EUR 40."), payments=parts)
    assert [(d.payment_id, d.amount) for d in decisions] == [("PAY-1", eur(3000)), ("PAY-2", eur(1000))]


def test_a_person_s_amount_replaces_ours_up_to_what_is_left() -> None:
    """An approver may give more or less than the rules do, and never more than is left of the payment."""
    asked = item("Please refund EUR 20.")
    amounts = [decided(order(), asked, overrides={"PAY-1": minor})[0].amount for minor in (500, 3000, 9999)]
    assert amounts == [eur(500), eur(3000), eur(4990)]


def test_items_without_a_known_order_are_not_decided() -> None:
    """Nothing is decided on what was not found."""
    assert decide((item(),), facts_of((), (), {}), TERMS, NOW) == ()


MINOR = st.integers(1, 100_000)


@given(
    captured=st.lists(st.tuples(MINOR, st.floats(0, 1)), min_size=1, max_size=3),
    prices=st.lists(st.tuples(MINOR, st.booleans()), min_size=1, max_size=4),
    texts=st.lists(
        st.one_of(
            st.sampled_from(["refund please", "it is broken", "article 1 back"]),
            MINOR.map(lambda minor: f"refund EUR {minor / 100:.2f}"),
        ),
        min_size=1,
        max_size=4,
    ),
    override=st.none() | st.integers(1, 1_000_000),
    age=st.integers(0, 120),
)
def test_a_refund_never_exceeds_what_was_captured_and_not_refunded(
    captured: list[tuple[int, float]],
    prices: list[tuple[int, bool]],
    texts: list[str],
    override: int | None,
    age: int,
) -> None:
    """Whatever is asked, by however many items or by a person, no payment gives back more than is left of it."""
    lines = tuple(line(f"Article {i}", minor, final_sale=final) for i, (minor, final) in enumerate(prices, 1))
    payments = tuple(
        payment(minor, int(minor * share), payment_id=f"PAY-{i}")
        for i, (minor, share) in enumerate(captured, 1)
    )
    asked = tuple(item(text, number=i) for i, text in enumerate(texts, 1))
    one = order(lines=lines, delivered_at=NOW - timedelta(days=age))
    decisions = decided(one, *asked, payments=payments, overrides={"PAY-1": override} if override else {})
    for paid in payments:
        amounts = {d.amount for d in decisions if d.payment_id == paid.payment_id and d.amount is not None}
        assert len(amounts) <= 1
        assert all(0 < amount.amount_minor <= left_of((paid,)) for amount in amounts)
    assert {decision.item_id for decision in decisions} == {each.item_id for each in asked}
    assert all((decision.amount is None) != decision.eligible for decision in decisions)

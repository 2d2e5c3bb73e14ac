"""The refund specialist: one action for each payment, refusals with their rule, and a person's word on amounts."""

from datetime import datetime
from typing import Any

import pytest

from activities.contracts import Systems
from desks.support.models.facts import OrderFacts, RefundFacts
from desks.support.specialists.refund_policy import RefundPolicy
from dispatch.models.request.item import Item
from dispatch.models.work.finding import Finding, FindingStatus
from dispatch.models.work.guidance import Guidance
from tests.support_desk import (
    CUSTOMER,
    NOW,
    TERMS,
    brief,
    days,
    facts_of,
    handoff,
    item,
    order,
    order_finding,
    payment,
)

CONFIG: dict[str, Any] = TERMS.model_dump(mode="json")
ONE = facts_of((order(),), (payment(),), {"item-1": "DD-10001"})


async def examine(
    facts: OrderFacts | None,
    *items: Item,
    guidance: tuple[Guidance, ...] = (),
    asked_at: datetime | None = None,
) -> Finding:
    findings = () if facts is None else (order_finding(facts),)
    # It reaches nothing, so it must work without clients.
    specialist = RefundPolicy(Systems())
    task = brief(*(items or (item(),)), findings=findings, guidance=guidance, config=CONFIG)
    return await specialist.examine(task.model_copy(update={"asked_at": asked_at}))


def said(decision_id: str = "d-1", **values: Any) -> Guidance:
    return Guidance(by="anna", decision_id=decision_id, edits={"issue_refund/payment PAY-1": values})


async def test_an_eligible_refund_becomes_one_action_with_all_its_parameters() -> None:
    """The recommended action carries everything that the refund will do, and what it rests on."""
    finding = await examine(ONE)
    (action,) = finding.recommended
    assert (action.name, action.subject, action.item_ids) == (
        "issue_refund",
        "payment PAY-1",
        ("item-1",),
    )
    assert action.parameters == {
        "payment_id": "PAY-1",
        "order_number": "DD-10001",
        "customer_id": CUSTOMER.customer_id,
        "amount_minor": 4990,
        "currency": "EUR",
        "reason": action.parameters["reason"],
    }
    assert action.evidence_ids == (
        "order_history.order.DD-10001",
        "order_history.payment.PAY-1",
        "refund_policy.item-1",
        "refund_policy.request.item-1",
    )
    (said,) = (e for e in finding.evidence if e.source == "request")
    assert (said.reference, said.text) == ("item-1", "Please refund my order.")


async def test_two_items_on_one_payment_are_one_action() -> None:
    """One payment has one effect, which serves both items."""
    facts = ONE.model_copy(update={"by_item": {"item-1": "DD-10001", "item-2": "DD-10001"}})
    finding = await examine(facts, item(), item(number=2))
    (action,) = finding.recommended
    assert action.item_ids == ("item-1", "item-2")
    assert action.parameters["amount_minor"] == 4990


async def test_refunds_on_two_orders_are_two_actions() -> None:
    """Several refunds on several orders are several effects, each with its own subject."""
    facts = facts_of(
        (order(), order("DD-10002")),
        (payment(), payment(1200, number="DD-10002", payment_id="PAY-2")),
        {"item-1": "DD-10001", "item-2": "DD-10002"},
    )
    finding = await examine(facts, item(), item(number=2))
    assert {(a.subject, a.parameters["amount_minor"]) for a in finding.recommended} == {
        ("payment PAY-1", 4990),
        ("payment PAY-2", 1200),
    }


async def test_a_window_is_judged_by_when_it_was_asked() -> None:
    """A customer who wrote in time is not refused because the mail waited."""
    late = facts_of((order(delivered_at=NOW - days(31)),), (payment(),), {"item-1": "DD-10001"})
    assert (await examine(late)).refusals
    assert (await examine(late, asked_at=NOW - days(2))).recommended


async def test_a_refusal_cites_its_rule_and_its_evidence() -> None:
    """What is refused is refused by a rule that can be read, on evidence that is there."""
    late = facts_of((order(delivered_at=NOW - days(45)),), (payment(),), {"item-1": "DD-10001"})
    finding = await examine(late)
    (refusal,) = finding.refusals
    assert (refusal.item_id, refusal.rule, finding.recommended) == ("item-1", "refund.window", ())
    assert refusal.evidence_ids[-1] == "refund_policy.item-1"
    assert any(e.reference == "refund.window" and refusal.reason in e.text for e in finding.evidence)


async def test_an_approver_s_amount_is_followed_with_the_decision_as_evidence() -> None:
    """The latest edit sets the amount in the action and in the facts, and says whose word it was."""
    finding = await examine(ONE, guidance=(said("d-1", amount_minor=1000), said("d-2", amount_minor=2500)))
    (action,) = finding.recommended
    (decision,) = RefundFacts.model_validate(finding.facts).decisions
    assert decision.amount is not None
    assert action.parameters["amount_minor"] == decision.amount.amount_minor == 2500
    (evidence,) = (e for e in finding.evidence if e.source == "decision")
    assert (evidence.reference, evidence.evidence_id) == ("d-2", "refund_policy.decision.d-2")
    assert "anna set" in evidence.text
    assert evidence.evidence_id in action.evidence_ids


async def test_an_approver_cannot_give_more_than_is_left() -> None:
    """An edit above the remainder comes to the remainder, and the evidence says so."""
    finding = await examine(ONE, guidance=(said(amount_minor=9900),))
    assert finding.recommended[0].parameters["amount_minor"] == 4990
    assert any("EUR 49.90 is all that is left" in e.text for e in finding.evidence)


@pytest.mark.parametrize("value", [0, -1, "100", True, 10.5, None])
async def test_an_edit_that_is_no_amount_changes_nothing(value: Any) -> None:
    """Only a positive whole number of minor units is an amount."""
    finding = await examine(ONE, guidance=(said(amount_minor=value),))
    assert finding.recommended[0].parameters["amount_minor"] == 4990
    assert not any(e.source == "decision" for e in finding.evidence)


@pytest.mark.parametrize("facts", [None, OrderFacts()])
async def test_without_order_history_nothing_is_decided(facts: OrderFacts | None) -> None:
    """Records that were not read make it unavailable, which is not the same as nothing found."""
    if facts is None:
        assert (await examine(None)).status is FindingStatus.UNAVAILABLE
    else:
        assert (await examine(facts)).status is FindingStatus.NOTHING


async def test_an_unavailable_order_history_makes_it_unavailable() -> None:
    """A failure passes on; it never turns into a refusal or a refund."""
    down = Finding(
        handoff=handoff(), specialist="order_history", status=FindingStatus.UNAVAILABLE, summary="down"
    )
    specialist = RefundPolicy(Systems())
    finding = await specialist.examine(brief(item(), findings=(down,), config=CONFIG))
    assert (finding.status, finding.recommended, finding.refusals) == (FindingStatus.UNAVAILABLE, (), ())


async def test_items_of_other_kinds_are_left_alone() -> None:
    """Only what the playbook gives it is decided here."""
    finding = await examine(ONE, item(kind="order_status"))
    assert (finding.status, finding.recommended, finding.refusals) == (FindingStatus.NOTHING, (), ())


@pytest.mark.parametrize(
    "text",
    [
        "Please do not refund my order.",
        "Thank you for the refund of my order.",
        "I have not received my refund for my order.",
        "If the lamp is not here on Friday I want a refund.",
        "My lamp arrived broken.",
    ],
)
async def test_what_is_not_plainly_asked_for_is_neither_given_nor_refused(text: str) -> None:
    """A refund that is only spoken of is for a person, whatever the records would allow."""
    finding = await examine(ONE, item(text))
    assert (finding.status, finding.recommended, finding.refusals) == (FindingStatus.AMBIGUOUS, (), ())
    assert finding.summary == "item-1: no refund was plainly asked for"


async def test_one_item_that_takes_it_back_stops_the_others() -> None:
    """A mail that both asks for a refund and forbids it grants none, in any order of its items."""
    facts = ONE.model_copy(update={"by_item": {"item-1": "DD-10001", "item-2": "DD-10001"}})
    finding = await examine(facts, item(), item("Please do not refund it after all.", number=2))
    assert (finding.status, finding.recommended) == (FindingStatus.AMBIGUOUS, ())


async def test_an_item_that_asks_is_served_beside_one_that_does_not() -> None:
    """What is plainly asked for is recommended; the other item is left to a person."""
    facts = facts_of(
        (order(), order("DD-10002")),
        (payment(), payment(1200, number="DD-10002", payment_id="PAY-2")),
        {"item-1": "DD-10001", "item-2": "DD-10002"},
    )
    finding = await examine(facts, item(), item("The mug of DD-10002 is broken.", number=2))
    assert (finding.status, [a.subject for a in finding.recommended]) == (
        FindingStatus.AMBIGUOUS,
        ["payment PAY-1"],
    )

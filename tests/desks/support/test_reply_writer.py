"""The reply writer: every item covered, from findings only, and nothing given away."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activities.contracts import Systems
from desks.support.models.facts import OrderFacts, RefundFacts, ReplyTerms
from desks.support.models.records import Order
from desks.support.rules.refunds import decide
from desks.support.rules.replies import write
from desks.support.specialists.reply_writer import ReplyWriter
from dispatch.models.request.item import Item
from dispatch.models.work.finding import (
    Finding,
    FindingStatus,
    RecommendedAction,
    Refusal,
    ReviewException,
    Statement,
)
from dispatch.models.work.guidance import Guidance
from dispatch.models.work.severity import Severity
from tests.support_desk import (
    ASKS,
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
    refund,
)

CONFIG: dict[str, Any] = {"refund_days": 5}


async def examine(*items: Item, findings: tuple[Finding, ...] = (), **more: Any) -> Finding:
    # It reaches nothing, so it must work without clients.
    writer = ReplyWriter(Systems())
    return await writer.examine(brief(*items, findings=findings, config=CONFIG, **more))


def refund_finding(facts: OrderFacts, *items: Item) -> Finding:
    """Return what refund_policy hands on for these items."""
    decisions = decide(items, facts, TERMS, NOW)
    refused = [d for d in decisions if not d.eligible]
    return Finding(
        handoff=handoff(),
        specialist="refund_policy",
        status=FindingStatus.FOUND,
        summary="decided",
        facts=RefundFacts(decisions=decisions).model_dump(mode="json"),
        refusals=tuple(
            Refusal(item_id=d.item_id, reason=d.text, rule=d.rule, evidence_ids=d.evidence_ids)
            for d in refused
        ),
    )


def status_of(one: Order, **more: Any) -> tuple[Finding, ...]:
    return (order_finding(facts_of((one,), (payment(),), {"item-1": one.order_number}, **more)),)


WHERE = item("Where is my order?", kind="order_status")


async def test_a_refund_is_announced_with_amount_order_and_days() -> None:
    """The announcement says what is done, on what, and until when, and cites the decision."""
    facts = facts_of((order(),), (payment(),), {"item-1": "DD-10001"})
    finding = await examine(item(), findings=(order_finding(facts), refund_finding(facts, item())))
    (said,) = finding.statements
    assert said.text == (
        "We are refunding EUR 49.90 for order DD-10001; it reaches your account within 5 days."
    )
    assert said.item_ids == ("item-1",)
    assert said.evidence_ids[-1] == "refund_policy.item-1"
    assert finding.refusals == ()


async def test_two_items_on_one_payment_are_announced_once() -> None:
    """One refund is told once, for both items that it serves."""
    facts = facts_of((order(),), (payment(),), {"item-1": "DD-10001", "item-2": "DD-10001"})
    both = (item(), item(number=2))
    finding = await examine(*both, findings=(order_finding(facts), refund_finding(facts, *both)))
    (said,) = finding.statements
    assert said.item_ids == ("item-1", "item-2")


async def test_two_payments_of_one_order_are_told_apart() -> None:
    """Equal shares of two payments are two announcements, not one that hides the other."""
    parts = (payment(2495, payment_id="PAY-1"), payment(2495, payment_id="PAY-2"))
    facts = facts_of((order(),), parts, {"item-1": "DD-10001"})
    finding = await examine(item(), findings=(order_finding(facts), refund_finding(facts, item())))
    assert [said.text.count("EUR 24.95") for said in finding.statements] == [1, 1]
    assert "PAY-1" in finding.statements[0].text
    assert "PAY-2" in finding.statements[1].text


async def test_a_refused_refund_is_stated_in_the_rule_s_words() -> None:
    """A refusal by the refund rules is told once, and stays theirs: no second refusal is made of it."""
    facts = facts_of((order(delivered_at=NOW - days(45)),), (payment(),), {"item-1": "DD-10001"})
    finding = await examine(item(), findings=(order_finding(facts), refund_finding(facts, item())))
    (said,) = finding.statements
    assert "21 October 2026" in said.text
    assert finding.refusals == ()


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            {"status": "shipped", "expected_at": NOW + days(2), "tracking_url": "https://track.example/1"},
            (
                "Your order DD-10001, placed on 28 October 2026, has been shipped and is on its way to you. We expect it to "
                "reach you by 7 November 2026. You can follow it here: https://track.example/1"
            ),
        ),
        (
            {"status": "shipped", "expected_at": NOW - days(3)},
            (
                "Your order DD-10001, placed on 28 October 2026, has been shipped and is on its way to you. It was expected "
                "by 2 November 2026 and is late."
            ),
        ),
        (
            {"status": "delivered", "delivered_at": NOW - days(5)},
            "Your order DD-10001 was delivered on 31 October 2026.",
        ),
        ({"status": "cancelled"}, "Your order DD-10001, placed on 28 October 2026, was cancelled."),
    ],
)
async def test_an_order_s_status_is_told_with_dates_and_link(changes: dict[str, Any], expected: str) -> None:
    """Where the order is, what comes next, and where to follow it; no date that can be read in two ways."""
    shown = order(**{"delivered_at": None, **changes})
    finding = await examine(WHERE, findings=status_of(shown))
    (said,) = finding.statements
    assert said.text == expected
    assert said.evidence_ids == ("order_history.order.DD-10001",)


async def test_a_refund_made_earlier_is_part_of_the_status() -> None:
    """A customer who asks about an order learns of its refund, with the refund as evidence."""
    finding = await examine(WHERE, findings=status_of(order(), refunds=(refund(1500),)))
    assert "EUR 15.00 was refunded on 3 November 2026." in finding.statements[0].text
    assert "order_history.refund.RF-1" in finding.statements[0].evidence_ids


async def test_standing_answers_and_refusals_are_the_playbook_s_words() -> None:
    """An answer covers its item; a refusal is stated and recorded with its rule."""
    hours, discount = item("Open?", kind="opening_hours"), item("Discount?", number=2, kind="discount")
    finding = await examine(hours, discount)
    assert [(s.text, s.item_ids) for s in finding.statements] == [
        ("We are open from Monday to Friday.", ("item-1",)),
        ("We do not give discounts.", ("item-2",)),
    ]
    assert [(r.item_id, r.rule) for r in finding.refusals] == [("item-2", "intents.discount")]
    assert {e.source for e in finding.evidence} == {"playbook"}


def test_items_of_one_intent_keep_their_own_values() -> None:
    """Each paragraph is filled with its item's value and cites evidence that says the same; a value is not filled again."""
    ask = ASKS["opening_hours"].model_copy(update={"answer": "{order_number} can be seen on weekdays."})
    items = (
        item("One?", kind="opening_hours", order_number="DD-1"),
        item("Two?", number=2, kind="opening_hours", order_number="{order_number} {x"),
    )
    written = write(
        brief(*items).model_copy(update={"intents": {"opening_hours": ask}}),
        ReplyTerms.model_validate(CONFIG),
    )
    assert [said.text for said in written.statements] == [
        "DD-1 can be seen on weekdays.",
        "{order_number} {x can be seen on weekdays.",
    ]
    texts = {evidence.evidence_id: evidence.text for evidence in written.evidence}
    assert [texts[e] for said in written.statements for e in said.evidence_ids] == [
        said.text for said in written.statements
    ]


async def test_nothing_found_reads_the_same_whoever_asks() -> None:
    """An unknown sender and a customer who names another's order get one text, which cites no record."""
    unknown = order_finding(OrderFacts(), FindingStatus.NOTHING)
    foreign = order_finding(facts_of((), (), {}), FindingStatus.NOTHING)
    asked = item("Where is DD-10099?", kind="order_status", order_number="DD-10099")
    first, second = [await examine(asked, findings=(f,)) for f in (unknown, foreign)]
    assert first.statements == second.statements
    (said,) = first.statements
    assert "DD-10099" not in said.text
    assert said.evidence_ids == ("reply_writer.order.not_found",)
    assert [(r.item_id, r.rule) for r in first.refusals] == [("item-1", "order.not_found")]


async def test_an_ambiguous_order_is_a_stated_refusal_without_the_candidates() -> None:
    """Which orders it might be is for the desk to know; the requester is asked to name one."""
    facts = OrderFacts(candidates={"item-1": ("DD-10001", "DD-10002")})
    finding = await examine(WHERE, findings=(order_finding(facts, FindingStatus.AMBIGUOUS),))
    assert [r.rule for r in finding.refusals] == ["order.ambiguous"]
    assert "DD-1000" not in finding.statements[0].text


async def test_an_unavailable_specialist_leaves_its_items_uncovered() -> None:
    """What was not examined is neither answered nor refused."""
    down = Finding(
        handoff=handoff(), specialist="order_history", status=FindingStatus.UNAVAILABLE, summary="down"
    )
    finding = await examine(WHERE, findings=(down,))
    assert (finding.status, finding.statements, finding.refusals) == (FindingStatus.NOTHING, (), ())


async def test_what_a_person_wrote_for_the_desk_is_no_text_for_the_customer() -> None:
    """Guidance adds no paragraph, covers no item and is no evidence."""
    words = Guidance(by="anna", decision_id="d-1", text="We will call you.\nOn Monday.")
    finding = await examine(
        item("Open?", kind="opening_hours"), item("Odd?", number=2, kind="other"), guidance=(words,)
    )
    assert [said.item_ids for said in finding.statements] == [("item-1",)]
    assert "call you" not in finding.model_dump_json(include={"statements", "evidence"})


async def test_an_edit_s_guidance_adds_no_paragraph() -> None:
    """Exact values are followed elsewhere; they are not words for the customer."""
    edit = Guidance(by="anna", decision_id="d-1", edits={"send_reply/reply": {"text": "Dear Ada"}})
    finding = await examine(item("Open?", kind="opening_hours"), guidance=(edit,))
    assert [said.text for said in finding.statements] == ["We are open from Monday to Friday."]


async def test_a_draft_found_too_long_is_cut_to_its_essentials() -> None:
    """The reviewer's word shortens the desk's own wording; where the order is and the link stay."""
    flagged = ReviewException(
        reviewer="reply_standards", standard="reply.length", severity=Severity.MINOR, text="too long"
    )
    shipped = order(
        status="shipped",
        delivered_at=None,
        expected_at=NOW + days(2),
        tracking_url="https://track.example/1",
    )
    finding = await examine(WHERE, findings=status_of(shipped), exceptions=(flagged,))
    (said,) = finding.statements
    assert "We expect" not in said.text
    assert "on its way" in said.text
    assert said.text.endswith("https://track.example/1")


async def test_items_that_another_specialist_wrote_on_are_left_to_it() -> None:
    """A newcomer's paragraph stands; the writer does not write a second."""
    theirs = Finding(
        handoff=handoff(),
        specialist="newcomer",
        status=FindingStatus.FOUND,
        summary="wrote",
        statements=(Statement(text="Ours.", item_ids=("item-1",), evidence_ids=("newcomer.1",)),),
    )
    finding = await examine(item("Open?", kind="opening_hours"), findings=(theirs,))
    assert finding.statements == ()


KINDS = st.sampled_from(sorted(ASKS))


@given(
    kinds=st.lists(KINDS, min_size=1, max_size=6),
    found=st.sets(st.integers(1, 6)),
    open_to_doubt=st.sets(st.integers(1, 6)),
    age=st.integers(0, 60),
    status=st.sampled_from(["placed", "paid", "shipped", "delivered", "returned", "cancelled"]),
    refunded=st.sampled_from([0, 1000, 4990]),
)
def test_every_item_of_a_known_kind_is_covered(
    kinds: list[str], found: set[int], open_to_doubt: set[int], age: int, status: str, refunded: int
) -> None:
    """Whatever was found, each item has a paragraph with evidence, and is told either yes or no, not both."""
    items = tuple(item("Please.", number=i, kind=kind) for i, kind in enumerate(kinds, 1))
    orders = [each.item_id for i, each in enumerate(items, 1) if i in found]
    doubtful = {each.item_id: () for i, each in enumerate(items, 1) if i in open_to_doubt - found}
    one = order(status=status, delivered_at=NOW - days(age) if status == "delivered" else None)
    facts = facts_of(
        (one,), (payment(4990, refunded),), dict.fromkeys(orders, one.order_number), candidates=doubtful
    )
    refunds = [each for each in items if each.kind == "refund"]
    findings = (order_finding(facts), refund_finding(facts, *refunds))
    written = write(brief(*items, findings=findings), ReplyTerms(refund_days=5))
    covered = [item_id for said in written.statements for item_id in said.item_ids]
    assert sorted(covered) == sorted(each.item_id for each in items)
    assert all(said.evidence_ids and said.text for said in written.statements)
    refused = {refusal.item_id for refusal in (*written.refusals, *findings[1].refusals)}
    announced = {i for said in written.statements if "We are refunding" in said.text for i in said.item_ids}
    assert not refused & announced


def test_a_model_words_what_an_order_s_state_is_and_nothing_that_weighs() -> None:
    """The state may be told in other words; the refund that is announced beside it is not even shown."""
    facts = facts_of((order(),), (payment(),), {"item-1": "DD-10001", "item-2": "DD-10001"})
    where = item("Where is my order?", number=2, kind="order_status")
    refunds = refund_finding(facts, item())
    recommended = RecommendedAction(
        name="issue_refund", subject="payment", parameters={}, item_ids=("item-1",), why="", evidence_ids=()
    )
    findings = (order_finding(facts), refunds.model_copy(update={"recommended": (recommended,)}))
    asked = brief(item(), where, findings=findings, config=CONFIG)
    writer = ReplyWriter(Systems())
    form = writer.form(asked)
    assert form is not None
    [block] = form.data
    by_rules = writer.filled(asked, {})
    assert by_rules.statements[0].text.startswith("We are refunding EUR 49.90")
    assert block.text == by_rules.statements[1].text
    assert form.check({block.name: block.text.replace("DD-10001", "DD-10002")})
    anew = "We delivered your order DD-10001 on 31 October 2026."
    assert form.check({block.name: anew}) == []
    by_model = writer.filled(asked, {block.name: anew})
    assert by_model.statements[1] == by_rules.statements[1].model_copy(update={"text": anew})
    assert by_model.model_copy(update={"statements": by_rules.statements}) == by_rules

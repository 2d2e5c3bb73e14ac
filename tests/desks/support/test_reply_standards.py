"""Reply standards: a good draft has no exception, each broken standard is named, and every author is judged alike."""

from time import thread_time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from activities.contracts import Systems
from desks.support.models.facts import RefundFacts, ReplyTerms
from desks.support.reviewers.reply_standards import ReplyStandards
from desks.support.rules.refund_amounts import amount_asked
from desks.support.rules.refunds import decide
from desks.support.rules.replies import write
from desks.support.rules.reply_standards import review
from dispatch.models.money import Money
from dispatch.models.request.item import Item
from dispatch.models.work.finding import Evidence, Finding, FindingStatus
from dispatch.models.work.guidance import Guidance
from dispatch.models.work.proposal import Proposal, ReviewBrief
from dispatch.models.work.severity import Severity
from dispatch.text.extraction import Day, amounts_in, days_in
from tests.support_desk import (
    NOW,
    STANDARDS,
    TERMS,
    assemble,
    assembly_brief,
    brief,
    days,
    facts_of,
    handoff,
    item,
    order,
    order_finding,
    payment,
    review_brief,
)

ITEMS = (item(), item("Where is DD-10002?", number=2, kind="order_status"))
FACTS = facts_of(
    (
        order(),
        order("DD-10002", status="shipped", delivered_at=None, expected_at=NOW + days(2)),
    ),
    (payment(),),
    {"item-1": "DD-10001", "item-2": "DD-10002"},
)


def findings() -> tuple[Finding, ...]:
    """Return what the three specialists hand on for ITEMS: one refund of EUR 49.90 and one status."""
    orders = order_finding(FACTS)
    decisions = decide(ITEMS[:1], FACTS, TERMS, NOW)
    evidence = Evidence(
        evidence_id="refund_policy.item-1", source="playbook", reference="refund.window", text="in time"
    )
    policy = Finding.model_validate(
        {
            "handoff": handoff(),
            "specialist": "refund_policy",
            "status": "found",
            "summary": "one refund",
            "facts": RefundFacts(decisions=decisions).model_dump(mode="json"),
            "evidence": [evidence],
            "recommended": [
                {
                    "name": "issue_refund",
                    "subject": "payment PAY-1",
                    "parameters": {
                        "payment_id": "PAY-1",
                        "order_number": "DD-10001",
                        "customer_id": "CU-1",
                        "amount_minor": 4990,
                        "currency": "EUR",
                        "reason": "in time",
                    },
                    "item_ids": ["item-1"],
                    "why": "in time",
                    "evidence_ids": ["refund_policy.item-1"],
                }
            ],
        }
    )
    written = write(brief(*ITEMS, findings=(orders, policy)), ReplyTerms(refund_days=5))
    writer = Finding(
        handoff=handoff(),
        specialist="reply_writer",
        status=FindingStatus.FOUND,
        summary="written",
        evidence=written.evidence,
        statements=written.statements,
    )
    return orders, policy, writer


def drafted(text: str | None = None, items: tuple[Item, ...] = ITEMS) -> ReviewBrief:
    """Return the good draft, or the same with an approver's text in place of the letter."""
    guidance: tuple[Guidance, ...] = ()
    if text is not None:
        edits: dict[str, dict[str, JsonValue]] = {"send_reply/reply": {"text": text}}
        guidance = (Guidance(by="anna", decision_id="d-1", edits=edits),)
    proposal = assemble(assembly_brief(*findings(), items=items, guidance=guidance))
    return review_brief(proposal, items, findings())


def standards(draft: ReviewBrief) -> dict[str, Severity]:
    return {exception.standard: exception.severity for exception in review(draft, STANDARDS)}


def changed(reviewed: ReviewBrief, **changes: Any) -> ReviewBrief:
    """Return the brief with fields of its proposal replaced."""
    proposal: Proposal = reviewed.proposal.model_copy(update=changes)
    return reviewed.model_copy(update={"proposal": proposal})


LETTER = "Dear Ada Lovelace,\n\nWe are refunding EUR 49.90 for order DD-10001. {more}\n\nKind regards\nThe support desk"


def test_the_desk_s_own_draft_meets_every_standard() -> None:
    """What the specialists write and assembly joins raises no exception at all."""
    assert review(drafted(), STANDARDS) == ()


def test_a_person_s_text_that_keeps_the_standards_raises_nothing() -> None:
    """An edited text passes by the same rules, however amounts and dates are written."""
    text = LETTER.format(more="That is 49,90 € in all. DD-10002 comes by 7 Nov 2026, or 2026-11-07.")
    assert review(drafted(text), STANDARDS) == ()


@pytest.mark.parametrize(
    ("more", "standard", "severity"),
    [
        ("We add EUR 5.00.", "reply.amount", Severity.MAJOR),
        ("We add 5 euros.", "reply.amount", Severity.MAJOR),
        ("It came on 9 November 2026.", "reply.date", Severity.MAJOR),
        ("It came on 9 November.", "reply.date", Severity.MAJOR),
        ("It came on 7/11/2026.", "reply.date", Severity.MAJOR),
        ("Your order DD-10099 as well.", "reply.other_customer", Severity.CRITICAL),
        ("We told bob@mail.example too.", "reply.other_customer", Severity.CRITICAL),
        ("We guarantee it.", "reply.promise", Severity.MAJOR),
        ("It was YOUR  OWN fault.", "reply.tone", Severity.MAJOR),
        ("We will also refund 49 euros.", "refund.unbacked", Severity.CRITICAL),
        ("x" * 4000, "reply.length", Severity.MINOR),
    ],
)
def test_each_broken_standard_is_named(more: str, standard: str, severity: Severity) -> None:
    """One wrong sentence raises the exception of its standard, with its severity."""
    assert standards(drafted(LETTER.format(more=more)))[standard] == severity


@pytest.mark.parametrize("more", ["Write to support@desk.example.", "We know you as ada@mail.example."])
def test_the_desk_s_and_the_requester_s_addresses_may_be_named(more: str) -> None:
    """Neither is another customer's."""
    assert review(drafted(LETTER.format(more=more)), STANDARDS) == ()


@pytest.mark.parametrize(
    ("text", "standard"),
    [
        (LETTER.format(more="").replace("Dear", "Hey"), "reply.greeting"),
        (LETTER.format(more="").replace("Kind regards", ""), "reply.closing"),
        (LETTER.format(more="").replace("EUR 49.90", "it"), "refund.unannounced"),
    ],
)
def test_what_a_reply_must_hold_is_missed(text: str, standard: str) -> None:
    """A reply without greeting, closing or the refund that is ordered is flagged."""
    assert standard in standards(drafted(text))


@pytest.mark.parametrize(
    "sentence",
    [
        "We are refunding EUR 49.90 to you.",
        "We've now refunded it.",
        "EUR 49.90 will be refunded.",
        "You will get your money back.",
        "We have issued you a refund.",
    ],
)
def test_a_refund_that_is_not_ordered_must_not_be_announced(sentence: str) -> None:
    """Announcing money without an action behind it is critical, whatever the words."""
    draft = drafted(f"Dear Ada,\n\n{sentence}\n\nKind regards")
    reply = draft.proposal.actions[-1:]
    assert standards(changed(draft, actions=reply))["refund.unbacked"] is Severity.CRITICAL


@pytest.mark.parametrize(
    "sentence", ["We cannot refund it.", "EUR 49.90 was refunded on 28 October 2026.", "It is not refunded."]
)
def test_a_refusal_or_an_earlier_refund_announces_nothing(sentence: str) -> None:
    """Saying no, or what was done before, needs no action."""
    text = f"Dear Ada,\n\n{sentence}\n\nKind regards"
    draft = changed(drafted(text), actions=())
    assert "refund.unbacked" not in standards(draft)


WORDS = st.sampled_from(
    [
        "EUR 5.00",
        "we guarantee it",
        "on 9 November 2026",
        "DD-10099",
        "bob@mail.example",
        "We are refunding EUR 49.90.",
        "1/2/2026",
    ]
)


@given(st.lists(WORDS, max_size=6), st.randoms(use_true_random=False))
def test_exceptions_do_not_depend_on_the_order_of_what_is_read(words: list[str], random: Any) -> None:
    """The same draft raises the same exceptions in the same order, however findings and items are sorted."""
    text = " ".join(["Dear Ada,", *words])
    draft = drafted(
        text, items=(*ITEMS, item("?", number=3, kind="other"), item("?", number=4, kind="other"))
    )
    shuffled = {
        "items": tuple(random.sample(draft.items, len(draft.items))),
        "findings": tuple(random.sample(draft.findings, len(draft.findings))),
    }
    assert review(draft, STANDARDS) == review(draft.model_copy(update=shuffled), STANDARDS)


@pytest.mark.parametrize(
    ("text", "minor", "currency"),
    [
        ("EUR 49.90", 4990, "EUR"),
        ("€49.90", 4990, "EUR"),
        ("49,90 €", 4990, "EUR"),
        ("1.234,50 EUR", 123_450, "EUR"),
        ("$1,234", 123_400, "USD"),
        ("JPY 12800", 12_800, "JPY"),
        ("KWD 18.750", 18_750, "KWD"),
        ("order DD-10001 EUR 49.90", 4990, "EUR"),
    ],
)
def test_amounts_are_read_as_people_write_them(text: str, minor: int, currency: str) -> None:
    """Symbols, codes and both decimal marks give the same exact amount."""
    assert amounts_in(text) == {Money(amount_minor=minor, currency=currency)}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("5 November 2026", {Day(2026, 11, 5)}),
        ("November 5th, 2026", {Day(2026, 11, 5)}),
        ("5. Nov 2026", {Day(2026, 11, 5)}),
        ("2026-11-05T10:00:00Z", {Day(2026, 11, 5)}),
        ("05.11.2026", {Day(2026, 11, 5)}),
        ("25/11/2026", {Day(2026, 11, 25)}),
        ("11/25/2026", {Day(2026, 11, 25)}),
        ("5/11/2026", {Day(2026, 11, 5), Day(2026, 5, 11)}),
        ("on 5 November", {Day(None, 11, 5)}),
        ("item 5 may be returned", set()),
    ],
)
def test_dates_are_read_as_people_write_them(text: str, found: set[Day]) -> None:
    """Each way to write a day gives that day; one that reads two ways gives both."""
    assert days_in(text) == found


@pytest.mark.parametrize(
    "piece", ["111 ", "1", "EUR ", "EUR 1 ", "5 Nov ", "you will get ", "refund of ", "1/1/"]
)
def test_reading_takes_time_linear_in_a_hostile_text(piece: str) -> None:
    """A stranger's text four times as long costs about four times the work, whatever it repeats; squared were sixteen."""

    def cost(length: int) -> float:
        text = (piece * length)[:length]
        started = thread_time()
        amounts_in(text)
        days_in(text)
        amount_asked(item(f"{text} EUR 1 EUR 2"), "EUR")
        standards(drafted(text))
        return thread_time() - started

    assert cost(100_000) < 10 * max(cost(25_000), 0.05)


def test_a_model_adds_passages_and_takes_no_exception_away() -> None:
    """A promise in words that no rule knows is found; one that the rules found stays though the model is silent."""
    nothing: dict[str, JsonValue] = {"reply.promise": [], "reply.tone": [], "reply.unfounded": []}
    reviewer = ReplyStandards(Systems())
    sly = "Hello,\n\nRest assured that we shall see to it.\n\nKind regards"
    draft = drafted(sly)
    form = reviewer.form(draft)
    assert form is not None
    assert form.check(nothing | {"reply.promise": ["we shall never see to it"]})
    said = nothing | {"reply.promise": ["we shall see to it"]}
    assert form.check(said) == []
    by_rules = {one.standard for one in review(draft, STANDARDS)}
    added = {one.standard: one.severity for one in reviewer.filled(draft, said).exceptions}
    assert added.keys() - by_rules == {"reply.promise"}
    assert added["reply.promise"] is Severity.MAJOR
    plain = drafted("Hello,\n\nWe guarantee it.\n\nKind regards")
    assert reviewer.filled(plain, nothing).exceptions == review(plain, STANDARDS)

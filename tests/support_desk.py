"""Customers, orders, briefs and findings for tests of the support desk's specialists, assembly and standards."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from activities.assembler import Assembler
from channels.mail.composers.letter import Letter
from desks.support.models.facts import OrderFacts, RefundTerms, ReplyStandardsTerms
from desks.support.models.records import Customer, Order, OrderLine, Payment, Refund
from dispatch.models.handoff import Handoff
from dispatch.models.money import Money
from dispatch.models.request.item import Item
from dispatch.models.request.submission import DocumentRef, Party, Submission, Trigger
from dispatch.models.work.finding import Brief, Evidence, Finding, FindingStatus
from dispatch.models.work.guidance import Guidance
from dispatch.models.work.playbook import Intent, PlanPolicy, Playbook, PlaybookInForce, PlaybookRef
from dispatch.models.work.proposal import AssemblyBrief, Proposal, ReviewBrief
from dispatch.process import assembly
from tests.bound import ACTIONS

NOW: Final = datetime(2026, 11, 5, 12, tzinfo=UTC)
TERMS: Final = RefundTerms(
    requires_intent="refund",
    window=timedelta(days=30),
    damaged_window=timedelta(days=90),
    damaged_phrases=("broken", "damaged"),
)
STANDARDS: Final = ReplyStandardsTerms(
    greetings=("Dear", "Good day"),
    closings=("Kind regards",),
    forbidden_promises=("guarantee", "we promise"),
    forbidden_tone=("your own fault",),
    own_addresses=("support@desk.example",),
)
CUSTOMER: Final = Customer(
    customer_id="CU-1",
    name="Ada Lovelace",
    email_addresses=("ada@mail.example",),
    organisation=None,
    locale="en-GB",
)

ASKS: Final = {
    "refund": Intent(phrases=("refund",), specialists=("order_history", "refund_policy")),
    "order_status": Intent(phrases=("where is",), specialists=("order_history",)),
    "opening_hours": Intent(phrases=("open",), answer="We are open from Monday to Friday."),
    "discount": Intent(phrases=("discount",), refuse="We do not give discounts."),
}


def days(number: float) -> timedelta:
    return timedelta(days=number)


def eur(minor: int) -> Money:
    return Money(amount_minor=minor, currency="EUR")


def handoff(receiver: str = "specialist", seq: int = 1) -> Handoff:
    return Handoff(
        seq=seq,
        sender="coordinator",
        receiver=receiver,
        what="a brief",
        digest="b" * 64,
        why="the stage comes next",
        decided_by="process",
        at=NOW,
    )


def order(number: str = "DD-10001", **changes: Any) -> Order:
    """Return an order of one lamp for EUR 49.90, delivered five days ago, unless `lines` (minor units, final) differ."""
    lines: tuple[OrderLine, ...] = changes.pop("lines", (line("Desk lamp", 4990),))
    fields: dict[str, Any] = {
        "order_number": number,
        "customer_id": CUSTOMER.customer_id,
        "placed_at": NOW - days(8),
        "status": "delivered",
        "delivered_at": NOW - days(5),
        "tracking_url": None,
        "expected_at": NOW - days(5),
        "lines": lines,
        "total": eur(sum(each.unit_price.amount_minor * each.quantity for each in lines)),
        "payment_ids": (),
    }
    return Order.model_validate({**fields, **changes})


def line(title: str, minor: int, *, final_sale: bool = False) -> OrderLine:
    return OrderLine(
        sku=title.upper().replace(" ", "-"),
        title=title,
        quantity=1,
        unit_price=eur(minor),
        final_sale=final_sale,
    )


def payment(
    minor: int = 4990, refunded: int = 0, *, number: str = "DD-10001", payment_id: str = "PAY-1"
) -> Payment:
    return Payment(
        payment_id=payment_id,
        order_number=number,
        amount=eur(minor),
        captured_at=NOW - days(8),
        refunded_minor=refunded,
        status="captured" if not refunded else "refunded" if refunded == minor else "partially_refunded",
    )


def refund(minor: int, number: str = "DD-10001") -> Refund:
    return Refund(
        refund_id="RF-1",
        payment_id="PAY-1",
        order_number=number,
        amount=eur(minor),
        status="succeeded",
        reason="earlier",
        created_at=NOW - days(2),
        idempotency_key="another/issue_refund/payment PAY-1",
    )


def item(
    text: str = "Please refund my order.", *, number: int = 1, kind: str = "refund", **fields: str
) -> Item:
    return Item(item_id=f"item-{number}", text=text, kind=kind, fields=fields)


def facts_of(
    orders: tuple[Order, ...], payments: tuple[Payment, ...], by_item: dict[str, str], **more: Any
) -> OrderFacts:
    return OrderFacts(customer=CUSTOMER, orders=orders, payments=payments, by_item=by_item, **more)


def brief(
    *items: Item,
    findings: tuple[Finding, ...] = (),
    guidance: tuple[Guidance, ...] = (),
    config: dict[str, Any] | None = None,
    address: str = "ada@mail.example",
    **more: Any,
) -> Brief:
    """Return a specialist's brief with ASKS for the kinds of its items."""
    return Brief(
        handoff=handoff(),
        request_id="support/r-1",
        requester=Party(address=address, name="Ada Lovelace"),
        subject="My order",
        items=items,
        findings=findings,
        guidance=guidance,
        intents={kind: ask for kind, ask in ASKS.items() if any(each.kind == kind for each in items)},
        config=config or {},
        **more,
    )


def order_finding(facts: OrderFacts, status: FindingStatus = FindingStatus.FOUND) -> Finding:
    """Return what order_history hands on, with one piece of evidence for each row."""
    rows = [
        *((f"order.{each.order_number}", f"{each.status}") for each in facts.orders),
        *((f"payment.{each.payment_id}", "captured") for each in facts.payments),
        *((f"refund.{each.refund_id}", "succeeded") for each in facts.refunds),
    ]
    return Finding(
        handoff=handoff(),
        specialist="order_history",
        status=status,
        summary="found",
        facts=facts.model_dump(mode="json"),
        evidence=tuple(
            Evidence(evidence_id=f"order_history.{what}", source="records", reference=what, text=text)
            for what, text in rows
        ),
    )


def playbook() -> PlaybookInForce:
    """Return a support playbook with ASKS, three specialists in three groups and no tier that asks anyone."""
    desk = Playbook.model_validate(
        {
            "desk": "support",
            "version": "1.0.0",
            "description": "answers customers",
            "routing": {"phrases": ["order"]},
            "intents": ASKS,
            "missing_information": {"deadline": "7 days"},
            "plan": PlanPolicy(
                groups=(("order_history",), ("refund_policy",), ("reply_writer",)), max_specialists=3
            ),
            "specialists": {
                "order_history": {"config": {"recent": "60 days"}},
                "refund_policy": {
                    "config": {"requires_intent": "refund", "window": "30 days", "damaged_window": "90 days"}
                },
                "reply_writer": {"config": {"refund_days": 5}},
            },
            "review": {"reviewers": {"reply_standards": {"config": STANDARDS.model_dump(mode="json")}}},
            "guardian": {
                "tiers": {"low": {"approval": {"signatures": 0}}},
                "actions": {
                    "send_reply": {"editable": ["text"]},
                    "issue_refund": {
                        "requires_intent": "refund",
                        "compensable": True,
                        "editable": ["amount_minor"],
                        "amounts": {"EUR": [{"up_to_minor": 5000, "tier": "low"}]},
                    },
                },
            },
            "escalation": {"approvers": ["anna"], "deadline": "2 days"},
            "deliver": {
                "action": "send_reply",
                "compose": "letter",
                "config": {
                    "greeting": "Dear {name},",
                    "greeting_without_name": "Good day,",
                    "closing": "Kind regards",
                    "signature": "The support desk",
                },
            },
            "contact": {"channel": "mail", "action": "send_reply"},
        }
    )
    return PlaybookInForce(ref=PlaybookRef(desk="support", version="1.0.0", digest="a" * 64), playbook=desk)


def assembly_brief(
    *findings: Finding, items: tuple[Item, ...], guidance: tuple[Guidance, ...] = (), **submitted: Any
) -> AssemblyBrief:
    """Return an assembly brief for a mail; `submitted` are fields of the submission."""
    mail = Submission(
        trigger=Trigger(kind="mail", trigger_id="<1@mail.example>", received_at=NOW),
        sender=submitted.pop("sender", Party(address="ada@mail.example", name="Ada Lovelace")),
        subject=submitted.pop("subject", "My order"),
        body="Please.",
        source=DocumentRef(sha256="c" * 64, size_bytes=1, media_type="message/rfc822", name="1.eml"),
        **submitted,
    )
    return AssemblyBrief(
        handoff=handoff("assembler"),
        request_id="support/r-1",
        proposal_id="p1",
        submission=mail,
        playbook=playbook(),
        items=items,
        findings=findings,
        guidance=guidance,
    )


def assembler() -> Assembler:
    """Return the assembler with the one composer that the playbook names."""
    return Assembler({"letter": Letter()}, ACTIONS)


def assemble(brief: AssemblyBrief) -> Proposal:
    """Assemble as the activity does, without what it adds of its own."""
    return assembly.assemble(brief, Letter().compose)


def review_brief(proposal: Proposal, items: tuple[Item, ...], findings: tuple[Finding, ...]) -> ReviewBrief:
    return ReviewBrief(
        handoff=handoff("reviewer"),
        proposal=proposal,
        items=items,
        findings=findings,
        config=STANDARDS.model_dump(mode="json"),
    )

"""The support desk's models of Finding.facts, and of its specialists' playbook entries.

Kept small on purpose: facts enter history once for each later group that reads them.
"""

from pydantic import Field

from desks.support.models.records import Customer, Order, Payment, Refund
from dispatch.models.contract import Contract, Duration
from dispatch.models.language import Text
from dispatch.models.money import Money


class OrderTerms(Contract):
    """The playbook's entry for `order_history`."""

    recent: Duration = Field(
        description="an order placed or delivered within this counts as meant, where none is named"
    )


class OrderFacts(Contract):
    """The records of the requester's orders; never of anybody else's.

    An item is in `by_item` (its order is known), in `candidates` (ambiguous: the orders it may mean, none where the
    customer is ambiguous) or in neither (nothing found).
    """

    customer: Customer | None = None
    candidates: dict[str, tuple[str, ...]] = Field(
        default_factory=dict, description="item id -> order numbers it may mean"
    )
    orders: tuple[Order, ...] = Field(default=(), description="only those that the items are about")
    payments: tuple[Payment, ...] = ()
    refunds: tuple[Refund, ...] = ()
    by_item: dict[str, str] = Field(default_factory=dict, description="item id -> order number")


class RefundTerms(Contract):
    """The playbook's entry for `refund_policy`: what is refunded, and until when."""

    window: Duration = Field(description="after delivery, for any reason")
    requires_intent: str = Field(description="the intent in whose words money must be asked for")
    damaged_window: Duration = Field(description="after delivery, for goods that arrived damaged or fail")
    damaged_phrases: tuple[str, ...] = Field(
        default=(), description="whole words or phrases that claim damage, lower case"
    )
    damaged_asks: tuple[str, ...] = Field(
        default=(), description="the asks that claim damage by themselves, whatever their text says"
    )


class RefundDecision(Contract):
    """The result of the refund rules for one item and one payment; items on one payment share its amount."""

    item_id: str
    order_number: str
    payment_id: str | None = Field(description="None where the order has no payment to refund")
    eligible: bool
    amount: Money | None = Field(description="what is refunded on this payment; None where nothing is")
    rule: str = Field(description="'refund.window', 'refund.final_sale', ...")
    text: str = Field(description="why, in words for the requester")
    note: str = Field(default="", description="what the requester should know of the amount")
    evidence_ids: tuple[str, ...] = ()


class RefundFacts(Contract):
    decisions: tuple[RefundDecision, ...] = ()


class ReplyTerms(Contract):
    """The playbook's entry for `reply_writer`."""

    refund_days: int = Field(ge=1, le=60, description="within how many days a refund reaches the account")
    not_found: Text = Field(
        default={
            "en": "We could not find an order that matches your request under the address you wrote from. Please write "
            "to us from the address you ordered with, and give your order number.",
            "de": "Wir konnten unter der Adresse, von der Sie schreiben, keine Bestellung zu Ihrer Anfrage finden. Bitte "
            "schreiben Sie uns von der Adresse, mit der Sie bestellt haben, und nennen Sie die Bestellnummer.",
        },
        description="the same whether there is nothing on record or another's order: it must not tell which",
    )
    ambiguous: Text = Field(
        default={
            "en": "We could not tell for certain which order you mean. Please write to us again with the number of the "
            "order.",
            "de": "Wir konnten nicht sicher erkennen, welche Bestellung Sie meinen. Bitte schreiben Sie uns noch einmal "
            "mit der Nummer der Bestellung.",
        }
    )


class ReplyStandardsTerms(Contract):
    """The playbook's entry for `reply_standards`."""

    greetings: tuple[str, ...] = Field(min_length=1, description="one of them opens the reply")
    closings: tuple[str, ...] = Field(min_length=1, description="one of them stands in its last lines")
    forbidden_promises: tuple[str, ...] = Field(default=(), description="whole words or phrases")
    forbidden_tone: tuple[str, ...] = Field(default=(), description="whole words or phrases")
    max_chars: int = Field(default=4000, ge=200)
    order_number_pattern: str = Field(default=r"\b[A-Z]{2}-\d{5}\b", description="how an order number looks")
    own_addresses: tuple[str, ...] = Field(default=(), description="the desk's own, which a reply may name")

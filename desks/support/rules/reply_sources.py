"""The facts that a reply may state: the amounts, days, order numbers and addresses of the findings."""

from collections.abc import Iterable
from typing import NamedTuple

from pydantic import JsonValue

from dispatch.models.money import Money
from dispatch.models.work.proposal import ReviewBrief
from dispatch.process.fields import values_in
from dispatch.text.extraction import Day, amounts_in, days_in
from dispatch.text.requested import REQUEST
from dispatch.text.sensitive_data import ADDRESS


class Sources(NamedTuple):
    """Everything that is on record for this request."""

    amounts: frozenset[Money]
    days: frozenset[Day]
    order_numbers: frozenset[str]
    addresses: frozenset[str]


def sources_of(brief: ReviewBrief, order_number_pattern: str) -> Sources:
    """Collect them from the findings' facts and the proposal's evidence; never from the requester's text."""
    facts = [value for finding in brief.findings for value in _values(finding.facts)]
    texts = [value for value in facts if isinstance(value, str)]
    texts += [f"{e.reference}\n{e.text}" for e in brief.proposal.evidence if e.source != REQUEST]
    stated = {money for value in facts if (money := _money(value)) is not None}
    return Sources(
        amounts=frozenset(stated).union(*(amounts_in(text) for text in texts)),
        days=frozenset[Day]().union(*(days_in(text) for text in texts)),
        order_numbers=frozenset(number for text in texts for number in values_in(order_number_pattern, text)),
        addresses=frozenset(_addresses(brief, facts)),
    )


def _values(value: JsonValue) -> Iterable[JsonValue]:
    """Yield every value in a JSON document, containers included; keys are our own names, or ids."""
    yield value
    if isinstance(value, dict):
        for part in value.values():
            yield from _values(part)
    elif isinstance(value, list):
        for part in value:
            yield from _values(part)


def _money(value: JsonValue) -> Money | None:
    if not isinstance(value, dict):
        return None
    amount, currency = value.get("amount_minor"), value.get("currency")
    if type(amount) is int and isinstance(currency, str):
        return Money(amount_minor=amount, currency=currency)
    return None


def _addresses(brief: ReviewBrief, facts: Iterable[JsonValue]) -> Iterable[str]:
    for bound in brief.proposal.actions:
        recipient = bound.action.parameters.get("recipient")
        if isinstance(recipient, str):
            yield recipient
    for value in facts:
        if isinstance(value, str):
            yield from ADDRESS.findall(value)

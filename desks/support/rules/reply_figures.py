"""Checks that every amount and date in a reply is on record, and that it announces exactly the proposed refunds."""

import re
from collections.abc import Iterable
from typing import Final

from desks.support.models.refund_action import RefundParameters
from desks.support.rules.reply_sources import Sources
from dispatch.models.moments import MONTHS
from dispatch.models.money import Money, format_money
from dispatch.models.work.finding import ReviewException
from dispatch.models.work.proposal import Proposal
from dispatch.models.work.severity import Severity
from dispatch.text.extraction import Day, amounts_in, days_in, is_named

REVIEWER: Final = "reply_standards"
# A full stop ends a sentence only before a space: 'EUR 49.90' is one word.
_SENTENCE_END: Final = re.compile(r"(?<=[.!?])\s+|\n+")
_ANNOUNCES: Final = re.compile(
    r"\b(?:we|i)(?:\s+are|'re|\s+will|'ll|\s+have|'ve)(?:\s+(?:now|also|just|gladly|hereby|already|today))*"
    r"\s+(?:refund|reimburs|credit|return(?:ing|ed)?\s+the\s+money|issu\w+\s+(?:you\s+)?(?:an?|the|your)\s+(?:\w+\s+)?refund)"
    r"|\b(?:will|shall|is\s+being|are\s+being)\s+(?:be\s+)?(?:refunded|reimbursed|credited)"
    r"|\byou(?:\s+will|'ll)\s+(?:receive|get|have)\b[^.!?]{0,100}\b(?:refund|money\s+back|reimbursement)"
    r"|\bwir\s+(?:erstatten|zahlen|überweisen)\b"
    r"|\b(?:wird|werden)\b[^.!?]{0,60}\b(?:erstattet|zurückgezahlt|gutgeschrieben)\b"
    r"|\bsie\s+erhalten\b[^.!?]{0,100}\b(?:erstattung|geld\s+zurück)"
    r"|\byour\s+refund\s+(?:of|is\s+on)\b",
    re.IGNORECASE,
)


def flagged(standard: str, severity: Severity, text: str, item_ids: Iterable[str] = ()) -> ReviewException:
    """Return one exception of this reviewer."""
    return ReviewException(
        reviewer=REVIEWER, standard=standard, severity=severity, text=text, item_ids=tuple(item_ids)
    )


def figures(proposal: Proposal, sources: Sources) -> tuple[ReviewException, ...]:
    """Return the exceptions: `reply.amount`, `reply.date`, `refund.unbacked`, `refund.unannounced`."""
    text = proposal.draft.text.replace("\u2019", "'")
    refunds = [
        _refunded(bound.action.parameters) for bound in proposal.actions if _is_refund(bound.action.name)
    ]
    return (
        *_amounts(text, sources),
        *_dates(text, sources),
        *_unbacked(text, refunds),
        *_unannounced(text, refunds),
    )


def _is_refund(name: str) -> bool:
    return name == "issue_refund"


def _refunded(parameters: object) -> Money:
    refund = RefundParameters.model_validate(parameters)
    return Money(amount_minor=refund.amount_minor, currency=refund.currency)


def _amounts(text: str, sources: Sources) -> Iterable[ReviewException]:
    if unknown := amounts_in(text) - sources.amounts:
        yield flagged("reply.amount", Severity.MAJOR, f"not on record: {_listed(unknown)}")


def _dates(text: str, sources: Sources) -> Iterable[ReviewException]:
    unknown = sorted(
        (day for day in days_in(text) if not is_named(day, sources.days)),
        key=lambda day: (day.year or 0, *day[1:]),
    )
    if unknown:
        yield flagged("reply.date", Severity.MAJOR, f"not on record: {', '.join(map(_written, unknown))}")


def _unbacked(text: str, refunds: list[Money]) -> Iterable[ReviewException]:
    announced = [sentence for sentence in _SENTENCE_END.split(text) if _ANNOUNCES.search(sentence)]
    wrong = frozenset(money for sentence in announced for money in amounts_in(sentence)) - set(refunds)
    if wrong:
        why = f"it announces a refund that is not ordered: {_listed(wrong)}"
        yield flagged("refund.unbacked", Severity.CRITICAL, why)
    elif announced and not refunds:
        yield flagged("refund.unbacked", Severity.CRITICAL, "it announces a refund and none is ordered")


def _unannounced(text: str, refunds: list[Money]) -> Iterable[ReviewException]:
    if silent := frozenset(refunds) - amounts_in(text):
        why = f"a refund is ordered that the reply does not tell: {_listed(silent)}"
        yield flagged("refund.unannounced", Severity.MAJOR, why)


def _listed(amounts: Iterable[Money]) -> str:
    ordered = sorted(amounts, key=lambda money: (money.currency, money.amount_minor))
    return ", ".join(format_money(money) for money in ordered)


def _written(day: Day) -> str:
    month = MONTHS[day.month - 1] if 1 <= day.month <= len(MONTHS) else f"month {day.month}"
    return f"{day.day} {month}" + (f" {day.year}" if day.year else "")

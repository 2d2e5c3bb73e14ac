"""The standards of a reply; each broken one is one exception, in a fixed order whatever the order of the findings.

Standards: `reply.greeting`, `reply.closing`, `reply.promise`, `reply.tone`, `reply.amount`, `reply.date`,
`reply.other_customer`, `reply.length`, `refund.unbacked`, `refund.unannounced`. What holds for every desk is in
dispatch/process/invariants.py.
"""

from collections.abc import Iterable
from typing import Final

from desks.support.models.facts import ReplyStandardsTerms
from desks.support.rules.reply_figures import figures, flagged
from desks.support.rules.reply_sources import Sources, sources_of
from dispatch.models.work.finding import ReviewException
from dispatch.models.work.proposal import Proposal, ReviewBrief
from dispatch.models.work.severity import Severity
from dispatch.process.fields import values_in
from dispatch.text.extraction import says
from dispatch.text.sensitive_data import foreign_addresses

_LAST_LINES: Final = 6


def review(brief: ReviewBrief, terms: ReplyStandardsTerms) -> tuple[ReviewException, ...]:
    """Return the exceptions; none if the draft meets every standard.

    The text is judged in the same way for every author, people included.
    """
    sources = sources_of(brief, terms.order_number_pattern)
    return (
        *_form(brief.proposal.draft.text, terms),
        *_words(brief.proposal.draft.text, terms),
        *figures(brief.proposal, sources),
        *_other_customers(brief.proposal, sources, terms),
    )


def _form(text: str, terms: ReplyStandardsTerms) -> Iterable[ReviewException]:
    lines = [line for line in text.splitlines() if line.strip()]
    if not says(" ".join(lines[:1]), terms.greetings):
        yield flagged("reply.greeting", Severity.MINOR, "the first line is no greeting")
    if not says("\n".join(lines[-_LAST_LINES:]), terms.closings):
        yield flagged("reply.closing", Severity.MINOR, "the last lines hold no closing")
    if len(text) > terms.max_chars:
        over = f"{len(text):,} characters, {terms.max_chars:,} are allowed"
        yield flagged("reply.length", Severity.MINOR, over)


def _words(text: str, terms: ReplyStandardsTerms) -> Iterable[ReviewException]:
    if promises := says(text, terms.forbidden_promises):
        yield flagged("reply.promise", Severity.MAJOR, f"it promises: {', '.join(promises)}")
    if tone := says(text, terms.forbidden_tone):
        yield flagged("reply.tone", Severity.MAJOR, f"not our tone: {', '.join(tone)}")


def _other_customers(
    proposal: Proposal, sources: Sources, terms: ReplyStandardsTerms
) -> Iterable[ReviewException]:
    text = f"{proposal.draft.title}\n{proposal.draft.text}"
    # Neither is named: people who need not see them read the exception.
    if foreign_addresses(text, (*sources.addresses, *terms.own_addresses)):
        why = "it names a mail address that is not the requester's"
        yield flagged("reply.other_customer", Severity.CRITICAL, why)
    numbers = set(values_in(terms.order_number_pattern, proposal.draft.text))
    if numbers - sources.order_numbers:
        why = "it names an order that was not found to be the requester's"
        yield flagged("reply.other_customer", Severity.CRITICAL, why)

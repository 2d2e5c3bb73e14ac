"""The standards of a reply; each broken one is one exception, in a fixed order whatever the order of the findings.

Standards: `reply.sent_as_reviewed`, `reply.greeting`, `reply.closing`, `reply.promise`, `reply.tone`, `reply.amount`,
`reply.date`, `reply.other_customer`, `reply.length`, `items.left_over`, `refund.unbacked`, `refund.unannounced`,
`evidence.missing`, `evidence.unknown`.
"""

from collections.abc import Iterable
from typing import Final

from dispatch.models.finding import ReviewException, Severity
from dispatch.models.proposal import Proposal, ReviewBrief
from dispatch.models.support import ReplyStandardsTerms
from dispatch.rules.fields import values_in
from dispatch.rules.leaks import foreign_addresses
from dispatch.rules.mentions import says
from dispatch.rules.reply_figures import figures, flagged
from dispatch.rules.reply_sources import Sources, sources_of

_REPLY: Final = "send_reply"
_LAST_LINES: Final = 6


def review(brief: ReviewBrief, terms: ReplyStandardsTerms) -> tuple[ReviewException, ...]:
    """Give what deserves a second look; nothing where the draft meets every standard.

    The text is judged as it stands, whoever wrote it, a person included.
    """
    sources = sources_of(brief, terms.order_number_pattern)
    return (
        *_sent_as_reviewed(brief.proposal),
        *_form(brief.proposal.draft.text, terms),
        *_words(brief.proposal.draft.text, terms),
        *figures(brief.proposal, sources),
        *_other_customers(brief.proposal, sources, terms),
        *_left_over(brief),
        *_evidence(brief.proposal),
    )


def _sent_as_reviewed(proposal: Proposal) -> Iterable[ReviewException]:
    for bound in proposal.actions:
        if bound.action.name == _REPLY and bound.action.parameters.get("text") != proposal.draft.text:
            text = "the text to be sent is not the draft that is reviewed"
            yield flagged("reply.sent_as_reviewed", Severity.CRITICAL, text)


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
    text = f"{proposal.draft.subject}\n{proposal.draft.text}"
    # Neither is named: the exception travels to people who need not see it.
    if foreign_addresses(text, (*sources.addresses, *terms.own_addresses)):
        why = "it names a mail address that is not the requester's"
        yield flagged("reply.other_customer", Severity.CRITICAL, why)
    numbers = set(values_in(terms.order_number_pattern, proposal.draft.text))
    if numbers - sources.order_numbers:
        why = "it names an order that was not found to be the requester's"
        yield flagged("reply.other_customer", Severity.CRITICAL, why)


def _left_over(brief: ReviewBrief) -> Iterable[ReviewException]:
    proposal = brief.proposal
    carried = {item_id for said in proposal.draft.statements for item_id in said.item_ids}
    carried |= {refusal.item_id for refusal in proposal.refusals}
    # A reply lists every item that it should answer; only what it states counts.
    acts = (bound.action for bound in proposal.actions if bound.action.name != _REPLY)
    carried |= {item_id for action in acts for item_id in action.item_ids}
    for item in sorted(brief.items, key=lambda item: item.item_id):
        if item.item_id not in carried:
            why = f"{item.item_id} has no answer, no action and no stated refusal"
            yield flagged("items.left_over", Severity.CRITICAL, why, (item.item_id,))


def _evidence(proposal: Proposal) -> Iterable[ReviewException]:
    known = {evidence.evidence_id for evidence in proposal.evidence}
    cited = {e for said in proposal.draft.statements for e in said.evidence_ids}
    cited |= {e for bound in proposal.actions for e in bound.action.evidence_ids}
    cited |= {e for refusal in proposal.refusals for e in refusal.evidence_ids}
    if unknown := sorted(cited - known):
        why = f"cited and not there: {', '.join(unknown)}"
        yield flagged("evidence.unknown", Severity.MAJOR, why)
    bare = [said for said in proposal.draft.statements if not said.evidence_ids]
    if bare:
        items = sorted({item_id for said in bare for item_id in said.item_ids})
        why = f"{len(bare)} of the paragraphs cite no evidence"
        yield flagged("evidence.missing", Severity.MAJOR, why, items)

"""What holds for every proposal of every desk, whatever its reviewers check on top.

Standards: `items.left_over` (critical), `reply.sent_as_reviewed` (critical), `evidence.unknown` and `evidence.missing`
(major). Their exceptions name the process as the reviewer.
"""

from collections.abc import Iterable
from typing import Final

from dispatch.models.request.item import Item
from dispatch.models.work.finding import ReviewException, Severity
from dispatch.models.work.proposal import Proposal
from dispatch.process.assembly import REPLY

PROCESS: Final = "process"


def broken_invariants(proposal: Proposal, items: Iterable[Item]) -> tuple[ReviewException, ...]:
    """Return one exception for each invariant that the proposal breaks, in a fixed order; nothing where all hold."""
    return (*_sent_as_reviewed(proposal), *_left_over(proposal, items), *_evidence(proposal))


def _sent_as_reviewed(proposal: Proposal) -> Iterable[ReviewException]:
    for bound in proposal.actions:
        if bound.action.name == REPLY and bound.action.parameters.get("text") != proposal.draft.text:
            text = "the text to be sent is not the draft that is reviewed"
            yield _broken("reply.sent_as_reviewed", Severity.CRITICAL, text)


def _left_over(proposal: Proposal, items: Iterable[Item]) -> Iterable[ReviewException]:
    carried = {item_id for said in proposal.draft.statements for item_id in said.item_ids}
    carried |= {refusal.item_id for refusal in proposal.refusals}
    # A reply lists every item that it should answer; only what it states counts.
    acts = (bound.action for bound in proposal.actions if bound.action.name != REPLY)
    carried |= {item_id for action in acts for item_id in action.item_ids}
    for item in sorted(items, key=lambda item: item.item_id):
        if item.item_id not in carried:
            why = f"{item.item_id} has no answer, no action and no stated refusal"
            yield _broken("items.left_over", Severity.CRITICAL, why, (item.item_id,))


def _evidence(proposal: Proposal) -> Iterable[ReviewException]:
    known = {evidence.evidence_id for evidence in proposal.evidence}
    cited = {e for said in proposal.draft.statements for e in said.evidence_ids}
    cited |= {e for bound in proposal.actions for e in bound.action.evidence_ids}
    cited |= {e for refusal in proposal.refusals for e in refusal.evidence_ids}
    if unknown := sorted(cited - known):
        why = f"cited and not there: {', '.join(unknown)}"
        yield _broken("evidence.unknown", Severity.MAJOR, why)
    bare = [said for said in proposal.draft.statements if not said.evidence_ids]
    if bare:
        items = sorted({item_id for said in bare for item_id in said.item_ids})
        why = f"{len(bare)} of the paragraphs cite no evidence"
        yield _broken("evidence.missing", Severity.MAJOR, why, items)


def _broken(standard: str, severity: Severity, text: str, item_ids: Iterable[str] = ()) -> ReviewException:
    return ReviewException(
        reviewer=PROCESS, standard=standard, severity=severity, text=text, item_ids=tuple(item_ids)
    )

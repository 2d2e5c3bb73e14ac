"""What holds for every proposal of every desk, whatever its reviewers check on top.

Standards: `items.left_over` (critical), `delivery.as_reviewed` (critical), `evidence.unknown` and `evidence.missing`
(major). Their exceptions name the process as the reviewer.
"""

from collections.abc import Iterable
from typing import Final

from dispatch.models.request.item import Item
from dispatch.models.work.finding import ReviewException, Severity
from dispatch.models.work.proposal import Proposal

PROCESS: Final = "process"


def broken_invariants(proposal: Proposal, items: Iterable[Item]) -> tuple[ReviewException, ...]:
    """Return one exception for each invariant that the proposal breaks, in a fixed order; nothing where all hold."""
    return (*_as_reviewed(proposal), *_left_over(proposal, items), *_evidence(proposal))


def _as_reviewed(proposal: Proposal) -> Iterable[ReviewException]:
    """Compare every action of the delivery's kind with the draft: none of them may carry another text."""
    if proposal.delivery is None:
        return
    kinds = {bound.action.name for bound in proposal.actions if proposal.delivers(bound)}
    texts = {
        bound.action.parameters.get(proposal.draft.parameter)
        for bound in proposal.actions
        if proposal.draft.parameter is not None and bound.action.name in kinds
    }
    if not kinds or texts - {proposal.draft.text}:
        text = "what is to be delivered is not the draft that is reviewed"
        yield _broken("delivery.as_reviewed", Severity.CRITICAL, text)


def _left_over(proposal: Proposal, items: Iterable[Item]) -> Iterable[ReviewException]:
    # What is stated counts where it is delivered, and a delivery names every item: only its statements count.
    said = proposal.draft.statements if proposal.delivery is not None else ()
    carried = {item_id for statement in said for item_id in statement.item_ids}
    carried |= {refusal.item_id for refusal in proposal.refusals}
    acts = (bound.action for bound in proposal.actions if not proposal.delivers(bound))
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

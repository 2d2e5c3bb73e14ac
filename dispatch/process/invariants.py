"""The invariants of every proposal of every desk, in addition to its reviewers' checks.

Standards: `items.left_over`, `text.not_filled`, `delivery.as_reviewed` and `edit.not_kept` (critical), `evidence.unknown` and
`evidence.missing` (major). Their exceptions name the process as the reviewer.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import Final

from pydantic import JsonValue

from dispatch.models.canonical import canonical_json
from dispatch.models.contract import Facts
from dispatch.models.money import amount_named, format_money
from dispatch.models.request.item import Item
from dispatch.models.work.finding import ReviewException
from dispatch.models.work.guidance import Guidance
from dispatch.models.work.proposal import Proposal
from dispatch.models.work.severity import Severity
from dispatch.process.fields import PLACEHOLDER

PROCESS: Final = "process"
_LONGEST_VALUE: Final = 80


def broken_invariants(
    proposal: Proposal,
    items: Iterable[Item],
    guidance: Sequence[Guidance] = (),
    rejected: Collection[str] = (),
) -> tuple[ReviewException, ...]:
    """Return one exception for each broken invariant, in a fixed order; none if all hold.

    `guidance` is what people said of earlier proposals, `rejected` the keys of the actions that they rejected.
    """
    items = tuple(items)
    return (
        *_as_reviewed(proposal),
        *_left_over(proposal, items),
        *_not_filled(proposal, items),
        *_edits_kept(proposal, guidance, rejected),
        *_evidence(proposal),
    )


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


def _not_filled(proposal: Proposal, items: Iterable[Item]) -> Iterable[ReviewException]:
    """Find a field's placeholder that a writer left in the draft; the loader has checked only those of the playbook."""
    fields = {field for item in items for field in item.fields}
    for name in dict.fromkeys(PLACEHOLDER.findall(proposal.draft.text)):
        if name in fields:
            yield _broken(
                "text.not_filled", Severity.CRITICAL, f"the draft holds {{{name}}} in place of its value"
            )


def _edits_kept(
    proposal: Proposal, guidance: Sequence[Guidance], rejected: Collection[str]
) -> Iterable[ReviewException]:
    """Compare every value that a person set, the latest of each, with the action as it would be sent."""
    actions = {f"{bound.action.name}/{bound.action.subject}": bound.action for bound in proposal.actions}
    wanted = {
        (effect, name): (value, said.by)
        for said in guidance
        for effect, values in said.edits.items()
        if effect not in (*said.superseded, *rejected)
        for name, value in values.items()
    }
    for (effect, name), (value, by) in wanted.items():
        action = actions.get(effect)
        if action is None:
            kind, _, subject = effect.partition("/")
            text = (
                f"{by} edited {_words(kind)} on {subject}, and it is not proposed any more; "
                "send it back with guidance, or approve without it"
            )
            yield _broken("edit.not_kept", Severity.CRITICAL, text)
            continue
        kept = action.parameters.get(name)
        if name not in action.parameters or canonical_json(kept) != canonical_json(value):
            asked = _worded(name, {**action.parameters, name: value})
            text = (
                f"{by} set {_words(name)} of {_words(action.name)} on {action.subject} to {asked}, and what is "
                f"proposed has {_worded(name, action.parameters)}; edit it again, send it back with guidance, or "
                "approve it as it is"
            )
            yield _broken("edit.not_kept", Severity.CRITICAL, text, action.item_ids)


def _words(name: str) -> str:
    return name.removesuffix("_minor").replace("_", " ")


def _worded(name: str, parameters: Facts) -> str:
    """Return a value as readable text, cut if it is long."""
    value: JsonValue = parameters.get(name)
    amount = amount_named(name, parameters)
    if amount is not None:
        return format_money(amount)
    text = " ".join((value if isinstance(value, str) else canonical_json(value)).split())
    shown = text if len(text) <= _LONGEST_VALUE else f"{text[: _LONGEST_VALUE - 1]}…"
    return f"“{shown}”" if isinstance(value, str) else shown if name in parameters else "no such value"


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

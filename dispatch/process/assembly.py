"""One clean draft from the findings, each paragraph linked to its evidence, with the actions it leads to."""

from collections.abc import Callable, Iterable, Sequence
from typing import Final, NamedTuple

from dispatch.models.errors import DispatchError
from dispatch.models.work.action_digest import bind, with_declaration
from dispatch.models.work.composition import ComposeBrief, Composition, Message, MessageBrief, Purpose
from dispatch.models.work.finding import (
    Evidence,
    Finding,
    FindingStatus,
    RecommendedAction,
    Refusal,
    Statement,
    is_personal,
)
from dispatch.models.work.guidance import Guidance
from dispatch.models.work.playbook import Delivery, Playbook
from dispatch.models.work.proposal import Action, AssemblyBrief, BoundAction, Draft, Proposal
from dispatch.process.declined import unsent, without_declined
from dispatch.process.statements import merged
from dispatch.process.with_a_colleague import request_evidence, with_a_colleague

Compose = Callable[[ComposeBrief], Composition]
"""A composer's own work; it only computes."""

_NOTHING_DELIVERED: Final = Draft(title="", text="", statements=(), parameter=None)


class _Delivered(NamedTuple):
    """The draft with the action that delivers it, and the person's decision that it rests on where one edited it."""

    draft: Draft
    action: Action
    cited: Evidence | None = None


def assemble(brief: AssemblyBrief, compose: Compose | None) -> Proposal:
    """Join the latest finding of each specialist, in the plan's order, and have the composer draft from it.

    Actions run in that order and the delivery runs last, so that it announces only what was done before it. What an
    approver wrote replaces what was composed. Without `deliver` in the playbook there is no composer (None) and no
    delivery; what the findings state is kept as the draft's statements.

    Rejected actions are left out and refused in the text; approved ones keep their digest as long as they do not change.

    Raises DispatchError where a draft would hide something: a specialist is unavailable, two findings order
    different things for one action and subject, or one evidence id says two things.
    """
    playbook = brief.playbook.playbook
    found = _in_order(brief.findings, playbook)
    _refuse_unavailable(found)
    findings, declined, by_people = without_declined(found, brief.declined, brief.items, brief.language)
    evidence = [*_unique_evidence(findings), *by_people]
    refusals = (
        *{(r.item_id, r.rule, r.reason): r for f in findings for r in f.refusals}.values(),
        *declined,
    )
    aside = [item for item in brief.items if item.item_id in brief.set_aside]
    evidence += [request_evidence(item) for item in aside]
    statements = _statements(findings, refusals, [with_a_colleague(item, brief.language) for item in aside])
    ordered = _actions(findings)
    draft = _NOTHING_DELIVERED.model_copy(update={"statements": statements})
    delivered = None
    if any(one.is_delivery for one in brief.declined):
        carried = {i for action in ordered for i in action.item_ids} | {r.item_id for r in refusals}
        more, cited = unsent(brief.items, (*carried, *brief.set_aside), brief.declined, brief.language)
        refusals, evidence = (*refusals, *more), [*evidence, *cited]
    elif playbook.deliver is not None:
        composition = _composed(brief, playbook.deliver, compose, findings, statements, refusals)
        delivered = _delivered(brief, playbook.deliver.action, composition, _grounds(statements, evidence))
        draft = delivered.draft
        evidence += [delivered.cited] if delivered.cited else []
        ordered.append(_alone(delivered.action, ordered))
    exhibits = tuple(dict.fromkeys(exhibit for finding in findings for exhibit in finding.exhibits))
    bound = tuple(
        _bound(brief, _with_sources(with_declaration(action, playbook), evidence)) for action in ordered
    )
    return Proposal(
        handoff=brief.handoff,
        proposal_id=brief.proposal_id,
        draft=draft.model_copy(update={"exhibits": exhibits}) if exhibits else draft,
        actions=bound,
        delivery=bound[-1].digest if delivered is not None else None,
        refusals=refusals,
        evidence=tuple(evidence),
    )


def write_message(brief: MessageBrief, compose: Compose) -> Message:
    """Return the contact's action that asks, reminds or tells the requester.

    Raises DispatchError for a desk whose playbook has no contact.
    """
    playbook = brief.playbook.playbook
    if playbook.contact is None or playbook.contact_composer is None:
        raise DispatchError(f"the desk {playbook.desk} has no contact; add contact to its playbook")
    _, config = playbook.contact_composer
    composition = compose(
        ComposeBrief(
            purpose=brief.purpose,
            requester=brief.submission.sender,
            subject=brief.submission.subject,
            trigger=brief.submission.trigger,
            statements=tuple(Statement(text=text, item_ids=brief.item_ids) for text in brief.paragraphs),
            config=config,
            language=brief.language,
        )
    )
    action = Action(
        name=playbook.contact.action,
        subject=brief.subject,
        parameters=composition.parameters,
        item_ids=brief.item_ids,
        why=brief.reason,
    )
    return Message(handoff=brief.handoff, action=with_declaration(action, playbook))


def _composed(
    brief: AssemblyBrief,
    deliver: Delivery,
    compose: Compose | None,
    findings: Sequence[Finding],
    statements: tuple[Statement, ...],
    refusals: tuple[Refusal, ...],
) -> Composition:
    if compose is None:
        raise DispatchError(f"nobody composes as {deliver.compose}; correct deliver.compose in the playbook")
    return compose(
        ComposeBrief(
            purpose=Purpose.REPLY,
            requester=brief.submission.sender,
            subject=brief.submission.subject,
            trigger=brief.submission.trigger,
            statements=statements,
            items=brief.items,
            findings=tuple(findings),
            refusals=refusals,
            guidance=brief.guidance,
            config=deliver.config,
            language=brief.language,
        )
    )


def _delivered(
    brief: AssemblyBrief, name: str, composition: Composition, grounds: tuple[str, ...]
) -> _Delivered:
    """Return the delivery as it was composed, or as the latest edit of an approver has it."""
    draft, parameters = composition.draft, composition.parameters
    cited = None
    effect = f"{name}/{composition.subject}"
    edits = [said for said in brief.guidance if said.edits.get(effect) and effect not in said.superseded]
    for said in edits:
        edited = said.edits[effect]
        parameters = {**parameters, **edited}
    if edits:
        cited = _decided(edits[-1])
        grounds = (cited.evidence_id, *grounds)
        text = parameters.get(draft.parameter) if draft.parameter else None
        if isinstance(text, str) and text != draft.text:
            whole = _as_rewritten(draft.statements, text, cited, brief)
            draft = draft.model_copy(update={"text": text, "statements": (whole,)})
    number = len(brief.items)
    action = Action(
        name=name,
        subject=composition.subject,
        parameters=parameters,
        # All items, left over or not: a critical exception of one item concerns the delivery of all.
        item_ids=tuple(item.item_id for item in brief.items),
        why=f"answers {number} {'items' if number > 1 else 'item'}",
        evidence_ids=grounds,
    )
    return _Delivered(draft, action, cited)


def _bound(brief: AssemblyBrief, action: Action) -> BoundAction:
    """Bind an action to this proposal; one that was approved before and is the same stays as it was approved."""
    for approved in brief.approved:
        if approved.action == action and approved.playbook == brief.playbook.ref:
            return approved
    return bind(brief.request_id, brief.proposal_id, brief.playbook.ref, action)


def _alone(delivery: Action, others: Iterable[Action]) -> Action:
    """Return the delivery; raises DispatchError if a specialist orders the same effect."""
    if any((other.name, other.subject) == (delivery.name, delivery.subject) for other in others):
        raise DispatchError(
            f"a specialist orders {delivery.name} on {delivery.subject}, which delivers the draft; "
            "it must leave that to the composer"
        )
    return delivery


def _in_order(findings: Iterable[Finding], playbook: Playbook) -> list[Finding]:
    """Return the latest finding of each; who is not in the plan comes last, in order of arrival."""
    latest = {finding.specialist: finding for finding in findings}
    planned = [name for group in playbook.plan.groups for name in group]
    order = {name: place for place, name in reversed(list(enumerate(planned)))}
    return sorted(latest.values(), key=lambda finding: order.get(finding.specialist, len(planned)))


def _refuse_unavailable(findings: Iterable[Finding]) -> None:
    missing = [finding.specialist for finding in findings if finding.status is FindingStatus.UNAVAILABLE]
    if missing:
        raise DispatchError(
            f"no draft without {', '.join(missing)}, unavailable: what was not examined must not read as clean; "
            "a person must take over, or the request be sent again once it is back"
        )


def _unique_evidence(findings: Iterable[Finding]) -> Iterable[Evidence]:
    by_id: dict[str, Evidence] = {}
    for evidence in (entry for finding in findings for entry in finding.evidence):
        known = by_id.setdefault(evidence.evidence_id, evidence)
        if known != evidence:
            raise DispatchError(
                f"evidence {evidence.evidence_id} says two things; a specialist must begin its ids with its own name"
            )
    return by_id.values()


def _statements(
    findings: Sequence[Finding], refusals: Iterable[Refusal], others: Sequence[Statement] = ()
) -> tuple[Statement, ...]:
    """Return every paragraph once; a refusal that no paragraph states is stated in its own words, `others` come last."""
    said = [statement for finding in findings for statement in finding.statements]
    told = {item_id for statement in said for item_id in statement.item_ids}
    said += [
        Statement(text=refusal.reason, item_ids=(refusal.item_id,), evidence_ids=refusal.evidence_ids)
        for refusal in refusals
        if refusal.item_id not in told
    ]
    said += others
    return merged(said)


def _grounds(statements: Iterable[Statement], evidence: Iterable[Evidence]) -> tuple[str, ...]:
    """Return what a text of these statements rests on; one that cites nothing may tell whatever the findings hold."""
    unsaid = [one.evidence_id for one in evidence if is_personal(one.source)]
    cited = [e for said in statements for e in (said.evidence_ids or unsaid)]
    return tuple(dict.fromkeys(cited))


def _decided(said: Guidance) -> Evidence:
    """Return the decision as evidence, without its text: an amount that a person wrote must be found on record."""
    return Evidence(
        evidence_id=f"assembler.decision.{said.decision_id}",
        source="decision",
        reference=said.decision_id,
        text=f"{said.by} wrote the draft",
    )


def _as_rewritten(
    statements: tuple[Statement, ...], text: str, cited: Evidence, brief: AssemblyBrief
) -> Statement:
    """Make the new text one statement; it still rests on all that the old one rested on, which the guardian needs.

    It covers every item: its author was shown which items had no statement.
    """
    return Statement(
        text=text,
        item_ids=tuple(item.item_id for item in brief.items),
        evidence_ids=tuple(
            dict.fromkeys((cited.evidence_id, *(e for said in statements for e in said.evidence_ids)))
        ),
    )


def _actions(findings: Iterable[Finding]) -> list[Action]:
    by_effect: dict[tuple[str, str], RecommendedAction] = {}
    for action in (entry for finding in findings for entry in finding.recommended):
        effect = (action.name, action.subject)
        known = by_effect.get(effect)
        if known is not None and _order_of(known) != _order_of(action):
            raise DispatchError(
                f"two specialists order {action.name} on {action.subject} differently; one effect has one order"
            )
        by_effect[effect] = action if known is None else _joined(known, action)
    return [Action(**action.model_dump()) for action in by_effect.values()]


def _order_of(action: RecommendedAction) -> tuple[object, ...]:
    return action.parameters, action.not_before


def _with_sources(action: Action, evidence: Iterable[Evidence]) -> Action:
    """Set the sources of an action's evidence, for the guardian, which gets no findings."""
    sources = {one.evidence_id: one.source for one in evidence}
    known = {cited: sources[cited] for cited in action.evidence_ids if cited in sources}
    return action.model_copy(update={"evidence_sources": known})


def _joined(one: RecommendedAction, other: RecommendedAction) -> RecommendedAction:
    item_ids = tuple(dict.fromkeys((*one.item_ids, *other.item_ids)))
    evidence_ids = tuple(dict.fromkeys((*one.evidence_ids, *other.evidence_ids)))
    return one.model_copy(update={"item_ids": item_ids, "evidence_ids": evidence_ids})

"""One clean draft from the findings, each paragraph linked to its evidence, with the actions it leads to."""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from channels.mail.reply import MailParameters as SendReply
from dispatch.approval.action_digest import bind
from dispatch.models.errors import DispatchError
from dispatch.models.request.submission import Submission
from dispatch.models.work.finding import (
    Evidence,
    Finding,
    FindingStatus,
    Guidance,
    RecommendedAction,
    Refusal,
    Statement,
    is_personal,
)
from dispatch.models.work.playbook import Playbook
from dispatch.models.work.proposal import Action, AssemblyBrief, Draft, Proposal
from dispatch.process.requester_mail import letter, message_id, reply_subject
from dispatch.process.statements import merged

REPLY: Final = "send_reply"
_TARGET: Final = f"{REPLY}/reply"


class _Rewritten(NamedTuple):
    text: str
    said: Guidance


def assemble(brief: AssemblyBrief) -> Proposal:
    """Join the latest finding of each specialist, in the plan's order.

    Actions run in that order and the reply goes out last, so that it announces only what was done before it. A text
    that an approver wrote replaces the letter as a whole.

    Raises DispatchError where a draft would hide something: a specialist is unavailable, two findings order
    different things for one action and subject, or one evidence id says two things.
    """
    findings = _in_order(brief.findings, brief.playbook.playbook)
    _refuse_unavailable(findings)
    evidence = list(_unique_evidence(findings))
    refusals = tuple({(r.item_id, r.rule): r for f in findings for r in f.refusals}.values())
    statements = _statements(findings, refusals)
    grounds = _grounds(statements, evidence)
    text = letter(
        brief.playbook.playbook.letter, brief.submission.sender.name, [said.text for said in statements]
    )
    if rewritten := _rewritten(brief.guidance):
        text = rewritten.text
        statements, cited = _as_rewritten(statements, rewritten)
        evidence.append(cited)
        grounds = (cited.evidence_id, *grounds)
    subject = reply_subject(brief.submission.subject)
    ordered = [*_actions(findings), _reply(brief, subject, text, grounds)]
    actions = [_with_sources(action, evidence) for action in ordered]
    return Proposal(
        handoff=brief.handoff,
        proposal_id=brief.proposal_id,
        draft=Draft(subject=subject, text=text, statements=statements),
        actions=tuple(
            bind(brief.request_id, brief.proposal_id, brief.playbook.ref, action) for action in actions
        ),
        refusals=refusals,
        evidence=tuple(evidence),
    )


def _in_order(findings: Iterable[Finding], playbook: Playbook) -> list[Finding]:
    """Give the latest finding of each; who is not in the plan comes last, in order of arrival."""
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


def _statements(findings: Sequence[Finding], refusals: Iterable[Refusal]) -> tuple[Statement, ...]:
    """Give every paragraph once; a refusal that no paragraph states is stated in its own words."""
    said = [statement for finding in findings for statement in finding.statements]
    told = {item_id for statement in said for item_id in statement.item_ids}
    said += [
        Statement(text=refusal.reason, item_ids=(refusal.item_id,), evidence_ids=refusal.evidence_ids)
        for refusal in refusals
        if refusal.item_id not in told
    ]
    return merged(said)


def _grounds(statements: Iterable[Statement], evidence: Iterable[Evidence]) -> tuple[str, ...]:
    """Return what a text of these statements rests on; one that cites nothing may tell whatever the findings hold."""
    unsaid = [one.evidence_id for one in evidence if is_personal(one.source)]
    cited = [e for said in statements for e in (said.evidence_ids or unsaid)]
    return tuple(dict.fromkeys(cited))


def _rewritten(guidance: Iterable[Guidance]) -> _Rewritten | None:
    """Give the latest text that an approver wrote for the reply, with the decision behind it."""
    rewritten = None
    for said in guidance:
        text = said.edits.get(_TARGET, {}).get("text")
        if isinstance(text, str) and text.strip():
            rewritten = _Rewritten(text, said)
    return rewritten


def _as_rewritten(
    statements: tuple[Statement, ...], rewritten: _Rewritten
) -> tuple[tuple[Statement, ...], Evidence]:
    """Make the new text one statement; it still rests on all that the old one rested on, which the guardian needs."""
    decision_id = rewritten.said.decision_id
    # Not the text itself: an amount that a person wrote must be found on record, not in its own mention.
    cited = Evidence(
        evidence_id=f"assembler.decision.{decision_id}",
        source="decision",
        reference=decision_id,
        text=f"{rewritten.said.by} wrote the reply",
    )
    whole = Statement(
        text=rewritten.text,
        item_ids=tuple(dict.fromkeys(i for said in statements for i in said.item_ids)),
        evidence_ids=tuple(
            dict.fromkeys((cited.evidence_id, *(e for said in statements for e in said.evidence_ids)))
        ),
    )
    return (whole,), cited


def _actions(findings: Iterable[Finding]) -> Iterable[Action]:
    by_effect: dict[tuple[str, str], RecommendedAction] = {}
    for action in (entry for finding in findings for entry in finding.recommended):
        effect = (action.name, action.subject)
        known = by_effect.get(effect)
        if known is not None and known.parameters != action.parameters:
            raise DispatchError(
                f"two specialists order {action.name} on {action.subject} differently; one effect has one order"
            )
        by_effect[effect] = action if known is None else _joined(known, action)
    return [Action(**action.model_dump()) for action in by_effect.values()]


def _with_sources(action: Action, evidence: Iterable[Evidence]) -> Action:
    """Write into an action where its evidence comes from, for the guardian, who gets no findings."""
    sources = {one.evidence_id: one.source for one in evidence}
    known = {cited: sources[cited] for cited in action.evidence_ids if cited in sources}
    return action.model_copy(update={"evidence_sources": known})


def _joined(one: RecommendedAction, other: RecommendedAction) -> RecommendedAction:
    item_ids = tuple(dict.fromkeys((*one.item_ids, *other.item_ids)))
    evidence_ids = tuple(dict.fromkeys((*one.evidence_ids, *other.evidence_ids)))
    return one.model_copy(update={"item_ids": item_ids, "evidence_ids": evidence_ids})


def _reply(brief: AssemblyBrief, subject: str, text: str, grounds: tuple[str, ...]) -> Action:
    parameters = SendReply(
        recipient=recipient_of(brief.submission),
        subject=subject,
        text=text,
        in_reply_to=message_id(brief.submission),
        purpose="reply",
    )
    return Action(
        name=REPLY,
        subject="reply",
        parameters=parameters.model_dump(mode="json"),
        # All of them, left over or not: whatever is critical for one item holds the reply to all.
        item_ids=tuple(item.item_id for item in brief.items),
        why=f"answers {len(brief.items)} {'items' if len(brief.items) > 1 else 'item'}",
        evidence_ids=grounds,
    )


def recipient_of(submission: Submission) -> str:
    """Give the sender's address with its domain in lower case; what stands before the @ may mind its case."""
    local, at, domain = submission.sender.address.rpartition("@")
    return f"{local}{at}{domain.lower()}"

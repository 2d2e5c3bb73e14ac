"""Writes the one answer to a request for several desks: every part is told, in the words that were reviewed for it."""

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from dispatch.models.errors import DispatchError
from dispatch.models.moments import format_moment
from dispatch.models.request.family import FamilyBrief, FamilyPart
from dispatch.models.request.item import Item
from dispatch.models.request.status import Ending, RequestState
from dispatch.models.request.submission import Submission
from dispatch.models.work.action_digest import bind, with_declaration
from dispatch.models.work.composition import ComposeBrief, Composition, Purpose
from dispatch.models.work.finding import Finding, FindingStatus, ReviewException, Statement
from dispatch.models.work.playbook import Playbook
from dispatch.models.work.proposal import Action, Draft, Proposal
from dispatch.models.work.severity import Severity
from dispatch.process.invariants import PROCESS, broken_invariants
from dispatch.process.with_a_colleague import quotable, request_evidence
from dispatch.texts.requester import RequesterTexts, requester_texts

Compose = Callable[[ComposeBrief], Composition]

ANSWER: Final = "answer"
"""The subject of each message is 'answer-<n>', so that none is sent twice."""
_MOST_QUOTED: Final = 3


def answer_of(draft: Draft) -> tuple[str, ...]:
    """Return a reviewed draft as the paragraphs of a longer text: its statements, word for word, without greeting and closing.

    Where a statement is not in the text as it stands, the whole text is one paragraph: nothing is told that was not reviewed.
    """
    said = tuple(text for statement in draft.statements if (text := statement.text.strip()))
    return said if said and all(text in draft.text for text in said) else (draft.text,)


def is_told_by_whole(submission: Submission, playbook: Playbook) -> bool:
    """Return whether a part's delivery answers the requester, as its contact does: the whole request does that in its place.

    A delivery that is the work itself, such as a page that is published, stays the part's.
    """
    contact, deliver = playbook.contact, playbook.deliver
    answers = contact is not None and deliver is not None and deliver.action == contact.action
    return submission.part is not None and answers


def write_answer(brief: FamilyBrief, compose: Compose) -> Proposal:
    """Return the message on these parts as a proposal of one action, with the invariants that it breaks.

    Raises DispatchError where the desk that answers has no contact.
    """
    playbook = brief.playbook.playbook
    if playbook.contact is None or playbook.contact_composer is None:
        raise DispatchError(f"the desk {playbook.desk} has no contact; add contact to its playbook")
    _, config = playbook.contact_composer
    texts = requester_texts(brief.language)
    opening = texts.parts_opening if brief.number == 1 else texts.part_settled_since
    statements = (Statement(text=opening), *_statements(brief, texts))
    composition = compose(
        ComposeBrief(
            purpose=Purpose.REPLY,
            requester=brief.submission.sender,
            subject=brief.submission.subject,
            trigger=brief.submission.trigger,
            statements=statements,
            items=brief.items,
            findings=_handed_over(brief),
            config=config,
            language=brief.language,
        )
    )
    subject = f"{ANSWER}-{brief.number}"
    action = Action(
        name=playbook.contact.action,
        subject=subject,
        parameters=composition.parameters,
        item_ids=tuple(item.item_id for item in brief.items),
        why=f"tells what became of {len(brief.parts)} {'parts' if len(brief.parts) > 1 else 'part'}",
    )
    bound = bind(brief.request_id, subject, brief.playbook.ref, with_declaration(action, playbook))
    proposal = Proposal(
        handoff=brief.handoff,
        proposal_id=subject,
        draft=composition.draft,
        actions=(bound,),
        delivery=bound.digest,
        evidence=tuple(request_evidence(item) for item in brief.items),
    )
    broken = [one for one in broken_invariants(proposal, brief.items) if one.standard != "evidence.missing"]
    return proposal.model_copy(
        update={"exceptions": (*broken, *parts_not_as_reviewed(proposal, brief.parts))}
    )


def parts_not_as_reviewed(proposal: Proposal, parts: Iterable[FamilyPart]) -> tuple[ReviewException, ...]:
    """Compare what is told of each part with what was reviewed in it: all of it, word for word, in order, and nothing else."""
    found = []
    for part in parts:
        items = set(part.planned.item_ids)
        told = [s.text for s in proposal.draft.statements if s.item_ids and set(s.item_ids) <= items]
        expected = [text.strip() for text in _paragraphs(part)]
        # The first statement of a part is its heading; without paragraphs the engine's own sentence follows.
        if not told or (expected and told[1:] != expected) or not _in_order(expected, proposal.draft.text):
            why = f"what is told of the part of {part.name} is not what was reviewed there"
            found.append(
                ReviewException(
                    reviewer=PROCESS,
                    standard="parts.as_reviewed",
                    severity=Severity.CRITICAL,
                    text=why,
                    item_ids=part.planned.item_ids,
                )
            )
    return tuple(found)


def inspected_texts(parts: Iterable[FamilyPart]) -> tuple[str, ...]:
    """Return what the guardians of the parts have allowed to this requester already, each under its own desk's policy."""
    return tuple(text for part in parts for text in _paragraphs(part))


def _handed_over(brief: FamilyBrief) -> tuple[Finding, ...]:
    """Return what the parts' deliveries would have handed over, in the form in which composers are given it."""
    return tuple(
        Finding(
            handoff=brief.handoff,
            specialist=part.name,
            status=FindingStatus.FOUND,
            summary="what the reviewed text of the part hands over",
            attachments=part.report.answer.attachments,
        )
        for part in brief.parts
        if part.report is not None and part.report.answer is not None and part.report.answer.attachments
    )


def _statements(brief: FamilyBrief, texts: RequesterTexts) -> Iterable[Statement]:
    by_id = {item.item_id: item for item in brief.items}
    for part in brief.parts:
        ids = part.planned.item_ids
        cited = tuple(f"request.{item_id}" for item_id in ids)
        for text in (
            _heading([by_id[item_id] for item_id in ids], texts),
            *_told(part, texts, brief.language),
        ):
            yield Statement(text=text, item_ids=ids, evidence_ids=cited)


def _heading(items: Sequence[Item], texts: RequesterTexts) -> str:
    """Name a part by the requester's own words, where they are harmless."""
    quoted = [words for item in items if (words := quotable(item))][:_MOST_QUOTED]
    return "\n".join(texts.part_heading.format(words=words) for words in quoted) or texts.part_heading_plain


def _paragraphs(part: FamilyPart) -> tuple[str, ...]:
    return part.report.answer.paragraphs if part.report is not None and part.report.answer else ()


def _told(part: FamilyPart, texts: RequesterTexts, language: str) -> tuple[str, ...]:
    paragraphs = tuple(text.strip() for text in _paragraphs(part))
    return paragraphs or (_in_the_engines_words(part, texts, language),)


def _in_the_engines_words(part: FamilyPart, texts: RequesterTexts, language: str) -> str:
    report = part.report
    if report is None:
        return texts.part_in_work
    ending = report.answer.ending if report.answer is not None else report.ending
    if ending is not None or report.ended:
        return {
            Ending.DONE: texts.part_done,
            Ending.PARTLY_DONE: texts.part_done,
            Ending.REJECTED: texts.part_refused,
            Ending.ABANDONED: texts.part_unanswered,
            Ending.WITHDRAWN: texts.part_withdrawn,
            Ending.CANCELLED: texts.part_stopped,
        }.get(ending or Ending.ESCALATED, texts.part_with_a_person)
    if report.state == RequestState.WAITING_FOR_INFORMATION:
        return texts.part_awaits_answer
    if report.state == RequestState.SCHEDULED and report.by is not None:
        return texts.part_planned.format(when=format_moment(report.by, language))
    is_with_a_person = report.owner not in {"coordinator", "nobody"}
    return texts.part_waits.format(who=report.owner) if is_with_a_person else texts.part_in_work


def _in_order(expected: Iterable[str], text: str) -> bool:
    place = 0
    for paragraph in expected:
        found = text.find(paragraph, place)
        if found < 0:
            return False
        place = found + len(paragraph)
    return True

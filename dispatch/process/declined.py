"""Applies a person's rejections to findings: rejected actions are neither done nor announced, and are refused."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from dispatch.models.request.item import Item
from dispatch.models.work.finding import Evidence, EvidenceSource, Finding, Refusal, Statement
from dispatch.models.work.guidance import REJECTED, Declined
from dispatch.process.with_a_colleague import quotable, request_evidence
from dispatch.texts.requester import requester_texts


class Remaining(NamedTuple):
    """The findings without the rejected actions, and the refusals in their place."""

    findings: tuple[Finding, ...]
    refusals: tuple[Refusal, ...]
    evidence: tuple[Evidence, ...]


def without_declined(
    findings: Sequence[Finding], declined: Sequence[Declined], items: Sequence[Item], language: str
) -> Remaining:
    """Remove the rejected actions, and refuse their items.

    A specialist that reads `declined` in its brief recommends the action no more, writes of the rest, and may refuse the
    items itself, by the rule `decision.rejected`. Of one that recommends it still, nothing that it and others state on
    those items is kept: it may announce what is not done.
    """
    rejected = {one.effect for one in declined}
    ignored = {
        item_id
        for finding in findings
        for action in finding.recommended
        if f"{action.name}/{action.subject}" in rejected
        for item_id in action.item_ids
    }
    kept = tuple(
        finding.model_copy(
            update={
                "recommended": tuple(
                    action
                    for action in finding.recommended
                    if f"{action.name}/{action.subject}" not in rejected
                ),
                "statements": _without(finding.statements, ignored),
            }
        )
        for finding in findings
    )
    refused = {r.item_id for finding in findings for r in finding.refusals if r.rule == REJECTED}
    refusals: dict[str, Refusal] = {}
    for one in declined:
        for item in items:
            if item.item_id in one.item_ids and item.item_id not in refused and not one.is_delivery:
                known = refusals.get(item.item_id)
                refusals[item.item_id] = _refusal(item, one, known, language, is_only=len(items) == 1)
    evidence = [_decision(one) for one in declined if not one.is_delivery]
    evidence += [request_evidence(item) for item in items if item.item_id in refusals]
    return Remaining(kept, tuple(refusals.values()), tuple(evidence))


def unsent(
    items: Iterable[Item], carried: Iterable[str], declined: Sequence[Declined], language: str
) -> tuple[tuple[Refusal, ...], tuple[Evidence, ...]]:
    """Refuse the items that only the text would have answered which a person rejected."""
    delivery = next(one for one in declined if one.is_delivery)
    taken = set(carried)
    evidence = _decision(delivery)
    refusals = tuple(
        Refusal(
            item_id=item.item_id,
            reason=requester_texts(language).part_declined,
            rule=REJECTED,
            evidence_ids=(evidence.evidence_id,),
        )
        for item in items
        if item.item_id not in taken
    )
    return refusals, (evidence,)


def evidence_id_of(declined: Declined) -> str:
    """Return the id of the rejection as evidence."""
    return f"assembler.rejected.{declined.decision_id}"


def _without(statements: Iterable[Statement], ignored: set[str]) -> tuple[Statement, ...]:
    kept = []
    for statement in statements:
        left = tuple(item_id for item_id in statement.item_ids if item_id not in ignored)
        if left or not statement.item_ids:
            kept.append(statement.model_copy(update={"item_ids": left}))
    return tuple(kept)


def _refusal(item: Item, one: Declined, known: Refusal | None, language: str, *, is_only: bool) -> Refusal:
    """Refuse an item; where two of its actions were rejected, once and with the reasons of both."""
    texts, words = requester_texts(language), quotable(item)
    plain = (
        texts.all_declined
        if is_only
        else texts.declined.format(words=words)
        if words
        else texts.part_declined
    )
    told = known.reason if known is not None else plain
    reason = one.reason_for_requester.strip()
    cited = known.evidence_ids if known is not None else (f"request.{item.item_id}",)
    return Refusal(
        item_id=item.item_id,
        reason=told if not reason or reason in told else f"{told} {reason}",
        rule=REJECTED,
        evidence_ids=tuple(dict.fromkeys((*cited, evidence_id_of(one)))),
    )


def _decision(one: Declined) -> Evidence:
    """Return the rejection as evidence, without its internal reason."""
    return Evidence(
        evidence_id=evidence_id_of(one),
        source=EvidenceSource.DECISION,
        reference=one.decision_id,
        text=f"{one.by} rejected {one.name} on {one.subject}",
    )

"""What people decided otherwise than the desk, as raw material for cases: routed, sorted, edited, sent back, rejected."""

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from dispatch.audit.query.extract import fields_of
from dispatch.audit.read.steps import Step, steps
from dispatch.audit.store.document import Document, attributes, events_of, payload

_CHECK: Final = "verify_decision"
_TRIAGE: Final = "triage"
_ASSEMBLE: Final = "assemble"
_READ_BY_PEOPLE: Final = frozenset({"route", "sort"})
_CHANGED_BY_PEOPLE: Final = frozenset({"edit", "respond", "reject"})


class ReadByPerson(NamedTuple):
    """A text whose desk or intents a person named; `kinds` are what its items are then."""

    request_id: str
    desk: str
    text: str
    kinds: tuple[str, ...]
    how: str


class DraftChanged(NamedTuple):
    """A draft that a person edited, sent back or rejected, with the reason and what it rested on."""

    request_id: str
    desk: str
    draft: str
    evidence: tuple[str, ...]
    how: str
    reason: str


def harvest(document: Document) -> Iterator[ReadByPerson | DraftChanged]:
    """Yield what a closed request's history holds of that; a history of another form yields nothing."""
    events = list(events_of(document))
    started = fields_of(payload(attributes(events[0]).get("input")))
    done = [step for step in steps(events) if isinstance(step.result, dict)]
    accepted = [step for step in done if step.name == _CHECK and step.result.get("accepted") is True]
    triages = [step for step in done if step.name == _TRIAGE]
    if not triages:
        return
    last = triages[-1].result
    desk = str(fields_of(fields_of(last.get("playbook")).get("ref")).get("desk") or "")
    kinds = {str(item.get("item_id")): str(item.get("kind")) for item in last.get("items", ())}
    how = ""
    for step in accepted:
        decision = fields_of(step.result.get("decision"))
        name, edits = str(decision.get("decision_type")), fields_of(decision.get("edits"))
        if name in _READ_BY_PEOPLE:
            how = name
            kinds |= {item: str(kind) for item, kind in edits.items() if item in kinds}
        elif name in _CHANGED_BY_PEOPLE and (made := _draft_before(step, done)) is not None:
            yield _changed(document.request_id, desk, made, name, str(decision.get("reason") or ""))
    if how and desk:
        yield ReadByPerson(
            document.request_id,
            desk,
            f"{started.get('subject') or ''}\n{started.get('body') or ''}".strip(),
            tuple(dict.fromkeys(kinds.values())),
            how,
        )


def _draft_before(decision: Step, done: list[Step]) -> dict[str, Any] | None:
    """Return the proposal that was last made before a decision."""
    made = [step for step in done if step.name == _ASSEMBLE and step.event_id < decision.event_id]
    return made[-1].result if made else None


def _changed(request_id: str, desk: str, proposal: dict[str, Any], how: str, reason: str) -> DraftChanged:
    evidence = tuple(str(one.get("text")) for one in proposal.get("evidence", ()))
    return DraftChanged(
        request_id, desk, str(fields_of(proposal.get("draft")).get("text") or ""), evidence, how, reason
    )

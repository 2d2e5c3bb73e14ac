"""Reads the results of activities: one reader for each kind of result, chosen by the activity's type.

Longer than other files: the readers are similar, and are together so that the table at the end can be checked.
"""

from collections.abc import Callable, Iterator
from typing import Final

from pydantic import JsonValue

from dispatch.audit.models import AuditKind
from dispatch.audit.read.payload import field, kept, many, text, who_acted, words
from dispatch.models.canonical import digest_of, recorded_form
from dispatch.models.work.proposal import BoundAction

Part = dict[str, JsonValue]
MOST_EXCEPTIONS: Final = 50
_LONGEST_DRAFT: Final = 20_000
_EVIDENCE: Final = 500


class Answer:
    """One entry's share of an answer."""

    def __init__(
        self, kind: AuditKind, what: str, why: str = "", decided_by: str = "", **facts: JsonValue
    ) -> None:
        self.kind, self.what, self.why, self.decided_by = kind, what, why, decided_by
        self.facts: dict[str, JsonValue] = {
            name: value for name, value in facts.items() if value not in (None, [], {}, "")
        }


def read_result(activity: str, given: JsonValue, result: JsonValue) -> Iterator[Answer]:
    """Read an answer; `given` is the input, None if history does not have it (local activities)."""
    acted = who_acted(activity, result)
    yield from _reader(acted)(acted, given, result)


def _reader(activity: str) -> Callable[[str, JsonValue, JsonValue], Iterator[Answer]]:
    if activity.startswith("action."):
        return _undone if activity.endswith(".compensate") else _acted
    for prefix, reader in _BY_PREFIX.items():
        if activity == prefix or (prefix.endswith(".") and activity.startswith(prefix)):
            return reader
    return _other


def action_of(bound: JsonValue) -> dict[str, JsonValue]:
    """Return the facts of an action, with its digest recomputed from the recorded content."""
    if not isinstance(bound, dict):
        return {}
    # The class's view of an action is computed again for each inspection, and is not a part of the approval.
    covered = {name: value for name, value in bound.items() if name not in {"digest", "view"}}
    # Until 0.3 a digest was taken of all fields, defaults included; either way it is of this content and no other.
    taken = digest_of(recorded_form(BoundAction, covered))
    holds = words(bound, "digest") in {taken, digest_of(covered)}
    facts: dict[str, JsonValue] = {
        "name": words(bound, "action", "name"),
        "subject": words(bound, "action", "subject"),
        "parameters": kept(field(bound, "action", "parameters")),
        "items": kept(many(bound, "action", "item_ids")),
        "evidence": kept(many(bound, "action", "evidence_ids"), 200),
        "proposal_id": words(bound, "proposal_id"),
        "playbook": kept(field(bound, "playbook")),
        "idempotency_key": words(bound, "idempotency_key"),
        "action_digest": words(bound, "digest"),
        "digest_holds": holds,
        "digest_recomputed": "" if holds else taken,
    }
    return {name: value for name, value in facts.items() if value not in (None, [], "")}


def _named(bound: JsonValue) -> str:
    return f"{words(bound, 'action', 'name')} {words(bound, 'action', 'subject')}".strip() or "an action"


def _evidence(result: JsonValue) -> list[JsonValue]:
    return [kept(one, _EVIDENCE) for one in many(result, "evidence")[:200]]


def _intake(activity: str, _given: JsonValue, result: JsonValue) -> Iterator[Answer]:
    items = many(result, "items")
    yield Answer(
        AuditKind.RESULT,
        f"{len(items)} item{'' if len(items) == 1 else 's'}",
        "; ".join(words(item, "text", longest=200) for item in items[:20]),
        activity,
        items=kept(list(items), 500),
        notes=kept(many(result, "notes"), 500),
    )
    yield from _exceptions("intake", result)


def _triage(activity: str, _given: JsonValue, result: JsonValue) -> Iterator[Answer]:
    ref = field(result, "playbook", "ref")
    desk = words(ref, "desk")
    yield Answer(
        AuditKind.RESULT,
        f"routed to {desk}, priority {text(field(result, 'rank', 'priority_key'))}"
        if desk
        else "no desk fits",
        words(result, "why"),
        activity,
        playbook=kept(ref),
        priority=kept(field(result, "rank", "priority_key")),
        rank=kept(field(result, "rank")),
    )


def _plan(activity: str, _given: JsonValue, result: JsonValue) -> Iterator[Answer]:
    step, rule = words(result, "step"), words(result, "rule")
    questions = many(result, "questions")
    asked = ", ".join(words(question, "field") for question in questions)
    groups = "; ".join(
        ", ".join(text(name) for name in g) for g in many(result, "groups") if isinstance(g, list)
    )
    yield Answer(
        AuditKind.QUESTION if step == "ask" else AuditKind.RESULT,
        f"{step} {asked or groups}".strip(),
        words(result, "why"),
        f"rule {rule}" if rule else activity,
        questions=kept(list(questions), 500),
    )


def _finding(activity: str, _given: JsonValue, result: JsonValue) -> Iterator[Answer]:
    recommended = [
        kept({name: field(one, name) for name in ("name", "subject", "why", "evidence_ids")}, 500)
        for one in many(result, "recommended")
    ]
    yield Answer(
        AuditKind.FINDING,
        words(result, "status") or "a finding",
        words(result, "summary"),
        activity,
        evidence=_evidence(result),
        recommended=recommended,
        refusals=kept(many(result, "refusals"), 500),
        statements=len(many(result, "statements")) or None,
        ranking=kept(field(result, "ranking")),
    )


def _proposal(activity: str, _given: JsonValue, result: JsonValue) -> Iterator[Answer]:
    actions = many(result, "actions")
    yield Answer(
        AuditKind.PROPOSAL,
        words(result, "proposal_id") or "a proposal",
        ", then ".join(_named(bound) for bound in actions) or "nothing is to be done",
        activity,
        proposal_id=words(result, "proposal_id"),
        title=words(result, "draft", "title"),
        draft=words(result, "draft", "text", longest=_LONGEST_DRAFT),
        statements=[
            kept({name: field(one, name) for name in ("text", "item_ids", "evidence_ids")}, 1000)
            for one in many(result, "draft", "statements")[:100]
        ],
        actions=[action_of(bound) for bound in actions[:50]],
        refusals=kept(many(result, "refusals"), 500),
        evidence=_evidence(result),
    )
    yield from _exceptions("process", result)


def _review(activity: str, _given: JsonValue, result: JsonValue) -> Iterator[Answer]:
    if not many(result, "exceptions"):
        yield Answer(AuditKind.RESULT, "no exceptions", "every standard is met", activity)
    yield from _exceptions(activity, result)


def _exceptions(by: str, result: JsonValue) -> Iterator[Answer]:
    found = many(result, "exceptions")
    for one in found[:MOST_EXCEPTIONS]:
        what = f"{words(one, 'severity')}: {words(one, 'standard')}"
        yield Answer(AuditKind.EXCEPTION, what, words(one, "text"), by, items=kept(field(one, "item_ids")))
    if len(found) > MOST_EXCEPTIONS:
        yield Answer(AuditKind.EXCEPTION, f"{len(found) - MOST_EXCEPTIONS} more exceptions", "", by)


def _guard_result(activity: str, given: JsonValue, result: JsonValue) -> Iterator[Answer]:
    reasons = many(result, "reasons")
    rules = ", ".join(words(reason, "rule") for reason in reasons)
    bound = field(given, "bound")
    yield Answer(
        AuditKind.GUARD_RESULT,
        f"{words(result, 'decision')} {_named(bound)}",
        "; ".join(words(reason, "text") for reason in reasons),
        f"rule {rules}" if rules else activity,
        guard_decision=words(result, "decision"),
        tier=words(result, "tier"),
        opinion=kept(field(result, "opinion")),
        **(action_of(bound) | {"action_digest": words(result, "action_digest")}),
    )


def _opinion(activity: str, given: JsonValue, result: JsonValue) -> Iterator[Answer]:
    what = f"a model would have {_named(field(given, 'bound'))} in tier {words(result, 'tier')}"
    yield Answer(AuditKind.RESULT, what, words(result, "quote"), activity)


def _acted(_activity: str, given: JsonValue, result: JsonValue) -> Iterator[Answer]:
    bound = field(given, "bound")
    again = field(result, "reconciled") is True
    yield Answer(
        AuditKind.ACTION,
        _named(bound),
        f"{'found by its key, done by an earlier attempt' if again else 'done'}: {words(result, 'effect_id')}",
        words(given, "handoff", "decided_by"),
        effect_id=words(result, "effect_id"),
        receipt_key=words(result, "idempotency_key"),
        receipt=kept(field(result, "facts"), 500),
        reconciled=again or None,
        **ordered(given),
        **action_of(bound),
    )


def _undone(_activity: str, given: JsonValue, result: JsonValue) -> Iterator[Answer]:
    bound = field(given, "bound")
    yield Answer(
        AuditKind.COMPENSATION,
        _named(bound),
        f"undone: {words(result, 'effect_id')}",
        words(given, "handoff", "decided_by"),
        effect_id=words(result, "effect_id"),
        undoes=words(given, "receipt", "effect_id"),
        receipt=kept(field(result, "facts"), 500),
        **action_of(bound),
    )


def _verification(activity: str, _given: JsonValue, result: JsonValue) -> Iterator[Answer]:
    actions, items = many(result, "actions"), many(result, "items")
    yield Answer(
        AuditKind.VERIFICATION,
        words(result, "verdict") or "a verification",
        "; ".join(
            f"{words(check, 'name')} {words(check, 'verdict')}: {words(check, 'why')}" for check in actions
        ),
        activity,
        actions=[
            kept({name: field(c, name) for name in ("action_digest", "name", "verdict", "why")}, 500)
            for c in actions[:50]
        ],
        items=kept(list(items), 500),
    )


def _notified(activity: str, _given: JsonValue, result: JsonValue) -> Iterator[Answer]:
    notified = ", ".join(text(name, 100) for name in many(result, "notified"))
    missed = [*many(result, "undelivered"), *many(result, "later")]
    reasons = "; ".join(f"{words(one, 'name')}: {words(one, 'why')}" for one in missed)
    yield Answer(
        AuditKind.RESULT,
        f"notified {notified or 'nobody'}",
        f"not notified: {reasons}" if reasons else "",
        activity,
        left_to_digest=kept(many(result, "left_to_digest")),
    )


def _message(activity: str, _given: JsonValue, result: JsonValue) -> Iterator[Answer]:
    """Return a summary of the written message; its text is in the entry of its sending."""
    action = words(result, "action", "subject")
    yield Answer(AuditKind.RESULT, f"wrote {action}", words(result, "action", "why"), activity)


def _persisted_trail(activity: str, _given: JsonValue, result: JsonValue) -> Iterator[Answer]:
    refused = sum(words(entry, "kind") == "refused" for entry in many(result, "trail"))
    yield Answer(AuditKind.RESULT, f"kept which {refused} messages were refused, and why", "", activity)


def _parts(activity: str, _given: JsonValue, result: JsonValue) -> Iterator[Answer]:
    reports = many(result, "reports")
    stand = (
        f"{words(one, 'desk') or words(one, 'request_id')} {words(one, 'ending') or words(one, 'state')}"
        for one in reports[:50]
    )
    names = ("request_id", "state", "owner", "ending", "ended", "why", "answer")
    yield Answer(
        AuditKind.RESULT,
        ", ".join(stand) or "no part",
        "; ".join(why for one in reports[:50] if (why := words(one, "why", longest=200))),
        activity,
        parts=[kept({name: field(one, name) for name in names}, 2_000) for one in reports[:50]],
    )


def _other(activity: str, _given: JsonValue, result: JsonValue) -> Iterator[Answer]:
    yield Answer(AuditKind.RESULT, f"an answer of {activity}", words(result, "why"), activity)


def ordered(order: JsonValue) -> dict[str, JsonValue]:
    """Return the guard result and the authorization that a command carries."""
    return {
        "guard_decision": words(order, "guard_result", "decision"),
        "tier": words(order, "guard_result", "tier"),
        "approval": kept(field(order, "authorization", "approval")),
        "decisions": [words(decision, "decision_id") for decision in decisions_in(order)],
    }


def decisions_in(order: JsonValue) -> list[JsonValue]:
    """Return the decisions that a command carries."""
    return many(order, "authorization", "decisions")


_BY_PREFIX: Final = {
    "intake": _intake,
    "triage": _triage,
    "plan": _plan,
    "specialist.": _finding,
    "assemble": _proposal,
    "answer_for_parts": _proposal,
    "read_parts": _parts,
    "write_message": _message,
    "reviewer.": _review,
    "guardian.inspect": _guard_result,
    "guardian.opinion": _opinion,
    "verifier.read_back": _verification,
    "notify_approvers": _notified,
    "write_trail": _persisted_trail,
}

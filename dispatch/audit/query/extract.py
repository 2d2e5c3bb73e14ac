"""What an auditor asks about, as one flat record for each exported request.

The extract is made from the store and can be made again at any time; it proves nothing by itself. Every record names the
line that it was made of, so that a question can tell whether the extract is the store's.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from dispatch.audit.read.steps import StatusChange, Step, status_changes, steps
from dispatch.audit.store.document import Document, attributes, events_of, moment, payload
from dispatch.audit.store_models import ManifestLine

GATES: Final = {
    "waiting_for_approval": "approval",
    "waiting_for_routing": "routing",
    "escalated": "escalation",
}
"""The states in which a request waits for a decision, and the kind of the open gate."""
_WAITS: Final = {**GATES, "waiting_for_information": "information"}
_GUARDIAN: Final = "guardian.inspect"
_CHECK: Final = "verify_decision"
_ACTION: Final = "action."
_UNDO: Final = ".compensate"
_NOBODY: Final = "nobody"
_KEEPER: Final = "write_trail"

Record = dict[str, Any]


def record_of(line: ManifestLine, line_digest: str, document: Document) -> Record:
    """Return the record of one exported request; times as ISO 8601, amounts in minor units.

    What a history does not hold (an encrypted payload, a form of another version) is left out, never guessed.
    """
    events = list(events_of(document))
    ended = list(steps(events))
    done = [step for step in ended if isinstance(step.result, dict)]
    started, last = attributes(events[0]), events[-1]
    asked = fields_of(payload(started.get("input")))
    guarded = list(_guarded(done))
    stood = list(status_changes(events))
    outcome = fields_of(payload(attributes(last).get("result")))
    triage: Record = next((step.result for step in reversed(done) if step.name == "triage"), {})
    reference = fields_of(fields_of(triage.get("playbook")).get("ref"))
    return {
        "seq": line.seq,
        "line": line_digest,
        "request_id": document.request_id,
        "workflow_type": document.workflow_type,
        # A request for several desks is none of theirs: its parts are.
        "desk": None if triage.get("parts") else reference.get("desk") or asked.get("desk"),
        "part_of": fields_of(asked.get("part")).get("parent"),
        "parts": [fields_of(part).get("request_id") for part in outcome.get("parts") or ()],
        "playbook_version": reference.get("version"),
        "playbook_digest": reference.get("digest"),
        "priority": triage.get("priority"),
        "requester": fields_of(asked.get("sender")).get("address") or asked.get("requester"),
        "opened_at": _iso(moment(events[0]["eventTime"])),
        "closed_at": _iso(moment(last["eventTime"])),
        "ending": line.ending,
        "documents": [one["sha256"] for one in _documents(asked)],
        "guarded": guarded,
        "actions": list(_acted(ended)),
        "decisions": list(_decisions(done, stood, {one["digest"]: one for one in guarded})),
        "refused": list(_refused(done, outcome)),
        "waits": list(_waits(stood, moment(last["eventTime"]))),
        "models": list(_models(done, outcome)),
    }


def _documents(asked: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the references of the documents that came with a request."""
    for one in (asked.get("source"), *(asked.get("attachments") or ())):
        if isinstance(one, dict) and "sha256" in one:
            yield one


def _guarded(done: list[Step]) -> Iterator[Record]:
    for step in done:
        if step.name == _GUARDIAN and isinstance(step.given, dict):
            result, bound = step.result, fields_of(step.given.get("bound"))
            yield {
                "event_id": step.event_id,
                "moment": _iso(step.ended),
                **_action(bound),
                "digest": result.get("action_digest"),
                "guard_decision": result.get("decision"),
                "tier": result.get("tier"),
                "rules": [reason.get("rule") for reason in result.get("reasons", [])],
                "reasons": "; ".join(str(reason.get("text")) for reason in result.get("reasons", [])),
            }


def _acted(ended: list[Step]) -> Iterator[Record]:
    """Yield every action that was ordered; `status` is done, undone, or the kind of failure (OutcomeUnknown, ...)."""
    undone = {_key(step) for step in ended if step.name.endswith(_UNDO) and step.failure is None}
    for step in ended:
        if not step.name.startswith(_ACTION) or step.name.endswith(_UNDO) or not isinstance(step.given, dict):
            continue
        authorization, result = (
            fields_of(step.given.get("authorization")),
            fields_of(step.given.get("guard_result")),
        )
        yield {
            "event_id": step.event_id,
            "moment": _iso(step.ended),
            **_action(fields_of(step.given.get("bound"))),
            "status": step.failure or ("undone" if _key(step) in undone else "done"),
            "effect_id": fields_of(step.result).get("effect_id"),
            "guard_decision": result.get("decision"),
            "tier": result.get("tier"),
            "approvers": [decision.get("approver") for decision in authorization.get("decisions", [])],
        }


def _key(step: Step) -> str:
    return str(fields_of(fields_of(step.given).get("bound")).get("idempotency_key"))


def _action(bound: dict[str, Any]) -> Record:
    action, amount = fields_of(bound.get("action")), fields_of(fields_of(bound.get("view")).get("amount"))
    return {
        "name": action.get("name"),
        "subject": action.get("subject"),
        "amount_minor": amount.get("amount_minor"),
        "currency": amount.get("currency"),
    }


def _decisions(done: list[Step], stood: list[StatusChange], by_digest: dict[Any, Record]) -> Iterator[Record]:
    """Yield the accepted decisions, each with how long its gate had stood open when it was made."""
    for step in done:
        decision = fields_of(step.result.get("decision"))
        if step.name != _CHECK or not step.result.get("accepted") or not decision:
            continue
        opened = _opened(stood, step.ended)
        about = by_digest.get(decision.get("action_digest"), {})
        # A decision may lie in history while no worker runs: it was made when it was issued, not when it was judged.
        made = min(step.ended, datetime.fromisoformat(str(decision["issued_at"])))
        yield {
            "event_id": step.event_id,
            "moment": _iso(step.ended),
            "approval_request": GATES.get(opened.state) if opened else None,
            "decision_type": decision.get("decision_type"),
            "approver": decision.get("approver"),
            "reason": decision.get("reason"),
            "about": about.get("name"),
            "subject": about.get("subject"),
            "amount_minor": about.get("amount_minor"),
            "currency": about.get("currency"),
            "guard_decision": about.get("guard_decision"),
            "tier": about.get("tier"),
            "rules": about.get("rules", []),
            "reasons": about.get("reasons"),
            "seconds": (made - opened.at).total_seconds() if opened else None,
            "signed_with": step.result.get("signed_with"),
        }


def _opened(stood: list[StatusChange], by: datetime) -> StatusChange | None:
    """Return where the present wait began; an escalation changes its owner and not the wait."""
    opened: StatusChange | None = None
    for stand in stood:
        if stand.at > by:
            break
        if stand.state not in GATES:
            opened = None
        elif opened is None or opened.state != stand.state:
            opened = stand
    return opened


def _refused(done: list[Step], outcome: dict[str, Any]) -> Iterator[Record]:
    """Yield the refused messages: by the request's own record where it ended with one, else by the checks alone."""
    told = [entry for entry in outcome.get("trail", []) if entry.get("kind") == "refused"]
    for entry in told:
        yield {"moment": entry["at"], "what": entry["what"], "by": entry["sender"], "why": entry["why"]}
    if "trail" in outcome:
        return
    for step in done:
        if step.name == _CHECK and step.result.get("accepted") is False:
            by = fields_of(step.result.get("decision")).get("approver") or "unknown"
            yield {"moment": _iso(step.ended), "what": "decide", "by": by, "why": step.result.get("reason")}


def _models(done: list[Step], outcome: dict[str, Any]) -> Iterator[Record]:
    """Yield what each question to a language model came to, by the request's own record, however it was kept."""
    kept = [outcome, *(step.result for step in reversed(done) if step.name == _KEEPER)]
    trail = next((one["trail"] for one in kept if isinstance(one.get("trail"), list)), ())
    for entry in trail:
        if isinstance(entry, dict) and isinstance(entry.get("use"), dict):
            yield {"moment": entry["at"], "use": entry["use"]}


def _waits(stood: list[StatusChange], closed_at: datetime) -> Iterator[Record]:
    """Yield how long the request stood with whom, one record for each owner in turn."""
    ends = [stand.at for stand in stood[1:]] + [closed_at]
    for stand, end in zip(stood, ends, strict=False):
        if stand.state in _WAITS and stand.owner != _NOBODY:
            yield {
                "approval_request": _WAITS[stand.state],
                "owner": stand.owner,
                "moment": _iso(stand.at),
                "seconds": (end - stand.at).total_seconds(),
            }


def fields_of(value: Any) -> dict[str, Any]:
    """Return a JSON object as it is, and nothing for any other value."""
    return value if isinstance(value, dict) else {}


def _iso(at: datetime) -> str:
    return at.isoformat(timespec="microseconds")

"""Follows an effect back to its authorisation, its evidence and the trigger."""

from dispatch.audit.models import AuditEntry, AuditKind, Chain, Rest, Trail
from dispatch.audit.read.payload import field, many, words
from dispatch.models.contract import Facts

_UNDOING = ".compensate"


def is_effect(entry: AuditEntry) -> bool:
    """Return whether an entry changed an outside system, or may have (an action that failed without certainty)."""
    return entry.kind in {AuditKind.ACTION, AuditKind.COMPENSATION} or (
        entry.kind is AuditKind.FAILURE and entry.facts.get("effect") == "unknown"
    )


def _undoes(entry: AuditEntry) -> bool:
    return entry.kind is AuditKind.COMPENSATION or words(entry.facts, "activity").endswith(_UNDOING)


def chain_of(trail: Trail, entry: AuditEntry) -> Chain:
    """Follow an entry's links back to the first; for an action, name its authorisation and its evidence.

    `gaps` names each link of an action that should be there and is not: no guard result, a held action without its
    decision, evidence that no finding holds, a digest that does not hold, a receipt for another key.
    """
    by_seq = {one.seq: one for one in trail.entries}
    found: set[int] = set()
    waiting = [entry.seq]
    while waiting:
        seq = waiting.pop()
        if seq not in found and seq in by_seq:
            found.add(seq)
            waiting += by_seq[seq].because
    entries = [by_seq[seq] for seq in sorted(found)]
    rests_on, decided_by = _word(entry, entries)
    evidence = {
        words(one, "evidence_id"): finding.seq
        for finding in trail.entries
        if finding.kind is AuditKind.FINDING and finding.seq < entry.seq
        for one in many(finding.facts, "evidence")
    }
    named = [str(name) for name in many(entry.facts, "evidence")] if is_effect(entry) else []
    return Chain(
        entry=entry.seq,
        entries=tuple(sorted(found)),
        rests_on=rests_on,
        decided_by=decided_by,
        tier=words(entry.facts, "tier"),
        evidence={name: evidence[name] for name in named if name in evidence},
        gaps=tuple(_gaps(trail, entry, entries, named, evidence)),
    )


def effects(trail: Trail) -> tuple[AuditEntry, ...]:
    """Return the entries that changed an outside system or may have, in order."""
    return tuple(entry for entry in trail.entries if is_effect(entry))


def unfounded(trail: Trail) -> tuple[str, ...]:
    """Return the gaps in the chain of each effect; expected to be empty."""
    return tuple(
        f"{entry.what} (event {entry.event_ids[0]}): {gap}"
        for entry in effects(trail)
        for gap in chain_of(trail, entry).gaps
    )


def _word(entry: AuditEntry, entries: list[AuditEntry]) -> tuple[Rest, tuple[str, ...]]:
    if _undoes(entry):
        return Rest.PROCESS, ("process",)
    if not is_effect(entry):
        return Rest.PROCESS if len(entries) > 1 else Rest.NOTHING, (
            entry.decided_by,
        ) if entry.decided_by else ()
    people = tuple(one.decided_by for one in _decisions(entry, entries))
    if people:
        return Rest.DECISION, people
    decision = words(_guard_result(entry, entries), "guard_decision") if _guard_result(entry, entries) else ""
    return (Rest.TIER, ("guardian",)) if decision == "allow" else (Rest.NOTHING, ())


def _decisions(entry: AuditEntry, entries: list[AuditEntry]) -> list[AuditEntry]:
    """Return the approvals of exactly this action that its order names."""
    needed = {str(name) for name in many(entry.facts, "decisions")}
    return [
        one
        for one in entries
        if one.kind is AuditKind.DECISION
        and words(one.facts, "content", "decision_id") in needed
        and words(one.facts, "content", "action_digest") == words(entry.facts, "action_digest")
        and words(one.facts, "content", "decision_type") == "approve"
    ]


def _guard_result(entry: AuditEntry, entries: list[AuditEntry]) -> Facts:
    digest = words(entry.facts, "action_digest")
    results = [
        one.facts
        for one in entries
        if one.kind is AuditKind.GUARD_RESULT and words(one.facts, "action_digest") == digest
    ]
    return dict(results[-1]) if results else {}


def _approval_gap(entry: AuditEntry, entries: list[AuditEntry]) -> str:
    """Describe which of the playbook's requirements the approval lacked when the command was given."""
    signed, needed = (field(entry.facts, "approval", name) for name in ("signed", "signatures"))
    decisions = _decisions(entry, entries)
    if signed is True and not all(words(one.facts, "signed_with") for one in decisions):
        return "it needed signed decisions, and not every signature was verified at receipt"
    people = {one.decided_by for one in decisions}
    if isinstance(needed, int) and needed > max(len(people), 1):
        return f"it needed {needed} different people, and {len(people)} decided"
    return ""


def _gaps(
    trail: Trail, entry: AuditEntry, entries: list[AuditEntry], named: list[str], evidence: dict[str, int]
) -> list[str]:
    if not is_effect(entry):
        return []
    gaps = []
    earlier = (
        ", or it is in an earlier history that was not given"
        if trail.runs and trail.runs[0].continues
        else ""
    )
    if entry.facts.get("digest_holds") is False:
        gaps.append("its content does not give the digest that it names")
    if _undoes(entry):
        if not any(one.kind is AuditKind.ACTION for one in entries):
            gaps.append(f"the effect that it undoes is not in the history{earlier}")
        return gaps
    if words(entry.facts, "receipt_key") not in {"", words(entry.facts, "idempotency_key")}:
        gaps.append("the receipt is for another key")
    if not _guard_result(entry, entries):
        gaps.append(f"the guard result for it is not in the history{earlier}")
    elif _word(entry, entries)[0] is Rest.NOTHING:
        gaps.append(f"it was held, and no decision in the history let it pass{earlier}")
    gaps += [gap for gap in (_approval_gap(entry, entries),) if gap]
    gaps += [f"no finding holds its evidence {name}{earlier}" for name in named if name not in evidence]
    return gaps

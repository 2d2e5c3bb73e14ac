"""Explains a result in plain sentences, each with its event."""

from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from dispatch.audit.models import AuditEntry, AuditKind, Chain, Rest, Trail
from dispatch.audit.read.chain import chain_of, effects
from dispatch.audit.read.payload import field, many, words

_ARTICLES: Final = frozenset({"a", "the", "it", "deadline", "this"})


class Sentence(NamedTuple):
    """`place` is the event, with its run where there are several."""

    text: str
    place: str


def explain(trail: Trail) -> tuple[Sentence, ...]:
    """Describe the submission, findings, proposal, approvals, actions and the ending."""
    return tuple(_sentences(trail))


def place(trail: Trail, entry: AuditEntry) -> str:
    """Name the events of an entry."""
    ids = ", ".join(str(event_id) for event_id in entry.event_ids[:4])
    more = f" and {len(entry.event_ids) - 4} more" if len(entry.event_ids) > 4 else ""  # noqa: PLR2004 (as cut above)
    plural = "s" if len(entry.event_ids) > 1 else ""
    return f"event{plural} {ids}{more}" + (f" of run {entry.run}" if len(trail.runs) > 1 else "")


def _sentences(trail: Trail) -> Iterator[Sentence]:
    told = {entry.seq for entry in trail.entries if entry.kind in _ALWAYS}
    chains = {entry.seq: chain_of(trail, entry) for entry in effects(trail)}
    for chain in chains.values():
        told |= set(chain.entries)
    for entry in trail.entries:
        speaker = _SPEAKERS.get(entry.kind)
        if speaker is None or entry.seq not in told:
            continue
        yield Sentence(_ended(speaker(entry)), place(trail, entry))
        if entry.seq in chains and entry.kind in {AuditKind.ACTION, AuditKind.FAILURE}:
            yield Sentence(_rests(trail, chains[entry.seq]), place(trail, entry))
    if trail.ending == "open":
        yield Sentence(_open(trail), place(trail, trail.entries[-1]) if trail.entries else "no events")


def _ended(text: str) -> str:
    """Close a sentence; it begins with a capital unless it begins with a name."""
    text = text.strip().rstrip(".")
    return f"{text[:1].upper() if text.split(' ')[0] in _ARTICLES else text[:1]}{text[1:]}."


def _because(entry: AuditEntry) -> str:
    return f": {entry.why}" if entry.why else ""


def _who(name: str) -> str:
    role, _, person = name.partition(".")
    return {
        "approver": person,
        "specialist": f"the specialist {person}",
        "action": f"the action {person}",
    }.get(
        role,
        f"the {name}" if name in {"guardian", "verifier", "planner", "coordinator", "requester"} else name,
    ) or "somebody unnamed"


def _trigger(entry: AuditEntry) -> str:
    if follows := words(entry.facts, "follow_up_of"):
        return f"This is a follow-up of {follows}, started to read its effects back"
    subject = words(entry.facts, "subject")
    kind = words(entry.facts, "trigger", "kind") or "a request"
    if whole := words(entry.facts, "part_of"):
        return f"This is one desk's part of {whole}; {entry.sender} sent {kind}{f' “{subject}”' if subject else ''}"
    return f"{entry.sender} sent {kind}{f' “{subject}”' if subject else ''}"


def _finding(entry: AuditEntry) -> str:
    count = len(many(entry.facts, "evidence"))
    return (
        f"{_who(entry.sender)} found{'' if entry.what == 'found' else f' ({entry.what})'}{_because(entry)}"
        + (f" (with {count} piece{'s' if count > 1 else ''} of evidence)" if count else "")
    )


def _proposal(entry: AuditEntry) -> str:
    return f"the draft {entry.what} proposed {entry.why}"


def _fields_asked(entry: AuditEntry) -> str:
    return ", ".join(words(question, "field") for question in many(entry.facts, "questions"))


def _guard_result(entry: AuditEntry) -> str:
    decided = {"allow": "allowed", "hold": "held", "block": "blocked"}
    word = words(entry.facts, "guard_decision")
    what = f"{words(entry.facts, 'name')} {words(entry.facts, 'subject')}".strip() or "an action"
    waits = " for a person" if word == "hold" else ""
    return f"the guardian {decided.get(word, word)} {what}{waits}{_because(entry)}"


def _decision(entry: AuditEntry) -> str:
    key = words(entry.facts, "signed_with")
    signed = f"signed, verified at receipt with {key}" if key else "unsigned"
    return f"{entry.decided_by} decided {entry.what} ({signed}){_because(entry)}"


def _action(entry: AuditEntry) -> str:
    key = words(entry.facts, "idempotency_key")
    return f"{entry.what} was carried out ({entry.why}; key {key})"


def _rests(trail: Trail, chain: Chain) -> str:
    by_seq = {one.seq: one for one in trail.entries}
    if chain.rests_on is Rest.DECISION:
        on = f"the decision of {' and '.join(dict.fromkeys(chain.decided_by))}"
    elif chain.rests_on is Rest.TIER:
        on = f"the guardian's decision, because tier {chain.tier or 'low'} needs no approval"
    else:
        on = "nobody's word that the history shows"
    found = "; ".join(
        f"{name} ({place(trail, by_seq[seq])})" for name, seq in chain.evidence.items() if seq in by_seq
    )
    gaps = f" Missing: {'; '.join(chain.gaps)}." if chain.gaps else ""
    return (
        f"It rests on {on}, and on {f'the evidence {found}' if found else 'no evidence that it names'}.{gaps}"
    )


def _open(trail: Trail) -> str:
    status = next((entry for entry in reversed(trail.entries) if entry.kind is AuditKind.STATUS), None)
    if status is None:
        return "It is still open."
    by = field(status.facts, "by")
    return f"It is still open: {status.what.replace('_', ' ')}, with {status.receiver}{f', by {by}' if by else ''}."


def _outcome(entry: AuditEntry) -> str:
    owner = f"; {entry.receiver} has it now" if entry.receiver not in {"", "nobody"} else ""
    return f"it ended as {entry.what.replace('_', ' ')}{_because(entry)}{owner}"


_ALWAYS: Final = frozenset(
    {
        AuditKind.TRIGGER,
        AuditKind.CONTINUATION,
        AuditKind.RESET,
        AuditKind.EXCEPTION,
        AuditKind.QUESTION,
        AuditKind.ANSWER,
        AuditKind.DECISION,
        AuditKind.REFUSAL,
        AuditKind.MESSAGE,
        AuditKind.DEADLINE,
        AuditKind.REMINDER,
        AuditKind.FAILURE,
        AuditKind.VERIFICATION,
        AuditKind.FOLLOW_UP,
        AuditKind.PART,
        AuditKind.CANCELLATION,
        AuditKind.OUTCOME,
        AuditKind.GUARD_RESULT,
    }
)

_SPEAKERS: Final[dict[AuditKind, Callable[[AuditEntry], str]]] = {
    AuditKind.TRIGGER: _trigger,
    AuditKind.CONTINUATION: lambda entry: f"it {entry.what}{_because(entry)}",
    AuditKind.RESET: lambda entry: (
        f"{entry.sender} reset it; the following events are from the repetition of run {words(entry.facts, 'base_run_id')}{_because(entry)}"
    ),
    AuditKind.FINDING: _finding,
    AuditKind.PROPOSAL: _proposal,
    AuditKind.EXCEPTION: lambda entry: f"{_who(entry.sender)} took exception ({entry.what}){_because(entry)}",
    AuditKind.GUARD_RESULT: _guard_result,
    AuditKind.QUESTION: lambda entry: f"the desk had to ask ({_fields_asked(entry)}){_because(entry)}",
    AuditKind.ANSWER: lambda entry: f"the requester sent {entry.what}{_because(entry)}",
    AuditKind.DECISION: _decision,
    AuditKind.REFUSAL: lambda e: (
        f"a message ({words(e.facts, 'message')}) from {_who(e.sender)} was refused{_because(e)}"
    ),
    AuditKind.MESSAGE: lambda e: (
        f"a message ({words(e.facts, 'message')}) from {_who(e.sender)} came in and was not judged"
    ),
    AuditKind.DEADLINE: lambda e: (
        f"{e.decided_by} moved a deadline{_because(e)}" if e.facts else f"{e.what}{_because(e)}"
    ),
    AuditKind.REMINDER: lambda entry: f"{_who(entry.receiver)} got a {entry.what}{_because(entry)}",
    AuditKind.ACTION: _action,
    AuditKind.FAILURE: lambda e: (
        f"{e.what}{_because(e)}"
        + ("; whether it took effect is unknown" if e.facts.get("effect") == "unknown" else "")
    ),
    AuditKind.COMPENSATION: lambda entry: f"{entry.what} was undone ({entry.why})",
    AuditKind.VERIFICATION: lambda entry: f"the verifier read the world back: {entry.what}{_because(entry)}",
    AuditKind.FOLLOW_UP: lambda entry: (
        f"{entry.what} follows{_because(entry)}" if words(entry.facts, "workflow_id") else entry.what
    ),
    AuditKind.PART: lambda entry: (
        f"the part of {entry.receiver} was begun as {entry.what}{_because(entry)}"
        + (f"; it ended as {ending}" if (ending := words(entry.facts, "ending").replace("_", " ")) else "")
    ),
    AuditKind.CANCELLATION: lambda entry: f"{entry.sender} asked for cancellation{_because(entry)}",
    AuditKind.OUTCOME: _outcome,
}

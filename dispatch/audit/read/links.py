"""Links each entry to the earlier entries on which it is based, by digests, ids and keys in the history."""

from pydantic import JsonValue

from dispatch.audit.models import AuditKind
from dispatch.audit.read.entry_builder import EntryBuilder
from dispatch.audit.read.payload import field, many, words

_TURNS = frozenset(
    {
        AuditKind.TRIGGER,
        AuditKind.QUESTION,
        AuditKind.REMINDER,
        AuditKind.DECISION,
        AuditKind.ANSWER,
        AuditKind.DEADLINE,
        AuditKind.GUARD_RESULT,
        AuditKind.FAILURE,
        AuditKind.COMPENSATION,
        AuditKind.VERIFICATION,
        AuditKind.CANCELLATION,
    }
)
"""Entries that change the course of the process; later entries without another basis link to the last of them."""

_AFTER_TURN = frozenset({AuditKind.ANSWER, AuditKind.DEADLINE, AuditKind.REMINDER, AuditKind.FAILURE})
"""Entries that link to the last such entry in addition to those they name; others do so only if they name none."""


def link(notes: list[EntryBuilder]) -> None:
    """Set the links of all notes, in order; a link never points forward."""
    links = _Links()
    for note in notes:
        links.add(note)


class _Links:
    def __init__(self) -> None:
        self._proposals: dict[str, EntryBuilder] = {}
        self._proposed: dict[str, EntryBuilder] = {}
        self._verdicts: dict[str, EntryBuilder] = {}
        self._actions: dict[str, EntryBuilder] = {}
        self._decisions: dict[str, EntryBuilder] = {}
        self._evidence: dict[str, EntryBuilder] = {}
        self._findings: dict[str, EntryBuilder] = {}
        self._last: EntryBuilder | None = None

    def add(self, note: EntryBuilder) -> None:
        digest = words(note.facts, "action_digest")
        note.because += [other for other in self._causes(note, digest) if other is not None]
        if note.kind in {AuditKind.DECISION, AuditKind.REFUSAL}:
            self._name(note)
        if note.kind is AuditKind.FINDING:
            self._findings[note.sender] = note
            self._remember(self._evidence, many(note.facts, "evidence"), "evidence_id", note)
        elif note.kind is AuditKind.PROPOSAL:
            self._proposals[words(note.facts, "proposal_id")] = note
            self._remember(self._proposed, many(note.facts, "actions"), "action_digest", note)
        elif note.kind is AuditKind.GUARD_RESULT:
            self._verdicts[digest] = note
        elif note.kind is AuditKind.ACTION:
            self._actions[digest] = note
        elif note.kind is AuditKind.DECISION:
            self._decisions.setdefault(words(note.facts, "content", "decision_id"), note)
        # An action's own guard result is no basis of other entries.
        if note.kind in _TURNS and not (
            note.kind is AuditKind.GUARD_RESULT and field(note.facts, "guard_decision") == "allow"
        ):
            self._last = note

    def _causes(self, note: EntryBuilder, digest: str) -> list[EntryBuilder | None]:
        causes = self._named_causes(note, digest)
        rests = note.kind in _AFTER_TURN or not (any(causes) or note.because)
        return [*causes, self._last] if rests else causes

    def _named_causes(  # noqa: PLR0911 (one return for each kind)
        self, note: EntryBuilder, digest: str
    ) -> list[EntryBuilder | None]:
        """Return the entries that the entry names, by digest, id or key."""
        content = field(note.facts, "content")
        match note.kind:
            case AuditKind.PROPOSAL:
                evidence = [
                    self._evidence.get(words(one, "evidence_id")) for one in many(note.facts, "evidence")
                ]
                return [*evidence, *self._findings.values(), self._last]
            case AuditKind.HANDOFF if digest:
                return [self._verdicts.get(digest) or self._proposed.get(digest) or self._last]
            case AuditKind.GUARD_RESULT:
                return [self._proposed.get(digest)]
            case AuditKind.ACTION | AuditKind.FAILURE:
                decided = [self._decisions.get(str(name)) for name in many(note.facts, "decisions")]
                evidence = [self._evidence.get(str(name)) for name in many(note.facts, "evidence")]
                return [self._verdicts.get(digest), self._proposed.get(digest), *decided, *evidence]
            case AuditKind.DECISION | AuditKind.REFUSAL:
                named = words(content, "action_digest")
                return [self._verdicts.get(named), self._proposals.get(words(content, "proposal_id"))]
            case AuditKind.COMPENSATION:
                return [self._actions.get(digest), self._last]
            case AuditKind.VERIFICATION:
                return [
                    self._actions.get(words(check, "action_digest")) for check in many(note.facts, "actions")
                ]
            case AuditKind.FOLLOW_UP:
                return list(self._actions.values())
            case AuditKind.FINDING | AuditKind.RESULT | AuditKind.QUESTION:
                return [self._last]
            case _:
                return []

    def _name(self, note: EntryBuilder) -> None:
        """Name the action that a decision is on; the decision itself has only a digest."""
        on = self._verdicts.get(words(note.facts, "content", "action_digest"))
        if on is not None:
            named = f"{words(on.facts, 'name')} {words(on.facts, 'subject')}"
            note.facts["on"] = named
            if note.kind is AuditKind.DECISION:
                proposal = words(note.facts, "content", "proposal_id")
                note.what = f"{words(note.facts, 'content', 'decision_type')} {named} ({proposal})"

    @staticmethod
    def _remember(
        where: dict[str, EntryBuilder], parts: list[JsonValue], name: str, note: EntryBuilder
    ) -> None:
        for part in parts:
            if key := words(part, name):
                where[key] = note

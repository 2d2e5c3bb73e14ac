"""All signals and updates with their results.

Results are in an update's answer, in the result of the activity that read the message, or in the trail that the desk
writes into its outcome and into a continued history. A message that none of them names stays 'received, not judged'.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from pydantic import JsonValue

from dispatch.audit.models import AuditKind, Judgement
from dispatch.audit.read.entry_builder import EntryBuilder, parsed
from dispatch.audit.read.payload import field, kept, many, text, words
from dispatch.models.canonical import digest_of
from dispatch.models.moments import deadline_moved_text
from dispatch.models.request.message_names import SENT_BY_REQUESTER, MessageName
from dispatch.models.trail import FURTHER_MESSAGE, EntryKind

_UNCOUNTED: Final = re.compile(r"\((\d+) further refused messages are in history\)")
_LARGEST: Final = 65_536
_EXCERPT: Final = 300

_MOVED: Final = (AuditKind.DEADLINE, "deadline moved")
_ACCEPTED_BY_RECORD: Final[Mapping[tuple[str, str], tuple[AuditKind, str]]] = {
    (EntryKind.DECISION, MessageName.EXTEND): _MOVED,
    (EntryKind.ANSWER, MessageName.WITHDRAW): (AuditKind.ANSWER, MessageName.WITHDRAW),
}
"""Messages that only the desk's own record says were accepted: the kind and name of its entry -> those of the audit's."""


@dataclass(eq=False)
class Message:
    """`raw` is what the handlers are given, cut: one argument, or a note that there were more.

    `digest` is the one that the desk's record holds of it, where it holds one.
    """

    note: EntryBuilder
    name: str
    raw: JsonValue
    digest: str
    judgement: Judgement = Judgement.NOT_JUDGED
    why: str = ""

    @property
    def open(self) -> bool:
        return self.judgement is Judgement.NOT_JUDGED

    def judged_at(self, run: int, event_id: int) -> None:
        """Add the event that judges it; one of a later history has an entry of its own there."""
        if run == self.note.run:
            self.note.ids.append(event_id)
        else:
            self.note.facts["judged"] = f"event {event_id} of run {run}"

    def judge(self, judgement: Judgement, why: str, kind: AuditKind | None = None, what: str = "") -> None:
        self.judgement, self.why = judgement, why
        refused = judgement is Judgement.REFUSED
        self.note.kind = AuditKind.REFUSAL if refused else kind or self.note.kind
        self.note.what = f"{self.name} refused" if refused else what or self.note.what
        self.note.why = why


class Messages:
    """All messages of a request, in order of arrival."""

    def __init__(self) -> None:
        self.all: list[Message] = []
        self._updates: dict[str, Message] = {}
        self._decisions: dict[str, list[Message]] = {}

    def received(
        self, note: EntryBuilder, name: str, arguments: list[JsonValue], update_id: str = ""
    ) -> Message:
        raw: JsonValue = arguments[0] if arguments else None
        if len(arguments) > 1:
            raw = {"unreadable": f"{len(arguments)} arguments where one is due"}
        sender = words(raw, "approver", longest=100)
        note.sender = (
            f"approver.{sender}" if sender else "requester" if name in SENT_BY_REQUESTER else "unknown"
        )
        note.receiver, note.what = "coordinator", f"{name}: {Judgement.NOT_JUDGED}"
        message = Message(note, name, kept(raw), digest_of(_bounded(raw)))
        note.facts |= {"message": name, "content": message.raw}
        self.all.append(message)
        if decision_id := words(raw, "decision_id"):
            self._decisions.setdefault(decision_id, []).append(message)
        if update_id:
            self._updates[update_id] = message
        return message

    def answered(self, update_id: str, answer: JsonValue, failure: str) -> EntryBuilder | None:
        """Read an update's answer; returns the message's note, None if its acceptance is not in the history."""
        message = self._updates.get(update_id)
        if message is None:
            return None
        reason = failure or words(answer, "reason")
        if field(answer, "accepted") is True and message.name == MessageName.EXTEND:
            self._accept_as(message, reason, *_MOVED)
        elif field(answer, "accepted") is True:
            self._accept(message, reason)
        elif field(answer, "kept") is True:
            message.note.facts["kept"] = reason
        else:
            message.judge(Judgement.REFUSED, reason)
        return message.note

    def decision_checked(self, result: JsonValue, run: int, event_id: int) -> EntryBuilder | None:
        """Read the result of a decision's check, for the oldest matching message, signal or update."""
        decision = field(result, "decision")
        named = words(decision, "decision_id")
        fitting = self._decisions.get(named, []) if named else self.all
        waiting = [m for m in fitting if m.name == MessageName.DECIDE and m.open]
        unreadable = [m for m in waiting if not words(m.raw, "decision_id")]
        message = next(iter((not named and unreadable) or waiting), None)
        if message is None:
            return None
        message.judged_at(run, event_id)
        signed_with = words(result, "signed_with")
        if signed_with:
            message.note.facts["signed_with"] = signed_with
        if field(result, "accepted") is True:
            self._accept(message, words(result, "reason"))
        else:
            message.judge(Judgement.REFUSED, words(result, "reason"))
        return message.note

    def extension_checked(self, result: JsonValue, run: int, event_id: int) -> EntryBuilder | None:
        """Read the result of an extension's check, for the oldest message with the same extension.

        An accepted extension may still be too late; the desk's trail says so, and it stays open until then.
        """
        asked = field(result, "extension")
        same = (
            m
            for m in self.all
            if m.name == MessageName.EXTEND
            and m.open
            and "check" not in m.note.facts
            and words(m.raw, "approver", longest=100) == words(asked, "approver", longest=100)
            and parsed(field(m.raw, "deadline")) == parsed(field(asked, "deadline"))
        )
        message = next(same, None)
        if message is None:
            return None
        message.judged_at(run, event_id)
        if signed_with := words(result, "signed_with"):
            message.note.facts["signed_with"] = signed_with
        message.note.facts["check"] = words(result, "reason")
        if field(result, "accepted") is not True:
            message.judge(Judgement.REFUSED, words(result, "reason"))
        return message.note

    def answer_checked(self, result: JsonValue, run: int, event_id: int) -> EntryBuilder | None:
        """Read the result of an answer's check; answers are checked in order of arrival."""
        message = next(
            (
                m
                for m in self.all
                if m.name == MessageName.ANSWER and m.open and isinstance(field(m.raw, "fields"), dict)
            ),
            None,
        )
        if message is None:
            return None
        message.judged_at(run, event_id)
        problems = "; ".join(text(problem, 500) for problem in many(result, "problems")[:20])
        if problems:
            message.note.facts["problems"] = problems
        if field(result, "accepted") is True:
            missing = ", ".join(words(question, "field") for question in many(result, "missing"))
            why = f"still missing: {missing}" if missing else "everything asked for is there"
            message.judge(Judgement.ACCEPTED, why, AuditKind.ANSWER, MessageName.ANSWER)
            message.note.decided_by = "requester"
        else:
            message.judge(Judgement.REFUSED, problems or "nothing in it could be used")
        return message.note

    def deadline_moved(self, deadline: datetime, run: int, event_id: int) -> EntryBuilder | None:
        """Record a new deadline in a status: the newest open message with that deadline has moved it."""
        for message in reversed(self.all):
            if (
                message.name == MessageName.EXTEND
                and message.open
                and parsed(field(message.raw, "deadline")) == deadline
            ):
                message.judged_at(run, event_id)
                why = deadline_moved_text(deadline)
                self._accept_as(message, why, *_MOVED)
                return message.note
        return None

    def recorded(self, ledger: list[JsonValue]) -> None:
        """Set the results of open messages from the desk's trail, entry by entry: by digest, else by name and order."""
        for entry in ledger:
            kind, what = words(entry, "kind"), words(entry, "what")
            if kind == "refused":
                if (message := self._meant(entry, what)) is not None:
                    message.judge(Judgement.REFUSED, words(entry, "why"))
            elif (kind, what) in _ACCEPTED_BY_RECORD:
                if (message := self._meant(entry, what)) is not None:
                    self._accept_as(message, words(entry, "why"), *_ACCEPTED_BY_RECORD[kind, what])
            elif (kind, what) == (EntryKind.ANSWER, FURTHER_MESSAGE):
                # As an update it has its answer; a part gets it as a signal from the whole request.
                if (message := self._meant(entry, MessageName.ADD)) is not None:
                    self._accept_as(message, words(entry, "why"), AuditKind.ANSWER, FURTHER_MESSAGE)
            elif kind == "ending" and (uncounted := _UNCOUNTED.search(words(entry, "why"))):
                for message in [m for m in self.all if m.open][: int(uncounted[1])]:
                    message.judge(
                        Judgement.REFUSED, "counted only: the desk keeps the reasons of the first refusals"
                    )

    def _meant(self, entry: JsonValue, name: str) -> Message | None:
        waiting = [m for m in self.all if m.name == name and m.open]
        at = parsed(field(entry, "at"))
        if at is not None:
            waiting = [m for m in waiting if m.note.at is None or m.note.at <= at] or waiting
        digest = words(entry, "digest")
        same = (m for m in waiting if m.digest == digest)
        return next(same, None) or next(iter(waiting), None)

    def _accept(self, message: Message, reason: str) -> None:
        raw, note = message.raw, message.note
        what = f"{words(raw, 'decision_type') or message.name} {words(raw, 'proposal_id')}".strip()
        message.judge(Judgement.ACCEPTED, words(raw, "reason") or reason, AuditKind.DECISION, what)
        note.decided_by = words(raw, "approver", longest=100) or note.sender
        note.facts["reply"] = reason

    def _accept_as(self, message: Message, why: str, kind: AuditKind, what: str) -> None:
        message.judge(Judgement.ACCEPTED, why, kind, what)
        from_requester = message.name in SENT_BY_REQUESTER
        message.note.decided_by = (
            "requester" if from_requester else words(message.raw, "approver", longest=100)
        )


def _bounded(raw: JsonValue) -> JsonValue:
    """Shorten a message as the desk does before it computes the digest."""
    full = json.dumps(raw, ensure_ascii=False)
    return raw if len(full) <= _LARGEST else {"too_large": len(full), "begins": full[:_EXCERPT]}

"""Has language models read a request where its desk's playbook says so, beside what the rules read in it."""

import asyncio
from collections.abc import Sequence
from typing import TypeVar

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from pydantic import JsonValue

    from activities.triage import TriageDesk
    from dispatch.models.handoff import PENDING_HANDOFF
    from dispatch.models.request.intake import Intake, Triage, TriageBrief
    from dispatch.models.request.item import Item
    from dispatch.models.request.reading import (
        ExtractedByModel,
        ExtractedFields,
        IntakeByModel,
        ReadingBrief,
        SortedByModel,
        SortedItems,
    )
    from dispatch.models.request.snapshot import ProcessState
    from dispatch.models.request.submission import Submission
    from dispatch.models.trail import EntryKind
    from dispatch.models.work.model_use import ByModel
    from dispatch.process.by_model.extraction import with_extracted
    from dispatch.process.by_model.intake import confirmed_by_person, found_items
    from workflows.parts.activity_dispatcher import ActivityDispatcher, StageFailedError
    from workflows.parts.asked_models import AskedModels
    from workflows.parts.trail_recorder import TrailRecorder

R = TypeVar("R")


class ReadingByModels:
    """Asks for the items, then for their intents and fields at the same time; the desk is known and stays."""

    def __init__(
        self,
        submission: Submission,
        state: ProcessState,
        dispatcher: ActivityDispatcher,
        recorder: TrailRecorder,
        models: AskedModels,
    ) -> None:
        self._submission, self._state = submission, state
        self._dispatcher, self._recorder, self._models = dispatcher, recorder, models

    async def read(self, items: tuple[Item, ...]) -> tuple[Item, ...]:
        """Return the items as models and rules read them together. Raises StageFailedError where a person shall read it."""
        if self._state.taken_in.unread:
            return items
        found = await self._found(items)
        items = (*items, *found)
        # Both come to an end before either failure is told: nothing of the reading goes on beside what follows.
        by_intent, extracted = await asyncio.gather(
            self._sorted(items), self._extracted(items), return_exceptions=True
        )
        if isinstance(by_intent, BaseException):
            raise by_intent
        if isinstance(extracted, BaseException):
            raise extracted
        return self._merged(items, {item.item_id for item in found}, by_intent, extracted)

    async def _found(self, items: tuple[Item, ...]) -> tuple[Item, ...]:
        """Return the items that the model finds beside those of the rules, sorted as these are."""
        if self._submission.part is not None:
            # What the rules missed may be another desk's; the part has what was given to it.
            return ()
        taken = await self._ask("intake", "asks that the rules missed", items, IntakeByModel)
        if taken is None or taken.items == self._state.taken_in.items:
            return ()
        again = await self._sort(taken)
        if again.playbook is None or again.playbook.ref != self._state.in_force.ref:
            # The worker has another playbook by now; the request goes on by its own.
            return ()
        found = found_items(items, again.items, self._state.playbook)
        if found:
            self._told("intake", f"{len(found)} more: {', '.join(item.item_id for item in found)}", found)
            self._state.intake = self._state.taken_in.model_copy(update={"exceptions": taken.exceptions})
        return found

    async def _sorted(self, items: tuple[Item, ...]) -> SortedItems | None:
        """Return what each item asks; where a person shall say it, all of them in doubt."""
        try:
            return await self._ask("triage", "what each item asks", items, SortedByModel)
        except StageFailedError as failed:
            doubtful = (item.model_copy(update={"is_doubtful": True}) for item in items)
            return SortedItems(items=tuple(doubtful), why=f"{failed}; a person says it")

    async def _extracted(self, items: tuple[Item, ...]) -> ExtractedFields | None:
        return await self._ask("extraction", "what the items lack", items, ExtractedByModel)

    async def _sort(self, taken: Intake) -> Triage:
        desk = self._state.in_force.ref.desk
        brief = TriageBrief(handoff=PENDING_HANDOFF, intake=taken, submission=self._submission, desk=desk)
        return await self._dispatcher.call_local(
            TriageDesk.triage, brief, Triage, receiver="triage", why="sort the asks that a model found"
        )

    async def _ask(self, name: str, why: str, items: tuple[Item, ...], result: type[ByModel[R]]) -> R | None:
        role = dict(self._state.playbook.reading.roles())[name]
        if role.model is None:
            return None
        brief = ReadingBrief(
            handoff=PENDING_HANDOFF,
            playbook=self._state.in_force.ref,
            submission=self._submission,
            intake=self._state.taken_in,
            items=items,
        )
        return await self._models.ask(
            f"reading.{name}", role.model, brief, result, why=why, receiver=name, fallback=role.fallback
        )

    def _merged(
        self,
        items: tuple[Item, ...],
        found: set[str],
        by_intent: SortedItems | None,
        extracted: ExtractedFields | None,
    ) -> tuple[Item, ...]:
        if by_intent is not None:
            self._told("triage", by_intent.why, by_intent.items)
            items = tuple(
                confirmed_by_person(item, self._state.playbook) if item.item_id in found else item
                for item in by_intent.items
            )
        if extracted is not None and extracted.by_item:
            self._told("extraction", extracted.why, items)
            items = with_extracted(items, extracted)
        return items

    def _told(self, role: str, why: str, items: Sequence[Item]) -> None:
        """Record what came of an answer; the entry before it tells the question's."""
        about: list[JsonValue] = [item.model_dump(mode="json") for item in items]
        self._recorder.record(
            EntryKind.HANDOFF,
            sender=role,
            what="what a model read",
            why=why,
            decided_by="playbook",
            about=about,
        )

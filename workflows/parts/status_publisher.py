"""The request's status: for the query `status`, for Temporal's UI, and for lists of requests."""

import asyncio
import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from temporalio import workflow
from temporalio.common import SearchAttributeUpdate

with workflow.unsafe.imports_passed_through():
    from pydantic import JsonValue

    from dispatch.models.moments import format_stamp
    from dispatch.models.request.list_summary import LIST_SUMMARY, ListSummary
    from dispatch.models.request.status import UNLESS_IT_PASSES, ReviewPoint, Status
    from dispatch.process.list_summary import as_memo
    from workflows.parts import options
    from workflows.search_attributes import DESK, OWNER, PRIORITY, REVIEW_POINT, STATE

COORDINATOR: Final = "coordinator"

# Temporal's UI cuts off the last line of this text, so that line must not be the closing brace of the JSON.
_AFTER_IT: Final = "The trail says what became of it."


class StatusPublisher:
    """Keeps the status and writes it to the search attributes: owner changes immediately, stages of the desk after a delay.

    Each write is an event and a write to the server's list; see docs/decisions/0014-lists-show-what-lasts.md.
    """

    def __init__(self, request_id: str, trigger: str, state: str) -> None:
        self.status = Status(
            request_id=request_id,
            desk=None,
            trigger=trigger,
            state=state,
            review_point=ReviewPoint(awaiting="the desk", owner=COORDINATOR),
        )
        self.on_published: Callable[[], None] | None = None
        self._published: Status | None = None
        self._later: asyncio.Task[None] | None = None

    def resume(self, status: Status) -> None:
        """Restore the last published status of the previous history."""
        self.status = self._published = status
        workflow.set_current_details(_details(status, None))

    def routed(self, desk: str | None, priority: int) -> None:
        self.status = self.status.model_copy(update={"desk": desk, "priority": priority})

    def at(
        self,
        state: str,
        *,
        awaiting: str = "the desk",
        owner: str = COORDINATOR,
        about: str = "",
        by: datetime | None = None,
        signal: Mapping[str, JsonValue] | None = None,
        **more: Any,
    ) -> None:
        """Move to a state; questions, digest and command of the previous state are cleared unless passed.

        `signal` is the payload of `decide` for Temporal's own form; only the details show it.
        """
        fresh = {"action_digest": None, "proposal_id": None, "questions": (), "next_command": ""}
        point = ReviewPoint(awaiting=awaiting, about=about, owner=owner, by=by)
        self.status = self.status.model_copy(update=fresh | more | {"state": state, "review_point": point})
        workflow.set_current_details(_details(self.status, signal))

    def publish_debounced(self) -> None:
        """Publish a stage of the desk's own only if the desk works for `options.LASTING`.

        Owner changes are published immediately; only the desk's own stages are debounced.
        """
        last = self._published
        was_somebodys = last is not None and last.review_point.owner != COORDINATOR
        if was_somebodys:
            self.publish()
        elif self._later is None and not self._is_published():
            self._later = asyncio.create_task(self._publish_later())

    async def _publish_later(self) -> None:
        await workflow.sleep(options.LASTING, summary=UNLESS_IT_PASSES)
        self._later = None
        self.publish()

    def publish(self) -> None:
        """Write the search attributes if they differ from the last written ones."""
        if self._later is not None:
            self._later.cancel()
            self._later = None
        if self._is_published():
            return
        now, last = self.status, self._published
        updates: list[SearchAttributeUpdate[Any]] = [
            STATE.value_set(now.state),
            OWNER.value_set(now.review_point.owner),
        ]
        if now.review_point.by is not None:
            updates.append(REVIEW_POINT.value_set(now.review_point.by))
        elif last is not None and last.review_point.by is not None:
            updates.append(REVIEW_POINT.value_unset())
        if now.desk is not None:
            updates.append(DESK.value_set(now.desk))
        if now.priority is not None:
            updates.append(PRIORITY.value_set(now.priority))
        workflow.upsert_search_attributes(updates)
        self._published = now
        if self.on_published is not None:
            self.on_published()

    def _is_published(self) -> bool:
        return self._published is not None and _searchable(self.status) == _searchable(self._published)

    def show(self, list_summary: ListSummary) -> None:
        """Write the memo for lists if it differs from the current one; only for waits."""
        line = as_memo(list_summary)
        if workflow.memo_value(LIST_SUMMARY, None) != line:
            workflow.upsert_memo({LIST_SUMMARY: line})


def _searchable(status: Status) -> tuple[object, ...]:
    return status.desk, status.state, status.review_point.owner, status.review_point.by, status.priority


def _details(status: Status, signal: Mapping[str, JsonValue] | None) -> str:
    """Return the markdown that Temporal's UI shows on a request's page."""
    point = status.review_point
    by = format_stamp(point.by, seconds=False) if point.by else "none, the desk is at work"
    headline = f"**{status.state.replace('_', ' ').capitalize()}**: awaiting {point.awaiting}"
    command = f"```\n{status.next_command}\n```" if status.next_command else ""
    facts = f"- next owner: {point.owner}\n- review point: {by}\n- trigger: `{status.trigger}`"
    form = ""
    if signal is not None:
        pasted = json.dumps(signal, indent=2, ensure_ascii=False)
        form = f"Or here: *More Actions*, *Send a Signal*, `decide`, with this as its data:\n\n```json\n{pasted}\n```\n\n{_AFTER_IT}"
    return "\n\n".join(part for part in (headline, command, facts, form) if part)

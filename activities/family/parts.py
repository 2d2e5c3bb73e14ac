"""Reads where the parts of a request stand, from their own histories.

A part sends its request a signal when something changes; but anyone may send a signal, and what a part tells goes to the
requester. So the signal only wakes the request, and this reads the rest where nobody else can write it: in the part's result, and while
it is open in its search attributes and its memo. Nothing is asked of a worker: a query would come just while the part is
at work, and cut its turn in two (docs/decisions/0025-a-turn-cut-in-two-is-taken-again.md).
"""

import asyncio
from datetime import timedelta
from typing import Any, Final

from temporalio import activity
from temporalio.client import (
    Client,
    WorkflowExecutionDescription,
    WorkflowExecutionStatus,
    WorkflowHandle,
)
from temporalio.common import SearchAttributeKey
from temporalio.service import RPCError

from activities.failures import translated
from dispatch.models.request.family import FAILED, PART_ANSWER, PartAnswer, PartReport, PartsBrief, PartsRead
from dispatch.models.request.status import Ending
from dispatch.models.trail import Outcome
from dispatch.temporal_errors import is_not_found, not_answered

_ANSWER_TIMEOUT: Final = timedelta(seconds=8)
"""Of one call to Temporal."""
_MOST_WHY: Final = 500
_DESK: Final = SearchAttributeKey.for_keyword("Desk")
_STATE: Final = SearchAttributeKey.for_keyword("RequestState")
_OWNER: Final = SearchAttributeKey.for_keyword("NextOwner")
_REVIEW_POINT: Final = SearchAttributeKey.for_datetime("ReviewPoint")
"""As dispatch/models/search_attributes.py names them."""


@activity.defn(name="read_parts")
async def read_parts(brief: PartsBrief) -> PartsRead:
    """Return a report of each part. Raises UnavailableError where Temporal does not answer."""
    with translated():
        client = activity.client()
        reports = await asyncio.gather(
            *(_report(client, brief.parent, request_id) for request_id in brief.request_ids)
        )
    return PartsRead(handoff=brief.handoff, reports=tuple(reports))


async def _report(client: Client, parent: str, request_id: str) -> PartReport:
    handle: WorkflowHandle[Any, Outcome] = client.get_workflow_handle(request_id, result_type=Outcome)
    try:
        seen = await handle.describe(rpc_timeout=_ANSWER_TIMEOUT)
        if seen.parent_id != parent:
            return _failed(request_id, "the workflow of this id is no part of this request")
        if seen.status is WorkflowExecutionStatus.RUNNING:
            return _open(request_id, seen, await seen.memo_value(PART_ANSWER, None, type_hint=PartAnswer))
        if seen.status is WorkflowExecutionStatus.COMPLETED:
            return _closed(request_id, await handle.result(rpc_timeout=_ANSWER_TIMEOUT))
    except RPCError as error:
        if is_not_found(error):
            return _failed(request_id, "Temporal has no such workflow")
        raise not_answered(error, request_id) from error
    return _without_outcome(request_id, seen)


def _open(request_id: str, seen: WorkflowExecutionDescription, answer: PartAnswer | None) -> PartReport:
    listed = seen.typed_search_attributes
    return PartReport(
        request_id=request_id,
        desk=listed.get(_DESK),
        state=listed.get(_STATE, ""),
        owner=listed.get(_OWNER, "coordinator"),
        by=listed.get(_REVIEW_POINT),
        ending=answer.ending if answer is not None else None,
        answer=answer,
    )


def _closed(request_id: str, outcome: Outcome) -> PartReport:
    return PartReport(
        request_id=request_id,
        desk=outcome.desk,
        state=outcome.ending,
        awaiting="nothing",
        owner=outcome.owner,
        ended=True,
        ending=outcome.ending,
        why=outcome.why[:_MOST_WHY],
        answer=outcome.answer,
        items=outcome.items,
        added=outcome.added,
    )


def _without_outcome(request_id: str, seen: WorkflowExecutionDescription) -> PartReport:
    if seen.status is WorkflowExecutionStatus.CANCELED:
        return PartReport(
            request_id=request_id,
            state=Ending.CANCELLED,
            owner="nobody",
            ended=True,
            ending=Ending.CANCELLED,
            why="it was cancelled, and what it had done is undone where that can be",
        )
    status = seen.status.name.lower() if seen.status is not None else "gone"
    return _failed(request_id, f"its workflow has {status}")


def _failed(request_id: str, why: str) -> PartReport:
    return PartReport(request_id=request_id, state=FAILED, owner="nobody", ended=True, why=why)

"""A request's history in Temporal: the events from its first run on, and their trail. No worker is needed."""

from collections.abc import AsyncIterator

from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import Client
from temporalio.service import RPCError

from dispatch.audit.models import Trail
from dispatch.audit.read.trail import TrailReader
from dispatch.models.errors import RequestNotFoundError
from dispatch.temporal_errors import is_not_found, temporal_unavailable


async def trail_of_history(client: Client, request_id: str) -> Trail:
    """Read the trail of a request, open or closed, from its history.

    Raises RequestNotFoundError, TemporalUnavailableError.
    """
    reader = TrailReader()
    async for event in history_of(client, request_id):
        reader.take(event)
    return reader.trail()


async def history_of(client: Client, request_id: str) -> AsyncIterator[HistoryEvent]:
    """Yield the events of a request's histories, oldest first; histories that Temporal has deleted are left out.

    Raises RequestNotFoundError, TemporalUnavailableError.
    """
    runs: list[str | None] = [None]
    started = await _first_event(client, request_id, None)
    if started is None:
        raise RequestNotFoundError(f"there is no request {request_id}. See 'dispatch list'.")
    while before := started.workflow_execution_started_event_attributes.continued_execution_run_id:
        started = await _first_event(client, request_id, before)
        if started is None:
            break
        runs.insert(0, before)
    for run_id in runs:
        async for event in client.get_workflow_handle(request_id, run_id=run_id).fetch_history_events():
            yield event


async def _first_event(client: Client, request_id: str, run_id: str | None) -> HistoryEvent | None:
    """Return the first event of a run, by default of the latest; None if Temporal has no such run."""
    handle = client.get_workflow_handle(request_id, run_id=run_id)
    try:
        return await anext(handle.fetch_history_events(page_size=1))
    except RPCError as error:
        if is_not_found(error):
            return None
        raise temporal_unavailable(error) from None

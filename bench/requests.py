"""Requests that can be repeated at will, made from the samples: a refund could be paid only once."""

import asyncio
import uuid

from temporalio.client import Client

from bench.environment import BenchEnvironment
from devstack.processes import ROOT
from dispatch.models.people.decision import DecisionType
from dispatch.models.request.status import RequestState, Status
from dispatch.models.request.submission import Submission
from dispatch.models.trail import Outcome
from runtime.doors.starting import read_request_file
from runtime.gateway import Gateway
from runtime.gateway_types import decision_for

SHORTEST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.02, 1.0
REQUESTS = ROOT / "examples" / "requests"
AUTOMATIC = "01-order-status.eml"
"""Answered without a person."""
HELD = "16-orders-to-the-machine.eml"
"""Held for approval by the orders to the machine in it; a harmless answer goes out once approved."""
_APPROVER = "ana"
"""Of the demo's people, who hold the role that it waits for."""


class Requests:
    """Submits one sample over and over, each time as a request of its own."""

    def __init__(self, environment: BenchEnvironment, sample: str) -> None:
        self._environment = environment
        self._original = read_request_file(environment.settings, REQUESTS / sample)

    async def submit(self) -> str:
        """Start one as the starter does; returns its id."""
        return (
            await Gateway.over(self._environment.client).submit(self._environment.settings, self._fresh())
        ).request_id

    def _fresh(self) -> Submission:
        trigger = self._original.trigger.model_copy(update={"trigger_id": f"<{uuid.uuid4()}@bench>"})
        return self._original.model_copy(update={"trigger": trigger})


async def outcome_of(client: Client, request_id: str) -> Outcome:
    """Wait for the end.

    Raises RuntimeError where it ends otherwise than done: such a figure would mean nothing.
    """
    handle = client.get_workflow_handle(request_id, result_type=Outcome)
    outcome: Outcome = await handle.result()
    if outcome.ending != "done":
        raise RuntimeError(f"{request_id} ended as {outcome.ending}, not done: {outcome.why}")
    return outcome


async def approve(client: Client, request_id: str, status: Status) -> None:
    """Approve by signal, as a person at a terminal does."""
    decision = decision_for(
        DecisionType.APPROVE,
        _APPROVER,
        status.proposal_id or "",
        status.action_digest or "",
        "the answer is harmless",
    )
    await Gateway.over(client).signal(request_id, "decide", decision)


async def until_waiting(client: Client, request_id: str) -> Status:
    """Ask until it waits for approval; returns what an approver sees."""
    pause = SHORTEST_PAUSE_SECONDS
    status = await Gateway.over(client).status(request_id)
    while status.state != RequestState.WAITING_FOR_APPROVAL:
        await asyncio.sleep(pause)
        pause = min(2 * pause, LONGEST_PAUSE_SECONDS)
        status = await Gateway.over(client).status(request_id)
    return status

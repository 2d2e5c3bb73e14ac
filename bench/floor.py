"""The floor: a bare workflow with as many activities as a request, of the same kinds and on queues of the same make.

It decides nothing, its activities do nothing, or make the calls to outside systems that ours make and nothing else. What a
request takes above the one is all that the desk is for, above the other what is ours to answer for. The steps and their
sizes are not written here: the bench reads them from the history of a real request.
"""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Literal

from temporalio import activity, workflow

TIMEOUT = timedelta(seconds=30)
"""Of one attempt, as ours: seen once in 200 runs under load, the server gave a task to nobody and only this noticed."""


STEP: Final = "floor.step"


@dataclass
class Call:
    """One activity's input, `padding` long, how long its result shall be, and the activity of ours that it stands for."""

    padding: str
    result_bytes: int
    instead_of: str


@dataclass
class Step:
    """One activity of a request: how it runs, and the sizes of what goes in and comes out."""

    where: Literal["local", "desk", "actions"]
    input_bytes: int
    result_bytes: int
    instead_of: str


@dataclass
class FloorOrder:
    """Groups in order, each in parallel; `padding` makes the input as large as ours."""

    padding: str
    groups: list[list[Step]]
    result_bytes: int


@activity.defn(name=STEP)
async def step(call: Call) -> str:
    """Give back as much as is asked for."""
    return "x" * call.result_bytes


@workflow.defn(name="Floor")
class Floor:
    @workflow.run
    async def run(self, order: FloorOrder) -> str:
        for group in order.groups:
            await asyncio.gather(*(self._one(one) for one in group))
        return "x" * order.result_bytes

    async def _one(self, one: Step) -> str:
        call = Call("x" * one.input_bytes, one.result_bytes, one.instead_of)
        if one.where == "local":
            return await workflow.execute_local_activity(step, call, schedule_to_close_timeout=TIMEOUT)
        queue = workflow.info().task_queue
        return await workflow.execute_activity(
            step,
            call,
            task_queue=f"{queue}-actions" if one.where == "actions" else queue,
            start_to_close_timeout=TIMEOUT,
        )

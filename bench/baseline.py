"""The baseline: a bare workflow of a fixed shape, on queues of the same make as ours.

It decides nothing, its activities do nothing, or make the calls to outside systems that ours make and nothing else. What a
request takes above the one is all that the desk is for, above the other what is ours to answer for.

The shape is the plain way to do what a request does: what only computes is a local activity, and every call to an outside
system a regular one. It does not follow ours: a baseline that became cheaper with us could not tell whether we did
(docs/decisions/0018).
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Literal

from temporalio import activity, workflow

TIMEOUT = timedelta(seconds=30)
"""Of one attempt, as ours: seen once in 200 runs under load, the server gave a task to nobody and only this noticed."""


STEP: Final = "baseline.step"


@dataclass
class Call:
    """One activity's input, `padding` long, how long its result shall be, and the activity of ours that it stands for."""

    padding: str
    result_bytes: int
    instead_of: str


@dataclass
class Step:
    """One activity: how it runs, and the sizes of what goes in and comes out."""

    where: Literal["local", "desk", "actions"]
    input_bytes: int
    result_bytes: int
    instead_of: str = ""


@dataclass
class BaselineInput:
    """Steps in order; `padding` makes the input as large as ours."""

    padding: str
    steps: list[Step]
    result_bytes: int


SHAPE: Final = BaselineInput(
    padding="x" * 650,
    steps=[
        Step("local", 600, 600),
        Step("local", 12_000, 12_000),
        Step("local", 400, 400),
        Step("desk", 1_700, 1_900, "specialist.order_history"),
        Step("local", 700, 700),
        Step("local", 2_400, 2_400),
        Step("local", 300, 300),
        Step("desk", 3_100, 500, "guardian.inspect"),
        Step("actions", 1_800, 600, "action.send_reply"),
        Step("desk", 2_100, 1_000, "verifier.read_back"),
    ],
    result_bytes=4_000,
)
"""The steps of a request that needs nobody, with sizes as they were in its history before reads were tried locally."""


@activity.defn(name=STEP)
async def step(call: Call) -> str:
    """Answer with as much as is asked for."""
    return "x" * call.result_bytes


@workflow.defn(name="Baseline")
class Baseline:
    @workflow.run
    async def run(self, order: BaselineInput) -> str:
        for one in order.steps:
            await self._one(one)
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

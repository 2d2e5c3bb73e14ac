"""Actions and people of the embedded back office's sample data, and a way to run an activity at a given attempt."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, TypeVar

import pytest
from temporalio.testing import ActivityEnvironment

from dispatch.models.errors import OutcomeUnknownError, RefusedError
from dispatch.models.request.submission import Party
from dispatch.models.work.execution import ActionCommand
from dispatch.models.work.proposal import BoundAction
from tests.bound import order, refund, reply

ANNA = Party(address="anna.mueller@post.example", name="Anna")
T = TypeVar("T")


def annas_refund(**changes: Any) -> BoundAction:
    """Return a refund of EUR 30.00 of the EUR 49.90 of order DD-10001; `changes` are parameters."""
    return refund(
        **{"payment_id": "PAY-10001", "order_number": "DD-10001", "customer_id": "CU-1001", **changes}
    )


def annas_reply(**changes: Any) -> BoundAction:
    return reply(**{"recipient": ANNA.address, **changes})


async def attempt(number: int, run: Callable[[Any], Awaitable[T]], brief: Any) -> T:
    """Run an activity's function as the attempt of this number."""
    environment = ActivityEnvironment()
    environment.info = replace(environment.info, attempt=number)
    return await environment.run(run, brief)


def authorization(bound: BoundAction) -> ActionCommand:
    return order(bound)


async def after_unknown(run: Callable[[Any], Awaitable[T]], brief: Any) -> T:
    """Return what the second attempt comes to, where the first one could not tell whether it took effect."""
    with pytest.raises(OutcomeUnknownError):
        await attempt(1, run, brief)
    return await attempt(2, run, brief)


async def refusal_of(run: Callable[[Any], Awaitable[object]], brief: Any) -> str:
    """Return the code with which the first attempt is refused."""
    with pytest.raises(RefusedError) as refused:
        await attempt(1, run, brief)
    return refused.value.code

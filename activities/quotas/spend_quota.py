"""Reserves in a customer's quota (workflows/spend_quota.py) what a request wants to spend, before the guardian rules on it."""

from collections.abc import Awaitable, Callable

from temporalio import activity

from activities.quotas.asking import ask_workflow
from dispatch.guard.spend_quota import quota_id
from dispatch.models.work.spend_quota import RESERVE, SPEND_QUOTA, QuotaState, Reserved, ReserveRequest

Reserve = Callable[[str, str, ReserveRequest], Awaitable[Reserved]]
"""Desk, owner, what to reserve -> what others reserved before."""


async def reserve_in_quota(desk: str, owner: str, request: ReserveRequest) -> Reserved:
    """Reserve a request's claims. Raises Unavailable where the quota does not answer: then nothing may be ruled."""
    return await ask_workflow(
        SPEND_QUOTA,
        RESERVE,
        request,
        Reserved,
        workflow_id=quota_id(activity.info().task_queue, desk, owner),
        begins_with=QuotaState(),
        summary=f"what requests of one customer of desk {desk} have reserved and spent",
        named="the customer's quota",
    )

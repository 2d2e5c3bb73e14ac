"""Reserves a request's payments in a customer's quota (workflows/spend_quota.py), before the guardian decides on them."""

from collections.abc import Awaitable, Callable

from temporalio import activity

from activities.quotas.asking import ask_workflow
from dispatch.guard.spend_quota import quota_id
from dispatch.models.work.spend_quota import RESERVE, SPEND_QUOTA, QuotaState, Reserved, ReserveRequest

Reserve = Callable[[str, str, ReserveRequest], Awaitable[Reserved]]
"""Desk, owner, claims to reserve -> earlier claims of others."""


async def reserve_in_quota(desk: str, owner: str, request: ReserveRequest) -> Reserved:
    """Reserve a request's claims. Raises Unavailable if the quota does not answer: then the guardian must not decide."""
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

"""The handlers that a request and its follow-ups share: decisions, deadlines, status and trail.

Temporal finds handlers on base classes too, as long as a subclass does not override them without the decorator. The
query `detail` is not here: its result type is read from the handler's annotation and differs between the two.
"""

from typing import Any

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from pydantic import JsonValue

    from dispatch.models.request.message_names import MessageName, QueryName
    from dispatch.models.request.status import Status
    from dispatch.models.trail import TrailEntry
    from dispatch.text.message_payloads import single
    from workflows.parts.approval.approvals import Approvals
    from workflows.parts.approval.extensions import Extensions, OpenWait
    from workflows.parts.status_publisher import StatusPublisher
    from workflows.parts.trail_recorder import TrailRecorder


class DecisionHandlers:
    """Base of a workflow in which people decide; `__init__` of the workflow sets the parts."""

    _approvals: Approvals
    _extensions: Extensions
    _recorder: TrailRecorder
    _status: StatusPublisher

    @workflow.signal(
        name=MessageName.DECIDE.value,
        description="A person's decision on exactly one digest; `status` shows what it must name.",
    )
    def decide(self, *raw: Any) -> None:
        self._approvals.receive(single(raw))

    @workflow.update(
        name=MessageName.DECIDE.value, description="As the signal; returns what became of the decision."
    )
    async def decide_and_report(self, *raw: Any) -> dict[str, JsonValue]:
        return await self._approvals.receive_and_report(single(raw))

    @workflow.signal(
        name=MessageName.EXTEND.value,
        description="Move the deadline of the open wait to later: {approver, deadline, reason}; "
        "signed, with proposal_id and action_digest, where a decision is.",
    )
    async def extend(self, *raw: Any) -> None:
        await self._extensions.extend(single(raw), self._open_wait)

    @workflow.update(
        name=MessageName.EXTEND.value, description="As the signal; returns what became of the extension."
    )
    async def extend_and_report(self, *raw: Any) -> dict[str, JsonValue]:
        return await self._extensions.extend(single(raw), self._open_wait)

    @workflow.query(
        name=QueryName.STATUS.value,
        description="State, next owner, review point and next command.",
    )
    def status(self) -> Status:
        return self._status.status

    @workflow.query(
        name=QueryName.TRAIL.value, description="The record so far: who, what, why, decided by, when."
    )
    def trail(self) -> list[TrailEntry]:
        return self._recorder.entries

    def _open_wait(self) -> OpenWait | None:
        """Return the wait whose deadline may be moved now, and who may move it."""
        return self._approvals.open_wait

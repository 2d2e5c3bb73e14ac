"""The parts of one request's workflow, and what of them is taken along into a new history."""

from dataclasses import dataclass
from typing import Final

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from dispatch.models.request.snapshot import ProcessState, RequestSnapshot, ResumePoint
    from dispatch.models.request.status import RequestState
    from dispatch.models.request.submission import Submission
    from workflows.parts import options
    from workflows.parts.activity_dispatcher import ActivityDispatcher
    from workflows.parts.approval.approvals import Approvals, Summarise
    from workflows.parts.effects import Effects
    from workflows.parts.requester_dialog import RequesterDialog
    from workflows.parts.reservations import Reservations
    from workflows.parts.stages import Stages
    from workflows.parts.status_publisher import StatusPublisher
    from workflows.parts.trail_recorder import TrailRecorder

_RESUMES_AT: Final = {
    RequestState.WAITING_FOR_ROUTING: ResumePoint.ROUTING,
    RequestState.WAITING_FOR_INFORMATION: ResumePoint.INFORMATION,
    RequestState.WAITING_FOR_APPROVAL: ResumePoint.APPROVAL,
    RequestState.ESCALATED: ResumePoint.SETTLEMENT,
}


@dataclass(frozen=True)
class RequestParts:
    """Everything that the coordinator works with, built once for each history."""

    recorder: TrailRecorder
    status: StatusPublisher
    dispatcher: ActivityDispatcher
    approvals: Approvals
    effects: Effects
    reservations: Reservations
    stages: Stages
    requester: RequesterDialog

    @classmethod
    def build(cls, request_id: str, submission: Submission, summarise: Summarise) -> "RequestParts":
        """Build the parts of a request that has just begun."""
        recorder = TrailRecorder()
        trigger = f"{submission.trigger.kind} {submission.trigger.trigger_id}"
        status = StatusPublisher(request_id, trigger, RequestState.INTAKE)
        dispatcher = ActivityDispatcher(recorder, status)
        action_queue = options.action_task_queue(workflow.info().task_queue)
        effects = Effects(recorder, dispatcher, action_queue)
        stages = Stages(request_id, submission, dispatcher, recorder)
        return cls(
            recorder=recorder,
            status=status,
            dispatcher=dispatcher,
            approvals=Approvals(
                request_id, submission.sender.address, recorder, status, dispatcher, summarise
            ),
            effects=effects,
            reservations=Reservations(request_id),
            stages=stages,
            requester=RequesterDialog(request_id, submission, recorder, status, dispatcher, stages, effects),
        )

    def snapshot(self, state: ProcessState) -> RequestSnapshot:
        """Return what a new history must know; it resumes at the stage that waits now."""
        waiting = RequestState(self.status.status.state)
        return RequestSnapshot(
            at=_RESUMES_AT.get(waiting, ResumePoint.SETTLEMENT),
            status=self.status.status,
            trail=tuple(self.recorder.entries),
            refusals=self.recorder.refusals,
            state=state,
            approvals=self.approvals.snapshot(),
            requester=self.requester.snapshot(),
            effects=self.effects.snapshot(),
            reservations=self.reservations.snapshot(),
        )

    def resume(self, snapshot: RequestSnapshot) -> None:
        """Restore each part from the history before this one."""
        self.recorder.entries, self.recorder.refusals = list(snapshot.trail), snapshot.refusals
        self.status.resume(snapshot.status)
        self.approvals.resume(snapshot.approvals)
        self.requester.resume(snapshot.requester)
        self.effects.resume(snapshot.effects)
        self.reservations.resume(snapshot.reservations)

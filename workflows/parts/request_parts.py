"""The parts of one request's workflow, and their snapshot for a new history."""

from dataclasses import dataclass
from functools import partial
from typing import Final

from temporalio import workflow
from temporalio.common import Priority

with workflow.unsafe.imports_passed_through():
    from dispatch.models.people.decision import ApprovalRequest, Decision
    from dispatch.models.request.list_summary import ListSummary
    from dispatch.models.request.snapshot import ProcessState, RequestSnapshot, ResumePoint, RoutingState
    from dispatch.models.request.status import RequestState
    from dispatch.models.request.submission import Submission
    from dispatch.process.list_summary import summary_of_approval
    from dispatch.ranking.rank import rank, with_findings
    from workflows.parts import options
    from workflows.parts.acting.effects import Effects
    from workflows.parts.acting.reservations import Reservations
    from workflows.parts.acting.scheduled import Scheduled
    from workflows.parts.activity_dispatcher import ActivityDispatcher
    from workflows.parts.approval.approvals import Approvals
    from workflows.parts.asked_models import AskedModels
    from workflows.parts.family.answering import FamilyAnswer
    from workflows.parts.family.part import OwnPart
    from workflows.parts.family.whole import RequestFamily
    from workflows.parts.reading.by_models import ReadingByModels
    from workflows.parts.requester.additions import Additions
    from workflows.parts.requester.conversation import RequesterConversation
    from workflows.parts.roles import Roles
    from workflows.parts.stages import Stages
    from workflows.parts.status_publisher import StatusPublisher
    from workflows.parts.trail_recorder import TrailRecorder

_RESUMES_AT: Final = {
    RequestState.WAITING_FOR_ROUTING: ResumePoint.ROUTING,
    RequestState.WAITING_FOR_INFORMATION: ResumePoint.INFORMATION,
    RequestState.WAITING_FOR_PARTS: ResumePoint.INFORMATION,
    RequestState.WAITING_FOR_APPROVAL: ResumePoint.APPROVAL,
    RequestState.SCHEDULED: ResumePoint.APPROVAL,
    RequestState.ESCALATED: ResumePoint.SETTLEMENT,
}


@dataclass(frozen=True)
class RequestParts:
    """All parts that the coordinator uses, built once for each history."""

    request_id: str
    submission: Submission
    state: ProcessState
    recorder: TrailRecorder
    status: StatusPublisher
    dispatcher: ActivityDispatcher
    approvals: Approvals
    effects: Effects
    reservations: Reservations
    roles: Roles
    stages: Stages
    reading: ReadingByModels
    requester: RequesterConversation
    additions: Additions
    scheduled: Scheduled
    own_part: OwnPart
    family: RequestFamily

    @classmethod
    def build(
        cls, request_id: str, submission: Submission, snapshot: RequestSnapshot | None
    ) -> "RequestParts":
        """Build the parts of a new request, or of one that continues from a snapshot in a new history."""
        state = ProcessState(routing=_routing_of(submission)) if snapshot is None else snapshot.state
        recorder = TrailRecorder()
        trigger = f"{submission.trigger.kind} {submission.trigger.trigger_id}"
        status = StatusPublisher(request_id, trigger, RequestState.INTAKE)
        dispatcher = ActivityDispatcher(recorder, status)
        action_queue = options.action_task_queue(workflow.info().task_queue)
        effects = Effects(recorder, dispatcher, action_queue)
        models = AskedModels(state, dispatcher, recorder)
        stages = Stages(request_id, submission, state, dispatcher, recorder, models)
        requester = RequesterConversation(
            request_id, submission, recorder, status, dispatcher, stages, effects, state
        )
        additions = Additions(submission, state, recorder, status, requester)
        answer = FamilyAnswer(request_id, submission, state, recorder, dispatcher, stages, effects)
        parts = cls(
            request_id=request_id,
            submission=submission,
            state=state,
            recorder=recorder,
            status=status,
            dispatcher=dispatcher,
            approvals=Approvals(
                request_id,
                submission.sender.address,
                recorder,
                status,
                dispatcher,
                partial(_list_summary_of, submission, state),
            ),
            effects=effects,
            reservations=Reservations(request_id),
            roles=Roles(request_id, submission, state, dispatcher, recorder, models),
            stages=stages,
            reading=ReadingByModels(submission, state, dispatcher, recorder, models),
            requester=requester,
            additions=additions,
            scheduled=Scheduled(state, status, stages, effects, requester, additions),
            own_part=OwnPart(request_id, submission, state, recorder, status, requester),
            family=RequestFamily(
                request_id, submission, state, recorder, status, dispatcher, requester, answer
            ),
        )
        if snapshot is not None:
            parts._resume(snapshot)
        return parts

    def rank(self) -> None:
        """Rank the request and its next activities by all that is known now; does nothing before a desk is found."""
        triaged = self.state.triaged
        if triaged is None or triaged.playbook is None:
            return
        policy = triaged.playbook.playbook.ranking
        now = self.state.rank = rank(with_findings(triaged.ranking, self.state.findings), policy)
        # A request for several desks is in none of their lists: its parts are.
        self.status.routed(None if triaged.parts else triaged.playbook.ref.desk, now.priority_key)
        self.dispatcher.priority = Priority(
            priority_key=now.priority_key,
            fairness_key=triaged.fairness_key,
            fairness_weight=triaged.fairness_weight,
        )

    def snapshot(self) -> RequestSnapshot:
        """Return the snapshot for a new history, which resumes at the current waiting stage."""
        waiting = RequestState(self.status.status.state)
        return RequestSnapshot(
            at=_RESUMES_AT.get(waiting, ResumePoint.SETTLEMENT),
            status=self.status.status,
            trail=tuple(self.recorder.entries),
            refusals=self.recorder.refusals,
            state=self.state,
            approvals=self.approvals.snapshot(),
            requester=self.requester.snapshot(),
            effects=self.effects.snapshot(),
            reservations=self.reservations.snapshot(),
        )

    def _resume(self, snapshot: RequestSnapshot) -> None:
        self.recorder.entries, self.recorder.refusals = list(snapshot.trail), snapshot.refusals
        self.status.resume(snapshot.status)
        self.approvals.resume(snapshot.approvals)
        self.requester.resume(snapshot.requester)
        self.effects.resume(snapshot.effects)
        self.reservations.resume(snapshot.reservations)
        self.rank()


def _routing_of(submission: Submission) -> RoutingState:
    """Return the routing of a request that has just begun, with the desk that its submitter names, or its whole's triage."""
    routing = RoutingState.of(submission.desk)
    if submission.part is None:
        return routing
    return routing.model_copy(update={"decided_by": "triage"})


def _list_summary_of(
    submission: Submission,
    state: ProcessState,
    approval_request: ApprovalRequest,
    approvals: tuple[Decision, ...],
) -> ListSummary:
    """Return the row of an open approval request in lists of requests."""
    actions = state.proposal.actions if state.proposal else ()
    return summary_of_approval(
        submission, approval_request, approvals, actions, state.guard_results, state.exceptions, state.rank
    )

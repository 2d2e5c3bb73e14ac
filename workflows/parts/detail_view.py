"""The answer of the query `detail`: everything that a person needs to decide on a request."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from dispatch.models.people.decision import ApprovalRequest, Decision
    from dispatch.models.request.list_summary import ListSummary
    from dispatch.models.request.request_detail import RequestDetail
    from dispatch.models.request.snapshot import ProcessState
    from dispatch.models.request.submission import Submission
    from dispatch.process.list_summary import summary_of_approval
    from workflows.parts.request_parts import RequestParts


def detail_of(submission: Submission, state: ProcessState, parts: RequestParts) -> RequestDetail:
    """Return the request, its draft, evidence and reasons, and the open approval request, as of now."""
    playbook = state.triaged.playbook if state.triaged else None
    return RequestDetail(
        status=parts.status.status,
        submission=submission,
        playbook=playbook.ref if playbook else None,
        items=state.items,
        findings=state.findings,
        proposal=state.proposal,
        previous=state.previous,
        guidance=state.guidance,
        exceptions=state.exceptions,
        guard_results=state.guard_results,
        approval_request=parts.approvals.open_request,
        approvals=parts.approvals.approvals,
        questions=parts.requester.questions,
        trail=tuple(parts.recorder.entries),
    )


def list_summary_of(
    submission: Submission,
    state: ProcessState,
    approval_request: ApprovalRequest,
    approvals: tuple[Decision, ...],
) -> ListSummary:
    """Return the row of an open approval request in lists of requests."""
    actions = state.proposal.actions if state.proposal else ()
    return summary_of_approval(
        submission, approval_request, approvals, actions, state.guard_results, state.exceptions
    )

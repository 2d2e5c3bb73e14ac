"""The answer of the query `detail`: everything that a person needs to decide on a request."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from dispatch.models.request.request_detail import RequestDetail
    from workflows.parts.request_parts import RequestParts


def detail_of(parts: RequestParts) -> RequestDetail:
    """Return the request, its draft, evidence and reasons, and the open approval request."""
    state = parts.state
    playbook = state.triaged.playbook if state.triaged else None
    return RequestDetail(
        status=parts.status.status,
        submission=parts.submission,
        additions=state.additions,
        playbook=playbook.ref if playbook else None,
        language=state.triaged.language if state.triaged else "",
        rank=state.rank,
        items=state.items,
        set_aside=state.set_aside,
        findings=state.findings,
        proposal=state.proposal,
        previous=state.previous,
        guidance=state.guidance,
        exceptions=state.exceptions,
        guard_results=state.guard_results,
        approval_request=parts.approvals.open_request,
        approvals=parts.approvals.approvals,
        rejections=parts.approvals.rejections,
        approved=tuple(one.bound.digest for one in state.approved),
        declined=state.declined,
        questions=parts.requester.questions,
        parts=state.family.parts if state.family is not None else (),
        answer=state.answer,
        trail=tuple(parts.recorder.entries),
    )

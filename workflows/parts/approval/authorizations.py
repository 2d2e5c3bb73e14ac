"""What people's decisions become: authorizations to act, and guidance for the next round."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from pydantic import JsonValue

    from dispatch.models.people.decision import ApprovalRequest, Decision, DecisionType
    from dispatch.models.work.execution import Authorization
    from dispatch.models.work.finding import Guidance
    from dispatch.models.work.proposal import Proposal
    from workflows.parts.approval.outcomes import ApprovalsByDigest


def authorizations_of(
    approval_request: ApprovalRequest, approvals: ApprovalsByDigest, requester: str
) -> dict[str, Authorization]:
    """Return the authorization of each approved action, by its digest."""
    return {
        item.digest: Authorization(
            approval=item.approval,
            approvers=approval_request.approvers,
            role_names=approval_request.role_names,
            requester=requester,
            decisions=approvals[item.digest],
        )
        for item in approval_request.items
    }


def guidance_of(decision: Decision, proposal: Proposal) -> Guidance:
    """Return what the next round must do: the values that an edit sets, or the text of a response."""
    edits: dict[str, dict[str, JsonValue]] = {}
    if decision.decision_type is DecisionType.EDIT:
        edited = next(bound.action for bound in proposal.actions if bound.digest == decision.action_digest)
        edits = {f"{edited.name}/{edited.subject}": decision.edits}
    text = decision.reason if decision.decision_type is DecisionType.RESPOND else ""
    return Guidance(by=decision.approver, decision_id=decision.decision_id, text=text, edits=edits)

"""Turns people's decisions into authorizations, rejected actions, and guidance for the next round."""

from datetime import datetime

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from pydantic import JsonValue

    from dispatch.models.people.decision import ApprovalRequest, Decision, DecisionType
    from dispatch.models.request.snapshot import ApprovedAction, ProcessState
    from dispatch.models.request.status import Ending
    from dispatch.models.work.execution import Authorization
    from dispatch.models.work.guardian import GuardDecision, GuardResult
    from dispatch.models.work.guidance import Declined, Guidance
    from dispatch.models.work.playbook import Tier
    from dispatch.models.work.proposal import BoundAction, Proposal
    from workflows.parts.approval.outcomes import ApprovalsByDigest, Decided, rejected_by
    from workflows.parts.endings import EndedEarlyError


def take_decisions(
    state: ProcessState, approval_request: ApprovalRequest, decided: Decided, requester: str
) -> bool:
    """Write the decisions into the state; returns whether another proposal must be made.

    Approvals stay valid in the next proposal for actions that do not change. Raises EndedEarlyError: rejected if
    nothing is left of the request, or escalated after too many rounds.
    """
    proposal = state.proposed
    authorized = authorizations_of(approval_request, decided.approvals, requester)
    state.authorization = {**state.authorization, **authorized}
    tiers = {item.digest: item.tier for item in approval_request.items}
    state.approved = (
        *state.approved,
        *(
            ApprovedAction(bound=bound, tier=tiers[bound.digest])
            for bound in proposal.actions
            if bound.digest in authorized
        ),
    )
    declined = tuple(_declined(one, proposal) for one in decided.rejections)
    state.declined = (*state.declined, *declined)
    if any(not one.is_delivery for one in declined):
        state.guidance = tuple(_without_edits_of_the_text(said, proposal) for said in state.guidance)
    if decided.returned is not None:
        _send_back(state, decided.returned)
        return True
    if declined and _leaves_nothing(state):
        raise EndedEarlyError(Ending.REJECTED, rejected_by(decided.rejections))
    return bool(declined)


def authorizations_of(
    approval_request: ApprovalRequest, approvals: ApprovalsByDigest, requester: str
) -> dict[str, Authorization]:
    """Return the authorization of each approved action, by its digest."""
    return {
        item.digest: Authorization(
            approval=item.approval,
            approvers=approval_request.approvers_of(item),
            role_names=approval_request.role_names,
            requester=requester,
            decisions=approvals[item.digest],
        )
        for item in approval_request.items
        if item.digest in approvals
    }


def drop_outgrown(state: ProcessState, now: datetime) -> bool:
    """Drop each earlier approval that has expired, or whose action has a higher risk now or is no longer proposed.

    Returns whether an action must be proposed under a new digest and approved again.
    """
    results = {result.action_digest: result for result in state.guard_results}
    outgrown = False
    for one in state.approved:
        result = results.get(one.bound.digest)
        if result is None:
            state.drop_approval(one.bound.digest)
        elif is_outgrown(one, state.authorization[one.bound.digest], result, now):
            state.drop_approval(one.bound.digest)
            outgrown = True
    return outgrown


def is_outgrown(
    approved: ApprovedAction, authorization: Authorization, result: GuardResult, now: datetime
) -> bool:
    """Return whether an approval no longer covers an action: it has expired, or the guardian sees more risk or others to ask."""
    tiers = list(Tier)
    return _is_expired(authorization, now) or (
        result.decision is GuardDecision.HOLD
        and (
            tiers.index(result.tier) > tiers.index(approved.tier)
            or bool(result.approvers and result.approvers != authorization.approvers)
        )
    )


def _is_expired(authorization: Authorization, now: datetime) -> bool:
    return any(one.expires_at is not None and one.expires_at <= now for one in authorization.decisions)


def guidance_of(decision: Decision, proposal: Proposal) -> Guidance:
    """Return the guidance for the next round: the values that an edit sets, or the reason of a response."""
    edits: dict[str, dict[str, JsonValue]] = {}
    about = _effect(_bound(decision, proposal))
    if decision.decision_type is DecisionType.EDIT:
        edits = {about: decision.edits}
    is_response = decision.decision_type is DecisionType.RESPOND
    return Guidance(
        by=decision.approver,
        decision_id=decision.decision_id,
        text=decision.reason if is_response else "",
        purpose=decision.purpose,
        about=about,
        draft=proposal.draft.text if is_response else "",
        question=decision.question,
        edits=edits,
    )


def _send_back(state: ProcessState, decision: Decision) -> None:
    state.sent_back += 1
    if state.sent_back >= state.playbook.plan.max_rounds:
        raise EndedEarlyError(
            Ending.ESCALATED, f"sent back {state.sent_back} times; the last by {decision.approver}"
        )
    state.guidance = (*state.guidance, guidance_of(decision, state.proposed))
    state.to_ask = decision.question


def _declined(decision: Decision, proposal: Proposal) -> Declined:
    bound = _bound(decision, proposal)
    return Declined(
        name=bound.action.name,
        subject=bound.action.subject,
        item_ids=bound.action.item_ids,
        by=decision.approver,
        decision_id=decision.decision_id,
        reason=decision.reason,
        reason_for_requester=decision.reason_for_requester,
        is_delivery=proposal.delivers(bound),
        draft=proposal.draft.text,
    )


def _without_edits_of_the_text(said: Guidance, proposal: Proposal) -> Guidance:
    """Drop edits of the text for the requester: they may announce an action that is now rejected."""
    delivery = next((_effect(bound) for bound in proposal.actions if proposal.delivers(bound)), "")
    if delivery not in said.edits:
        return said
    return said.model_copy(update={"superseded": tuple(dict.fromkeys((*said.superseded, delivery)))})


def _leaves_nothing(state: ProcessState) -> bool:
    """Check whether no action and no text is left: all actions are rejected, and no item waits for an answer.

    A reason for the requester is sent in a text of the desk, so something is left.
    """
    proposal = state.proposed
    gone = {one.effect for one in state.declined}
    left = [bound for bound in proposal.actions if _effect(bound) not in gone]
    if any(one.is_delivery for one in state.declined) or proposal.delivery is None:
        return not left
    told = {item_id for one in state.declined for item_id in one.item_ids}
    unanswered = any(item.item_id not in told for item in state.worked_on)
    reasons = any(one.reason_for_requester.strip() for one in state.declined)
    return all(proposal.delivers(bound) for bound in left) and not unanswered and not reasons


def _bound(decision: Decision, proposal: Proposal) -> BoundAction:
    return next(bound for bound in proposal.actions if bound.digest == decision.action_digest)


def _effect(bound: BoundAction) -> str:
    return f"{bound.action.name}/{bound.action.subject}"

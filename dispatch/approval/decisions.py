"""Rules for which decisions count, and what they permit.

A decision counts for one action of one proposal while its gate is open. Who decides is a person of the approvers
file, named at the gate or holding a role that is; where a tier asks for a signature, it is theirs, verified, and made
with a key that is pinned, neither revoked nor expired. At a tier that asks for a name only, a name at the gate that
is no person of the file (a shared mailbox, a role's own name) is taken as it is: such a decision proves nothing about
who sent it, and is held to no person's limits and own requests. The result says so where the file has people for it.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from dispatch.approval.attribution import Allowed, how_theirs, not_theirs, signed_with, unsigned
from dispatch.approval.completeness import incomplete
from dispatch.approval.consequences import after, is_settled
from dispatch.approval.decision_text import UnreadableError, excerpt, read_decision
from dispatch.approval.requests import precheck
from dispatch.guard.risk import least_approval
from dispatch.models.contract import Contract
from dispatch.models.moments import format_stamp
from dispatch.models.people.approvers import Approvers
from dispatch.models.people.decision import (
    ApprovalItem,
    ApprovalRequest,
    Decision,
    DecisionCheck,
    DecisionCheckResult,
    DecisionType,
)
from dispatch.models.work.action_digest import is_intact
from dispatch.models.work.approval_policy import ApprovalPolicy
from dispatch.models.work.execution import ActionCommand, Authorization
from dispatch.models.work.guardian import GuardDecision
from dispatch.models.work.playbook import Tier
from dispatch.models.work.proposal import BoundAction

CLOCK_SKEW: Final = timedelta(minutes=5)


def check_decision(
    check: DecisionCheck, approvers: Approvers, parameters: Mapping[str, type[Contract]]
) -> DecisionCheckResult:
    """Accept a raw decision or refuse it with the exact reason; never raises on any message.

    `parameters` are the shapes of the actions' parameters, by name.

    Refused: no object, over 64 KB, unreadable (the field is named, the reason has at most 300 characters), an id
    received before, another proposal, no item of the gate, an item already decided, a gate past its deadline,
    expired, issued more than five minutes ahead, a decision type that the gate does not name, a person who may not decide,
    or already has, or whose own request it is, a signature that is due and missing, or is forged, or made with a key
    that is unknown, somebody else's, revoked or expired, an edit that is empty or not allowed, edits with another
    decision type, a rejection or response without what it needs, an approval of what must change first. What could not be read comes back as `received`, cut; the rest
    as `decision`.
    """
    try:
        decision = read_decision(check.raw)
    except UnreadableError as error:
        return DecisionCheckResult(
            handoff=check.handoff, accepted=False, reason=str(error), received=excerpt(check.raw)
        )
    item = next((s for s in check.approval_request.items if s.digest == decision.action_digest), None)
    problem = _problem(check, decision, item, approvers, parameters)
    if problem is not None or item is None:
        return DecisionCheckResult(
            handoff=check.handoff, accepted=False, reason=problem or "no subject", decision=decision
        )
    return DecisionCheckResult(
        handoff=check.handoff,
        accepted=True,
        reason=_accepted(check, decision, item, approvers),
        decision=decision,
        follows=after(check.approval_request, decision, check.approvals, check.rejections),
        signed_with=signed_with(decision, approvers),
    )


def _accepted(check: DecisionCheck, decision: Decision, item: ApprovalItem, approvers: Approvers) -> str:
    how = how_theirs(decision, _allowed_at(check, item), check.received_at, approvers)
    key = signed_with(decision, approvers)
    seal = f"; signed with {key}" if key else ""
    if decision.signature is not None and not key:
        seal = "; its signature was not verified, for its key is not known"
    summary = f"{decision.decision_type} by {decision.approver} on {item.name}"
    return f"accepted: {summary}{how}{seal}"


def _allowed_at(check: DecisionCheck, item: ApprovalItem) -> Allowed:
    gate = check.approval_request
    return Allowed(gate.approvers_of(item), check.requester, gate.role_names)


def permits(command: ActionCommand, now: datetime, approvers: Approvers) -> str | None:
    """Return why a command may not be carried out at `now` (timezone-aware); None if it may.

    Checked immediately before the effect, against the approvers as they are then, for a worker may be handed a command
    days after it was decided: a key revoked since no longer counts. A guardian's block is never lifted by a person.
    An allowed action needs no decision; one that is given must fit.
    """
    guard_result, bound, authorization = command.guard_result, command.bound, command.authorization
    if not is_intact(bound):
        return "the action is not the one that its digest was taken of"
    if guard_result.action_digest != bound.digest:
        return "the guardian ruled on another action"
    if guard_result.decision is GuardDecision.BLOCK:
        return "the guardian blocked it"
    if authorization is None:
        return "it is held and nobody decided on it" if guard_result.decision is GuardDecision.HOLD else None
    if guard_result.approvers and guard_result.approvers != authorization.approvers:
        return f"it is for {', '.join(guard_result.approvers)} to decide, and {', '.join(authorization.approvers)} were asked"
    return _insufficient(bound, guard_result.tier, authorization, now, approvers)


def _insufficient(
    bound: BoundAction, tier: Tier, authorization: Authorization, now: datetime, approvers: Approvers
) -> str | None:
    approval, least = authorization.approval, least_approval(tier)
    if not approval.covers(least):
        return f"tier {tier} needs {least.in_words}, and the authorization required {approval.in_words}"
    unfit = (_unfit(bound, authorization, decision, now, approvers) for decision in authorization.decisions)
    if why := next((why for why in unfit if why), None):
        return why
    people = {decision.approver for decision in authorization.decisions}
    needed = approval.signatures
    return f"{len(people)} of {needed} people approved it" if len(people) < needed else None


def _unfit(
    bound: BoundAction, authorization: Authorization, decision: Decision, now: datetime, approvers: Approvers
) -> str | None:
    if decision.decision_type is not DecisionType.APPROVE:
        return f"the decision says {decision.decision_type}"
    if decision.proposal_id != bound.proposal_id:
        return f"the decision is on proposal {decision.proposal_id}, not on {bound.proposal_id}"
    if decision.action_digest != bound.digest:
        return "the decision is on another action"
    if decision.expires_at is not None and decision.expires_at <= now:
        return f"the decision expired at {format_stamp(decision.expires_at)}"
    # Delegations and absences count as of the decision; they may have ended since.
    moments = (decision.issued_at,)
    allowed = Allowed(authorization.approvers, authorization.requester, authorization.role_names)
    theirs = not_theirs(decision, allowed, moments, approvers, authorization.approval)
    return theirs or unsigned(decision, authorization.approval, now, approvers)


def _problem(
    check: DecisionCheck,
    decision: Decision,
    item: ApprovalItem | None,
    approvers: Approvers,
    parameters: Mapping[str, type[Contract]],
) -> str | None:
    """Return the first reason to refuse, in order of their use to a person."""
    if (why := precheck(check.approval_request, check.raw, check.seen)) is not None or item is None:
        return why
    if is_settled(item, check.approvals, check.rejections):
        return f"{item.name} is already decided"
    if decision.decision_type is DecisionType.APPROVE and not item.is_awaited:
        return f"{item.name} needs no approval; it follows when the rest is decided"
    if (why := _untimely(check, decision) or _not_possible(check.approval_request, decision)) is not None:
        return why
    due = due_at(check.approval_request, item)
    # The executor checks as of the decision's own date, so a decision that would fail there is refused here.
    moments = (check.received_at, decision.issued_at)
    return (
        not_theirs(decision, _allowed_at(check, item), moments, approvers, due)
        or _again(check, decision, item)
        or unsigned(decision, due, check.received_at, approvers)
        or incomplete(decision, item, check.approval_request, parameters)
    )


def due_at(approval_request: ApprovalRequest, item: ApprovalItem) -> ApprovalPolicy:
    """Return the requirement of a decision on an item; for an item that is not awaited, that of the awaited items."""
    awaited = item.approval.combined_with(least_approval(item.tier))
    if item.is_awaited:
        return awaited
    for other in approval_request.items:
        awaited = awaited.combined_with(other.approval).combined_with(least_approval(other.tier))
    return awaited


def _again(check: DecisionCheck, decision: Decision, item: ApprovalItem) -> str | None:
    same = any(
        earlier.approver == decision.approver and earlier.action_digest == item.digest
        for earlier in check.approvals
    )
    if same and decision.decision_type is DecisionType.APPROVE:
        return f"{decision.approver} has approved {item.name} already; it needs {item.approval.signatures} different people"
    return None


def _untimely(check: DecisionCheck, decision: Decision) -> str | None:
    received = check.received_at
    # While no worker ran, a decision may have lain in history since before the deadline: then when it was made counts.
    if check.approval_request.deadline <= min(received, decision.issued_at):
        return f"late: the deadline was {format_stamp(check.approval_request.deadline)}"
    if decision.expires_at is not None and decision.expires_at <= received:
        return f"expired at {format_stamp(decision.expires_at)}"
    if decision.issued_at > received + CLOCK_SKEW:
        return f"issued in the future, at {format_stamp(decision.issued_at)}"
    return None


def _not_possible(approval_request: ApprovalRequest, decision: Decision) -> str | None:
    if decision.decision_type not in approval_request.decision_types:
        return f"{decision.decision_type} is not possible here; possible: {', '.join(approval_request.decision_types)}"
    return None

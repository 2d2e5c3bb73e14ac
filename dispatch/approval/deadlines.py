"""Who may move a deadline, and how far: only to later, with the requirements of a decision at the same gate.

An earlier deadline would be a rejection that needs no right to reject, so there is none.
"""

from datetime import datetime, timedelta
from typing import Final

from pydantic import JsonValue, ValidationError

from dispatch.approval.attribution import Allowed, how_theirs, not_theirs, signed_with, unsigned
from dispatch.guard.risk import least_approval
from dispatch.models.moments import deadline_moved_text, format_stamp
from dispatch.models.people.approvers import Approvers
from dispatch.models.people.decision import ApprovalRequest
from dispatch.models.people.extension import Extension, ExtensionCheck, ExtensionCheckResult
from dispatch.models.work.approval_policy import ONE_DECISION, ApprovalPolicy

FURTHEST: Final = timedelta(days=90)


class ExtensionRefusedError(ValueError):
    """The message moves no deadline; the text says why, without repeating the message."""


def read_extension(
    raw: JsonValue, now: datetime, in_force: datetime, approval_request: ApprovalRequest | None
) -> Extension:
    """Read an extension and check it without the approvers file, so that a flood of messages costs no activity.

    Raises ExtensionRefusedError: no extension, another gate's, one that shortens, or one beyond 90 days from now.
    """
    try:
        extension = Extension.model_validate(raw)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])[:64] or "the message"
        raise ExtensionRefusedError(
            f"{where}: {first['msg']}; send approver and deadline (ISO 8601 with a time zone)"
        ) from None
    if extension.deadline <= in_force:
        raise ExtensionRefusedError(
            f"the current deadline is {format_stamp(in_force)}, and an extension only moves it to later; "
            "to end the wait before it, decide"
        )
    if extension.deadline > now + FURTHEST:
        raise ExtensionRefusedError(f"a deadline lies at most {FURTHEST.days} days ahead")
    if approval_request is not None:
        _fits(extension, approval_request)
    return extension


def _fits(extension: Extension, approval_request: ApprovalRequest) -> None:
    """Raise ExtensionRefusedError if it names another gate, or none at a gate that requires signatures."""
    waits, named = approval_request.proposal_id, extension.proposal_id
    if named not in {None, waits}:
        raise ExtensionRefusedError(f"stale: names proposal {named}, but {waits} waits")
    digests = {item.digest for item in approval_request.items}
    if extension.action_digest is not None and extension.action_digest not in digests:
        raise ExtensionRefusedError(f"names no action that waits here: digest {extension.action_digest}")
    if required_at(approval_request).signed and (named is None or extension.action_digest is None):
        raise ExtensionRefusedError(
            "this asks for a signed extension, which names proposal_id and action_digest"
        )


def required_at(approval_request: ApprovalRequest | None) -> ApprovalPolicy:
    """Return the strictest requirement of a gate's items, because an extension moves the deadline of all."""
    required = ONE_DECISION
    for item in approval_request.items if approval_request is not None else ():
        required = required.combined_with(item.approval).combined_with(least_approval(item.tier))
    return required


def check_extension(check: ExtensionCheck, approvers: Approvers) -> ExtensionCheckResult:
    """Accept an extension or refuse it with the exact reason, after checking its author and the required signature."""
    extension, required = check.extension, required_at(check.approval_request)
    allowed = Allowed(check.allowed, check.requester, check.role_names)
    problem = not_theirs(extension, allowed, (check.received_at,), approvers, required) or unsigned(
        extension, required, check.received_at, approvers
    )
    if problem is not None:
        return ExtensionCheckResult(
            handoff=check.handoff, extension=extension, accepted=False, reason=problem
        )
    key = signed_with(extension, approvers)
    how = how_theirs(extension, allowed, check.received_at, approvers)
    moved = deadline_moved_text(extension.deadline)
    return ExtensionCheckResult(
        handoff=check.handoff,
        extension=extension,
        accepted=True,
        reason=f"{moved} (it was {format_stamp(check.in_force)}) by {extension.approver}{how}"
        + (f"; signed with {key}" if key else ""),
        signed_with=key,
    )

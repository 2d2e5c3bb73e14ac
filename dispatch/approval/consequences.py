"""The consequences of a decision on one action for the rest of the request, as texts for before and after it."""

from collections.abc import Sequence
from typing import NamedTuple

from dispatch.models.people.decision import (
    ApprovalItem,
    ApprovalKind,
    ApprovalRequest,
    Decision,
    DecisionType,
)
from dispatch.models.work.guidance import RespondPurpose

_REWRITTEN = "The text for the requester is rewritten according to the decisions"


class Consequences(NamedTuple):
    """One sentence or two for each button."""

    approve: str
    reject: str
    edit: str
    respond: dict[RespondPurpose, str]


def is_settled(item: ApprovalItem, approvals: Sequence[Decision], rejections: Sequence[Decision]) -> bool:
    """Check whether an item is rejected, or has all the approvals that it needs."""
    if any(decision.action_digest == item.digest for decision in rejections):
        return True
    given = sum(decision.action_digest == item.digest for decision in approvals)
    return item.is_awaited and given >= item.approval.signatures


def still_awaited(
    approval_request: ApprovalRequest, approvals: Sequence[Decision], rejections: Sequence[Decision]
) -> tuple[ApprovalItem, ...]:
    """Return the items that the gate still waits for."""
    return tuple(
        item
        for item in approval_request.awaited
        if not is_settled(item, approvals, rejections)
        and not is_to_be_rewritten(approval_request, item, rejections)
    )


def more_due(
    approval_request: ApprovalRequest,
    decision: Decision,
    approvals: Sequence[Decision],
    rejections: Sequence[Decision],
) -> str | None:
    """Return the sentence that an item needs more approvals; None if it needs none. `approvals` includes the latest."""
    awaited = still_awaited(approval_request, approvals, rejections)
    item = next((one for one in awaited if one.digest == decision.action_digest), None)
    if item is None or decision.decision_type is not DecisionType.APPROVE:
        return None
    given = sum(one.action_digest == item.digest for one in approvals)
    return f"{decision.approver} has approved, {item.approval.progress(given)}"


def done_with(
    approval_request: ApprovalRequest, approvals: Sequence[Decision], rejections: Sequence[Decision]
) -> tuple[str, ...]:
    """Return who has approved every awaited item, and therefore need not decide again."""
    awaited = {item.digest for item in still_awaited(approval_request, approvals, rejections)}
    given = {(one.approver, one.action_digest) for one in approvals}
    names = dict.fromkeys(one.approver for one in approvals)
    return tuple(name for name in names if all((name, digest) in given for digest in awaited))


def owners_now(
    approval_request: ApprovalRequest,
    approvals: Sequence[Decision],
    rejections: Sequence[Decision],
    turn: int,
) -> tuple[str, ...]:
    """Return whose decision may be due at a turn on the awaited items; those for the first item come first."""
    awaited = still_awaited(approval_request, approvals, rejections)
    return approval_request.owners(awaited or approval_request.items, turn)


def is_to_be_rewritten(
    approval_request: ApprovalRequest, item: ApprovalItem, rejections: Sequence[Decision]
) -> bool:
    """Check whether an item is the text for the requester, which is rewritten after a rejection."""
    return item.digest == approval_request.delivery and any(
        decision.action_digest != item.digest for decision in rejections
    )


def before(
    approval_request: ApprovalRequest,
    item: ApprovalItem,
    approvals: Sequence[Decision] = (),
    rejections: Sequence[Decision] = (),
) -> Consequences:
    """Return the consequences of each possible decision on an item, for the person who decides."""
    others = [
        one for one in still_awaited(approval_request, approvals, rejections) if one.digest != item.digest
    ]
    return Consequences(
        approve=_approve(item, approvals, others, is_first_rejection=not rejections),
        reject=_reject(approval_request, item, others, rejections),
        edit="An edit makes a new proposal; what is edited needs an approval of its own. What was decided before stays.",
        respond={purpose: _respond(purpose, approval_request) for purpose in approval_request.purposes},
    )


def after(
    approval_request: ApprovalRequest,
    decision: Decision,
    approvals: Sequence[Decision],
    rejections: Sequence[Decision],
) -> str:
    """Return what happens now that a decision is accepted; `approvals` and `rejections` are the earlier ones."""
    if approval_request.kind is not ApprovalKind.APPROVAL:
        return ""
    kind = decision.decision_type
    if kind is DecisionType.RESPOND and decision.purpose is not None:
        return f"{_respond(decision.purpose, approval_request)} A new proposal follows."
    if kind is DecisionType.EDIT:
        return "It goes round once more; the new proposal needs a decision of its own."
    approvals = (*approvals, *([decision] if kind is DecisionType.APPROVE else []))
    rejections = (*rejections, *([decision] if kind is DecisionType.REJECT else []))
    left = still_awaited(approval_request, approvals, rejections)
    same = [item for item in left if item.digest == decision.action_digest]
    if same:
        return f"Nothing is done until a different person has approved it too: {_named(same)}."
    if left:
        return f"Nothing is done until this is decided too: {_named(left)}."
    return f"Everything is decided. {_then(approval_request, rejections)}"


def _then(approval_request: ApprovalRequest, rejections: Sequence[Decision]) -> str:
    if not rejections:
        return "It is done now."
    gone = {decision.action_digest for decision in rejections}
    if approval_request.delivery in gone or approval_request.delivery is None:
        rest = [item for item in approval_request.items if item.digest not in gone]
        if approval_request.delivery is not None:
            return _unsent(rest)
        return f"Done now: {_named(rest) if rest else 'nothing, for all of it was rejected'}."
    return f"{_REWRITTEN}; what was rejected is not done."


def _approve(
    item: ApprovalItem,
    approvals: Sequence[Decision],
    others: Sequence[ApprovalItem],
    *,
    is_first_rejection: bool,
) -> str:
    given = sum(decision.action_digest == item.digest for decision in approvals)
    if item.approval.signatures - given > 1:
        return f"After you, {item.approval.signatures - given - 1} more must approve it."
    if others:
        return f"It is done once this is decided too: {_named(others)}."
    if is_first_rejection:
        return "Everything is decided then, and is done."
    return f"Everything is decided then. {_REWRITTEN}, without what was rejected."


def _reject(
    approval_request: ApprovalRequest,
    item: ApprovalItem,
    others: Sequence[ApprovalItem],
    rejections: Sequence[Decision],
) -> str:
    gone = {decision.action_digest for decision in rejections} | {item.digest, approval_request.delivery}
    rest = [one for one in approval_request.items if one.digest not in gone]
    if item.digest == approval_request.delivery:
        return f"This text is not sent. {_unsent(rest)}"
    told = (
        f"{_REWRITTEN}, and says that this is not done, with your reason for the requester."
        if approval_request.delivery is not None
        else ""
    )
    if not rest:
        return (
            "Nothing of what is proposed is done. The requester is told so, with your reason for the requester."
            if approval_request.delivery is not None
            else "This is not done, and nothing else is proposed."
        )
    decided = f"{_named(rest)}: not affected, {'decided on its own' if others else 'done all the same'}."
    return f"Only this is not done. {decided} {told}".rstrip()


def _unsent(rest: Sequence[ApprovalItem]) -> str:
    """Return the consequence of not sending the text for the requester."""
    if rest:
        return f"The requester hears nothing of the rest, which is done as decided: {_named(rest)}."
    return "The request ends as rejected, and the requester gets the desk's notice of that, where it has one."


def _respond(purpose: RespondPurpose, approval_request: ApprovalRequest) -> str:
    can = purpose in approval_request.usable
    if purpose is RespondPurpose.ASK_REQUESTER:
        return "Your question is sent to the requester as you write it; the request waits for the answer."
    if purpose is RespondPurpose.CHANGE_DRAFT:
        return (
            "The desk's writer reads your guidance and rewrites the text; your own words never go into it."
            if can
            else "This desk writes by rules and cannot use guidance: the text comes back as it is, for you to edit."
        )
    return (
        "The desk reads your guidance and plans the action again."
        if can
        else "This desk plans by rules and cannot use guidance: the action comes back as it is, for you to edit or reject."
    )


def _named(items: Sequence[ApprovalItem]) -> str:
    return ", ".join(" ".join(part for part in _words(item) if part) for item in items)


def _words(item: ApprovalItem) -> tuple[str, str]:
    return item.title or item.name.replace("_", " "), item.key.partition("/")[2]

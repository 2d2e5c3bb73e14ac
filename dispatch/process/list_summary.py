"""One row of a list: what waits, said in a line, with nothing longer than a list can carry ten thousand times."""

from collections.abc import Iterable, Sequence
from typing import Final

from pydantic import JsonValue, ValidationError

from dispatch.approval.requests import price_of
from dispatch.models.money import Money, format_money
from dispatch.models.people.decision import (
    ApprovalItem,
    ApprovalKind,
    ApprovalRequest,
    Decision,
    DecisionType,
)
from dispatch.models.request.list_summary import LONGEST, MOST_NAMED, ListSummary
from dispatch.models.request.requester import SenderDoubt
from dispatch.models.request.submission import Submission
from dispatch.models.work.finding import ReviewException
from dispatch.models.work.guardian import GuardResult
from dispatch.models.work.playbook import Tier
from dispatch.models.work.proposal import BoundAction
from dispatch.models.work.ranking import Rank

BULK_TIERS: Final = frozenset({Tier.LOW, Tier.MEDIUM})
"""What may be approved together with other requests."""
_MOST_AMOUNTS: Final = 3
_IN_COLUMNS: Final = ("tier.", "amount.tier")
_RANK: Final = {tier: rank for rank, tier in enumerate(Tier)}


def summary_of_arrival(submission: Submission) -> ListSummary:
    """Summarise who has written and about what, which is all that is known of a request when it is started.

    Of automatic mail, also why it is set apart.
    """
    automatic = submission.automatic
    return ListSummary(
        subject=_cut("subject", submission.subject or "(no subject)"),
        requester=_cut("requester", submission.sender.name or submission.sender.address),
        why=_cut("why", automatic.in_words) if automatic else "",
        part_of=submission.part.parent if submission.part is not None else "",
    )


def summary_of_approval(
    submission: Submission,
    approval_request: ApprovalRequest,
    given: Sequence[Decision],
    bound: Sequence[BoundAction] = (),
    guard_results: Sequence[GuardResult] = (),
    exceptions: Sequence[ReviewException] = (),
    rank: Rank | None = None,
) -> ListSummary:
    """Summarise what an open gate asks. `given` are the approvals and rejections so far.

    `bound` are the proposed actions and `guard_results` the guardian's decisions on them.
    """
    asked = {item.digest for item in approval_request.awaited}
    why = _why(
        [b for b in bound if b.digest in asked], [v for v in guard_results if v.action_digest in asked]
    )
    decided = {decision.action_digest for decision in given}
    left = tuple(item.digest for item in approval_request.awaited if item.digest not in decided)
    glance = _glance(
        summary_of_arrival(submission),
        approval_request,
        [decision for decision in given if decision.decision_type is DecisionType.APPROVE],
        amounts=[item.amount for item in approval_request.awaited if item.amount is not None],
        why=why or approval_request.why,
        digests=left
        if is_plain(approval_request, exceptions, submission.sender.doubt) and len(left) <= MOST_NAMED
        else (),
    )
    return _ranked(glance, rank)


def summary_of_question(submission: Submission, awaiting: str, rank: Rank | None = None) -> ListSummary:
    """Summarise what the requester was asked for; there is nothing to decide."""
    asked = summary_of_arrival(submission).model_copy(update={"why": _cut("why", awaiting)})
    return _ranked(asked, rank)


def summary_of_follow_up_input(requester: str, bound: Sequence[BoundAction]) -> ListSummary:
    """Summarise which effects a follow-up will read back, when it is started."""
    names = dict.fromkeys(b.action.name.replace("_", " ") for b in bound)
    return ListSummary(
        subject=_cut("subject", f"Follow-up: {', '.join(names)}"), requester=_cut("requester", requester)
    )


def summary_of_follow_up(
    requester: str,
    approval_request: ApprovalRequest,
    approvals: Sequence[Decision],
    bound: Sequence[BoundAction],
) -> ListSummary:
    """Summarise which effects no longer stand as they were made; `bound` are the actions that were read back."""
    return _glance(
        summary_of_follow_up_input(requester, bound),
        approval_request,
        approvals,
        amounts=[money for b in bound if (money := price_of(b)) is not None],
        why=approval_request.why,
        digests=(),
    )


def is_plain(
    approval_request: ApprovalRequest, exceptions: Sequence[ReviewException], doubt: SenderDoubt | None = None
) -> bool:
    """Check whether a gate may be approved together with others: a name is enough, and the risk is not high.

    What review could not mend deserves a look of its own, whatever the tier, and so does a doubtful sender.
    """
    return (
        approval_request.kind is ApprovalKind.APPROVAL
        and not exceptions
        and doubt is None
        and len({item.approvers for item in approval_request.items if item.is_awaited}) == 1
        and all(
            not item.approval.needs_listed_people and item.tier in BULK_TIERS
            for item in approval_request.awaited
        )
    )


def as_memo(list_summary: ListSummary) -> dict[str, JsonValue]:
    """Return what is written to Temporal; empty fields are left out."""
    return list_summary.model_dump(mode="json", exclude_defaults=True)


def read_summary(encoding: bytes, data: bytes) -> ListSummary | None:
    """Read a memo as it lies in Temporal; None where it is encrypted, or was written by a desk that this one does not know."""
    if encoding != b"json/plain":
        return None
    try:
        return ListSummary.model_validate_json(data)
    except ValidationError:
        return None


def _glance(
    about: ListSummary,
    approval_request: ApprovalRequest,
    approvals: Sequence[Decision],
    *,
    amounts: Sequence[Money],
    why: str,
    digests: tuple[str, ...],
) -> ListSummary:
    approved_by = dict.fromkeys(decision.approver for decision in approvals)
    return ListSummary(
        subject=about.subject,
        requester=about.requester,
        tier=_highest(approval_request.awaited),
        amount=_amount(amounts),
        why=_cut("why", why),
        proposal_id=approval_request.proposal_id,
        digests=digests,
        approved_by=tuple(approved_by)[:MOST_NAMED],
        part_of=about.part_of,
    )


def _ranked(list_summary: ListSummary, rank: Rank | None) -> ListSummary:
    if rank is None:
        return list_summary
    points = {"score": rank.score, "waiting_per_day": rank.waiting_per_day}
    return list_summary.model_copy(update=points)


def _highest(items: Iterable[ApprovalItem]) -> Tier:
    return max((item.tier for item in items), key=_RANK.__getitem__)


def _amount(amounts: Sequence[Money]) -> str:
    """Return each amount whole, or say that there are more: a figure that is cut would be another figure."""
    shown = " + ".join(format_money(money) for money in amounts[:_MOST_AMOUNTS])
    more = len(amounts) - _MOST_AMOUNTS
    text = f"{shown} + {more} more" if more > 0 else shown
    return text if len(text) <= LONGEST["amount"] else "too long for a line"


def _why(held: Sequence[BoundAction], guard_results: Sequence[GuardResult]) -> str:
    """Summarise what else the guardian noticed and what the held actions are for; tier and amount have columns of their own."""
    noticed = [
        reason.text
        for guard_result in guard_results
        for reason in guard_result.reasons
        if not reason.rule.startswith(_IN_COLUMNS)
    ]
    return "; ".join(dict.fromkeys([*noticed, *(bound.action.why for bound in held)]))


def _cut(field: str, text: str) -> str:
    """Return a text as one line of the length that its field has."""
    most = LONGEST[field]
    # Splitting a long text would cost more than all the rest; what is beyond is cut in any case.
    line = " ".join(text[: 4 * most].split())
    return line if len(line) <= most else f"{line[: most - 1]}…"

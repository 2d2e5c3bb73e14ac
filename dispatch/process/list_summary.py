"""One row of a list: what waits, said in a line, with nothing longer than a list can carry ten thousand times."""

from collections.abc import Iterable, Sequence
from typing import Final

from pydantic import JsonValue, ValidationError

from channels.mail.automatic import why_set_apart
from desks.support.models.records import Money, format_money
from dispatch.approval.requests import price_of
from dispatch.models.people.decision import Decision, Gate, GateKind, Subject
from dispatch.models.request.list_summary import LONGEST, MOST_NAMED, Glance
from dispatch.models.request.requester import SenderDoubt
from dispatch.models.request.submission import Submission
from dispatch.models.work.finding import ReviewException
from dispatch.models.work.guardian import GuardianVerdict
from dispatch.models.work.playbook import Tier
from dispatch.models.work.proposal import BoundAction

BULK_TIERS: Final = frozenset({Tier.LOW, Tier.MEDIUM})
"""What may be approved together with other requests."""
_MOST_AMOUNTS: Final = 3
_IN_COLUMNS: Final = ("tier.", "refund.amount_tier")
_RANK: Final = {tier: rank for rank, tier in enumerate(Tier)}


def glance_of_arrival(submission: Submission) -> Glance:
    """Say who has written and about what, which is all that is known of a request when it is started.

    Of automatic mail, also why it is set apart.
    """
    automatic = submission.automatic
    return Glance(
        subject=_cut("subject", submission.subject or "(no subject)"),
        requester=_cut("requester", submission.sender.name or submission.sender.address),
        why=_cut("why", why_set_apart(automatic)) if automatic else "",
    )


def glance_of_gate(
    submission: Submission,
    gate: Gate,
    approvals: Sequence[Decision],
    bound: Sequence[BoundAction] = (),
    verdicts: Sequence[GuardianVerdict] = (),
    exceptions: Sequence[ReviewException] = (),
) -> Glance:
    """Say what an open gate asks. `bound` are the proposed actions and `verdicts` the guardian's word on them."""
    asked = {subject.digest for subject in gate.subjects}
    why = _why([b for b in bound if b.digest in asked], [v for v in verdicts if v.action_digest in asked])
    decided = {decision.action_digest for decision in approvals}
    left = tuple(subject.digest for subject in gate.subjects if subject.digest not in decided)
    return _glance(
        glance_of_arrival(submission),
        gate,
        approvals,
        amounts=[subject.amount for subject in gate.subjects if subject.amount is not None],
        why=why or gate.why,
        digests=left
        if is_plain(gate, exceptions, submission.sender.doubt) and len(left) <= MOST_NAMED
        else (),
    )


def glance_of_question(submission: Submission, awaiting: str) -> Glance:
    """Say what the requester was asked for; there is nothing to decide."""
    return glance_of_arrival(submission).model_copy(update={"why": _cut("why", awaiting)})


def glance_of_order(requester: str, bound: Sequence[BoundAction]) -> Glance:
    """Say which effects a follow-up will read back, when it is started."""
    names = dict.fromkeys(b.action.name.replace("_", " ") for b in bound)
    return Glance(
        subject=_cut("subject", f"Follow-up: {', '.join(names)}"), requester=_cut("requester", requester)
    )


def glance_of_follow_up(
    requester: str, gate: Gate, approvals: Sequence[Decision], bound: Sequence[BoundAction]
) -> Glance:
    """Say which effects no longer stand as they were made; `bound` are the actions that were read back."""
    return _glance(
        glance_of_order(requester, bound),
        gate,
        approvals,
        amounts=[money for b in bound if (money := price_of(b)) is not None],
        why=gate.why,
        digests=(),
    )


def is_plain(gate: Gate, exceptions: Sequence[ReviewException], doubt: SenderDoubt | None = None) -> bool:
    """Tell whether a gate may be approved together with others: a name is enough, and the risk is not high.

    What review could not mend deserves a look of its own, whatever the tier, and so does a doubtful sender.
    """
    return (
        gate.kind is GateKind.APPROVAL
        and not exceptions
        and doubt is None
        and all(subject.approval == "named" and subject.tier in BULK_TIERS for subject in gate.subjects)
    )


def as_memo(glance: Glance) -> dict[str, JsonValue]:
    """Give what is written to Temporal; empty fields are left out."""
    return glance.model_dump(mode="json", exclude_defaults=True)


def read_glance(encoding: bytes, data: bytes) -> Glance | None:
    """Read a memo as it lies in Temporal; None where it is encrypted, or was written by a desk that this one does not know."""
    if encoding != b"json/plain":
        return None
    try:
        return Glance.model_validate_json(data)
    except ValidationError:
        return None


def _glance(
    about: Glance,
    gate: Gate,
    approvals: Sequence[Decision],
    *,
    amounts: Sequence[Money],
    why: str,
    digests: tuple[str, ...],
) -> Glance:
    given = dict.fromkeys(decision.approver for decision in approvals)
    return Glance(
        subject=about.subject,
        requester=about.requester,
        tier=_highest(gate.subjects),
        amount=_amount(amounts),
        why=_cut("why", why),
        proposal_id=gate.proposal_id,
        digests=digests,
        given=tuple(given)[:MOST_NAMED],
    )


def _highest(subjects: Iterable[Subject]) -> Tier:
    return max((subject.tier for subject in subjects), key=_RANK.__getitem__)


def _amount(amounts: Sequence[Money]) -> str:
    """Give each amount whole, or say that there are more: a figure that is cut would be another figure."""
    shown = " + ".join(format_money(money) for money in amounts[:_MOST_AMOUNTS])
    more = len(amounts) - _MOST_AMOUNTS
    text = f"{shown} + {more} more" if more > 0 else shown
    return text if len(text) <= LONGEST["amount"] else "too long for a line"


def _why(held: Sequence[BoundAction], verdicts: Sequence[GuardianVerdict]) -> str:
    """Say what else the guardian noticed and what the held actions are for; tier and amount have columns of their own."""
    noticed = [
        reason.text
        for verdict in verdicts
        for reason in verdict.reasons
        if not reason.rule.startswith(_IN_COLUMNS)
    ]
    return "; ".join(dict.fromkeys([*noticed, *(bound.action.why for bound in held)]))


def _cut(field: str, text: str) -> str:
    """Give a text as one line of the length that its field has."""
    most = LONGEST[field]
    # Splitting a long text would cost more than all the rest; what is beyond is cut in any case.
    line = " ".join(text[: 4 * most].split())
    return line if len(line) <= most else f"{line[: most - 1]}…"

"""What a row of a list says: short whatever comes, whole where a part would mislead, and plain only where one name is enough."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.models.money import Money
from dispatch.models.people.decision import (
    ApprovalItem,
    ApprovalKind,
    ApprovalRequest,
    Decision,
    DecisionType,
)
from dispatch.models.request.list_summary import LONGEST, MOST_NAMED, ListSummary
from dispatch.models.request.submission import DocumentRef, Party, Submission, Trigger
from dispatch.models.work.approval_policy import MOST_SIGNATURES, ONE_DECISION, ApprovalPolicy
from dispatch.models.work.finding import ReviewException
from dispatch.models.work.guardian import GuardDecision, GuardResult, Reason
from dispatch.models.work.playbook import Tier
from dispatch.models.work.severity import Severity
from dispatch.process.list_summary import (
    is_plain,
    read_summary,
    summary_of_approval,
    summary_of_follow_up,
    summary_of_question,
)
from tests.bound import HANDOFF, NOW, refund, reply

REFUND, REPLY = refund(), reply()
FLAGGED = ReviewException(
    reviewer="reply_standards", standard="tone", severity=Severity.MINOR, text="It is curt."
)


def submission(subject: str = "Please", name: str = "Ada", address: str = "ada@example.org") -> Submission:
    return Submission(
        trigger=Trigger(kind="mail", trigger_id="<1@test>", received_at=NOW),
        sender=Party(address=address, name=name),
        subject=subject,
        body="Please refund DD-1.",
        source=DocumentRef(sha256="0" * 64, size_bytes=1, media_type="text/plain", name="mail"),
    )


def item(number: int = 0, **changes: Any) -> ApprovalItem:
    fields = {
        "name": "issue_refund",
        "digest": f"{number:064x}",
        "tier": Tier.MEDIUM,
        "amount": Money(amount_minor=3000, currency="EUR"),
        "summary": "a refund",
        **changes,
    }
    return ApprovalItem.model_validate(fields)


def approval_request(*items: ApprovalItem, **changes: Any) -> ApprovalRequest:
    fields = {
        "kind": ApprovalKind.APPROVAL,
        "proposal_id": "p1",
        "items": items or (item(),),
        "decision_types": tuple(DecisionType),
        "approvers": ("anna",),
        "opened_at": NOW,
        "deadline": NOW + timedelta(days=2),
        "why": "held",
        **changes,
    }
    return ApprovalRequest.model_validate(fields)


def approval(digest: str, by: str = "anna") -> Decision:
    return Decision(
        decision_id=f"d-{by}"[:100],
        proposal_id="p1",
        action_digest=digest,
        decision_type=DecisionType.APPROVE,
        approver=by,
        issued_at=NOW,
    )


def guard_result(digest: str, *reasons: tuple[str, str]) -> GuardResult:
    return GuardResult(
        handoff=HANDOFF,
        action_digest=digest,
        decision=GuardDecision.HOLD,
        tier=Tier.MEDIUM,
        reasons=tuple(Reason(rule=rule, text=text) for rule, text in reasons),
    )


items = st.lists(
    st.builds(
        item,
        st.integers(0, 2**200),
        tier=st.sampled_from(Tier),
        approval=st.builds(ApprovalPolicy, signatures=st.integers(1, MOST_SIGNATURES), signed=st.booleans()),
        amount=st.none()
        | st.builds(
            Money, amount_minor=st.integers(0, 10**40), currency=st.sampled_from(("EUR", "JPY", "KWD"))
        ),
    ),
    min_size=1,
    max_size=12,
    unique_by=lambda one: one.digest,
)
lines = st.text(st.characters(exclude_categories=["Cs"]), max_size=600)


@given(items, lines, lines, st.lists(lines.filter(bool).map(lambda text: text[:100]), max_size=12))
def test_whatever_comes_fits_into_a_row(
    asked: list[ApprovalItem], text: str, name: str, approvers: list[str]
) -> None:
    """Each text is one line of its length, the row reads back as it was, and nothing is left out of the digests."""
    approvals = [approval(asked[0].digest, by) for by in approvers]
    list_summary = summary_of_approval(
        submission(text, name[:200]), approval_request(*asked, why=text), approvals
    )
    for field, most in LONGEST.items():
        said = getattr(list_summary, field)
        assert len(said) <= most
        assert said == " ".join(said.split())
    assert (
        read_summary(b"json/plain", list_summary.model_dump_json(exclude_defaults=True).encode())
        == list_summary
    )
    left = [s.digest for s in asked if not approvals or s.digest != asked[0].digest]
    assert list_summary.digests in {(), tuple(left)}
    assert list_summary.tier == max((s.tier for s in asked), key=list(Tier).index)


@given(items, st.booleans(), st.sampled_from(ApprovalKind))
def test_more_risk_is_never_plain(asked: list[ApprovalItem], flagged: bool, kind: ApprovalKind) -> None:  # noqa: FBT001 (drawn)
    """One tick decides only what low and medium risk, one name and a clean review leave to it."""
    exceptions = (FLAGGED,) if flagged else ()
    list_summary = summary_of_approval(
        submission(), approval_request(*asked, kind=kind), (), exceptions=exceptions
    )
    risky = any(s.tier in {Tier.HIGH, Tier.CRITICAL} or s.approval != ONE_DECISION for s in asked)
    if risky or flagged or kind is not ApprovalKind.APPROVAL:
        assert not is_plain(approval_request(*asked, kind=kind), exceptions)
        assert list_summary.digests == ()
    else:
        assert list_summary.digests == (tuple(s.digest for s in asked) if len(asked) <= MOST_NAMED else ())


@pytest.mark.parametrize(
    ("amounts", "said"),
    [
        ((), ""),
        ((4990,), "EUR 49.90"),
        ((3000, 2000), "EUR 30.00 + EUR 20.00"),
        ((100, 200, 300, 400, 500), "EUR 1.00 + EUR 2.00 + EUR 3.00 + 2 more"),
        ((10**90,), "too long for a line"),
    ],
)
def test_no_figure_is_cut(amounts: tuple[int, ...], said: str) -> None:
    """An amount stands there whole or not at all."""
    asked = [
        item(number, amount=Money(amount_minor=minor, currency="EUR")) for number, minor in enumerate(amounts)
    ]
    assert (
        summary_of_approval(submission(), approval_request(*(asked or [item(amount=None)])), ()).amount
        == said
    )


def test_the_reason_is_what_the_columns_do_not_say() -> None:
    """What the guardian noticed beyond tier and amount, then what the action is for, each once; else why the gate opened."""
    asked = approval_request(item(digest=REFUND.digest))
    said = guard_result(
        REFUND.digest, ("tier.medium", "a person decides"), ("velocity", "the third in a month")
    )
    list_summary = summary_of_approval(submission(), asked, (), (REFUND, REPLY), (said, said))
    assert list_summary.why == f"the third in a month; {REFUND.action.why}"
    assert summary_of_approval(submission(), asked, (), (REPLY,)).why == "held"


def test_an_approval_that_is_there_is_shown_and_not_asked_again() -> None:
    """Who approved is named once; what is left is what the others still need."""
    asked = approval_request(item(1), item(2))
    list_summary = summary_of_approval(submission(), asked, [approval(f"{1:064x}")])
    assert (list_summary.approved_by, list_summary.digests) == (("anna",), (f"{2:064x}",))


def test_a_question_asks_for_no_decision() -> None:
    """No tier, no amount, nothing to tick; a nameless requester is known by their address."""
    list_summary = summary_of_question(submission(subject="", name=""), "an answer: order_number")
    assert list_summary == ListSummary(
        subject="(no subject)", requester="ada@example.org", why="an answer: order_number"
    )


def test_a_follow_up_names_what_it_read_back() -> None:
    """Its actions with their amounts, and why it was reopened; settling is never done in bulk."""
    opened = approval_request(
        item(amount=None), kind=ApprovalKind.ESCALATION, why="the refund differs in status"
    )
    list_summary = summary_of_follow_up("ada@example.org", opened, (), (REFUND, REPLY))
    assert (list_summary.subject, list_summary.why) == (
        "Follow-up: issue refund, send reply",
        "the refund differs in status",
    )
    assert list_summary.amount == "EUR 30.00"
    assert list_summary.digests == ()


@pytest.mark.parametrize(
    ("encoding", "data"),
    [
        (b"binary/encrypted", b"{}"),
        (b"json/plain", b"{"),
        (b"json/plain", b'"text"'),
        (b"json/plain", b'{"subject": 1}'),
        (b"json/plain", b'{"tier": "lethal"}'),
        (b"json/plain", b'{"unknown": 1}'),
        (b"", b""),
    ],
)
def test_a_memo_that_is_none_says_nothing(encoding: bytes, data: bytes) -> None:
    """Encrypted, torn, or of another desk: the row shows a dash, and the list goes on."""
    assert read_summary(encoding, data) is None

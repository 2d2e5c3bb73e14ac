"""What is said of the rest of a request, before a decision and after it."""

from datetime import timedelta

from dispatch.approval.consequences import after, before, still_awaited
from dispatch.models.people.decision import (
    ApprovalItem,
    ApprovalKind,
    ApprovalRequest,
    Decision,
    DecisionType,
)
from dispatch.models.work.approval_policy import NO_APPROVAL, ApprovalPolicy
from dispatch.models.work.guidance import RespondPurpose
from dispatch.models.work.playbook import Tier
from tests.bound import NOW

FIRST, SECOND, REPLY = "a" * 64, "b" * 64, "c" * 64


def gate(*, signatures: int = 1, usable: tuple[RespondPurpose, ...] = ()) -> ApprovalRequest:
    """Return a gate of two refunds that wait and a reply that does not."""

    def item(key: str, digest: str, title: str, approval: ApprovalPolicy) -> ApprovalItem:
        name = key.partition("/")[0]
        return ApprovalItem(
            name=name, key=key, title=title, digest=digest, tier=Tier.MEDIUM, approval=approval, summary=key
        )

    asked = ApprovalPolicy(signatures=signatures)
    return ApprovalRequest(
        kind=ApprovalKind.APPROVAL,
        proposal_id="p1",
        items=(
            item("issue_refund/P-1", FIRST, "Refund", asked),
            item("issue_refund/P-2", SECOND, "Refund", asked),
            item("send_reply/reply", REPLY, "Reply", NO_APPROVAL),
        ),
        decision_types=tuple(DecisionType),
        approvers=("ana",),
        opened_at=NOW,
        deadline=NOW + timedelta(days=1),
        why="held",
        delivery=REPLY,
        purposes=tuple(RespondPurpose),
        usable=usable,
    )


def decided(kind: str, digest: str, by: str = "ana") -> Decision:
    return Decision(
        decision_id=f"d-{kind}-{digest[0]}-{by}",
        proposal_id="p1",
        action_digest=digest,
        decision_type=DecisionType(kind),
        purpose=RespondPurpose.CHANGE_DRAFT if kind == "respond" else None,
        approver=by,
        issued_at=NOW,
    )


def test_approving_one_of_two_waits_for_the_other() -> None:
    """Nothing is done before the other is decided, and it is named."""
    first = gate().items[0]
    assert before(gate(), first).approve == "It is done once this is decided too: Refund P-2."
    said = after(gate(), decided("approve", FIRST), (), ())
    assert said == "Nothing is done until this is decided too: Refund P-2."
    assert after(gate(), decided("approve", SECOND), (decided("approve", FIRST),), ()).endswith("done now.")


def test_rejecting_one_of_two_leaves_the_other_and_changes_the_text() -> None:
    """The other is named as not affected; once all is decided the text is rewritten, and nobody decides on the old one."""
    assert "Refund P-2, Reply reply" not in before(gate(), gate().items[0]).reject
    assert "Refund P-2: not affected, decided on its own." in before(gate(), gate().items[0]).reject
    no = decided("reject", FIRST)
    assert [item.digest for item in still_awaited(gate(), (), (no,))] == [SECOND]
    assert "rewritten" in after(gate(), decided("approve", SECOND), (), (no,))


def test_a_second_signature_is_asked_of_a_different_person() -> None:
    """Of two that are needed, the first hears that another must follow."""
    two = gate(signatures=2)
    assert before(two, two.items[0]).approve == "After you, 1 more must approve it."
    assert "a different person" in after(two, decided("approve", FIRST), (), ())


def test_whether_guidance_can_be_used_is_said_before_it_is_sent() -> None:
    """A desk that works by rules says that it cannot; one with a writer that can, what becomes of the words."""
    rules = before(gate(), gate().items[0]).respond[RespondPurpose.CHANGE_DRAFT]
    able = gate(usable=(RespondPurpose.CHANGE_DRAFT,))
    assert "cannot use guidance" in rules
    assert (
        "your own words never go into it" in before(able, able.items[0]).respond[RespondPurpose.CHANGE_DRAFT]
    )
    assert "cannot use guidance" in after(gate(), decided("respond", FIRST), (), ())


def test_rejecting_the_text_leaves_the_rest_and_says_that_nobody_is_told() -> None:
    """The refunds are done as decided; the requester hears nothing."""
    said = before(gate(), gate().items[2]).reject
    assert said.startswith("This text is not sent. The requester hears nothing of the rest")

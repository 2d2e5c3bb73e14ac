"""Which signed decisions count at a gate, and what they permit immediately before the effect."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from dispatch.approval.decisions import check_decision, permits
from dispatch.models.moments import format_stamp
from dispatch.models.people.approvers import Approvers
from dispatch.models.people.decision import (
    ApprovalItem,
    ApprovalKind,
    ApprovalRequest,
    Decision,
    DecisionCheck,
    DecisionCheckResult,
    DecisionType,
)
from dispatch.models.work.approval_policy import ApprovalPolicy
from dispatch.models.work.execution import ActionCommand, Authorization
from dispatch.models.work.guardian import GuardDecision
from dispatch.models.work.guidance import RespondPurpose
from dispatch.models.work.playbook import Tier
from tests.bound import HANDOFF, NOW, PARAMETERS, decision, order, refund
from tests.signers import Signer, approvers

REFUND = refund()
ANA, BEN, CLEO = (
    Signer("ana", ("refunds",)),
    Signer("ben", ("refunds-lead",)),
    Signer("cleo", ("support-lead",)),
)
MALLORY = Signer("mallory")
FILE = approvers(ANA, BEN, CLEO, MALLORY)
NAMED, TWO_NAMED = ApprovalPolicy(signatures=1), ApprovalPolicy(signatures=2)
SIGNED = ApprovalPolicy(signatures=1, signed=True)
TWO_SIGNED = ApprovalPolicy(signatures=2, signed=True)
THREE_SIGNED = ApprovalPolicy(signatures=3, signed=True)
TIERS = {
    NAMED: Tier.MEDIUM,
    TWO_NAMED: Tier.MEDIUM,
    SIGNED: Tier.HIGH,
    TWO_SIGNED: Tier.CRITICAL,
    THREE_SIGNED: Tier.CRITICAL,
}
LATER = NOW + timedelta(hours=1)


def raw(**changes: JsonValue) -> dict[str, JsonValue]:
    plain: dict[str, JsonValue] = decision(REFUND).model_dump(mode="json")
    return {**plain, **changes}


def check(
    message: JsonValue,
    approval: ApprovalPolicy = SIGNED,
    known: Approvers = FILE,
    gate_of: tuple[str, ...] = ("refunds-lead", "support-lead"),
    **more: Any,
) -> DecisionCheckResult:
    approval_request = ApprovalRequest(
        kind=ApprovalKind.APPROVAL,
        proposal_id="p1",
        items=(
            ApprovalItem(
                name="issue_refund",
                digest=REFUND.digest,
                tier=TIERS[approval],
                approval=approval,
                editable=("amount_minor",),
                summary="a refund",
            ),
        ),
        decision_types=tuple(DecisionType),
        approvers=gate_of,
        role_names=True,
        opened_at=NOW,
        deadline=NOW + timedelta(days=2),
        why="held",
        purposes=tuple(RespondPurpose),
    )
    fields = {"received_at": LATER, **more}
    return check_decision(
        DecisionCheck(handoff=HANDOFF, approval_request=approval_request, raw=message, **fields),
        known,
        PARAMETERS,
    )


def signed(by: Signer, **changes: JsonValue) -> dict[str, JsonValue]:
    return by.signs(raw(**changes))


def authorization(
    *decisions: dict[str, JsonValue], approval: ApprovalPolicy = SIGNED, requester: str = ""
) -> ActionCommand:
    made = Authorization(
        approval=approval,
        approvers=("refunds-lead", "support-lead"),
        role_names=True,
        requester=requester,
        decisions=tuple(Decision.model_validate(one) for one in decisions),
    )
    tier = Tier.CRITICAL if approval == TWO_SIGNED else Tier.HIGH
    return order(REFUND, GuardDecision.HOLD, tier).model_copy(update={"authorization": made})


def test_a_signed_decision_of_a_person_with_the_role_counts() -> None:
    """The result names the key whose signature was verified, and so does the reason that goes into the trail."""
    result = check(signed(BEN))
    assert (result.accepted, result.signed_with) == (True, BEN.key.key_id)
    assert (
        result.reason
        == f"accepted: approve by ben on issue_refund as refunds-lead; signed with {BEN.key.key_id}"
    )


@pytest.mark.parametrize("decision_type", ["edit", "reject", "respond"])
def test_every_verdict_is_signed_where_a_signature_is_due(decision_type: str) -> None:
    """Not only an approval: nobody else may send back or turn down in an approver's name."""
    said: dict[str, JsonValue] = {
        "decision_type": decision_type,
        "reason": "not so",
        "edits": {"amount_minor": 5} if decision_type == "edit" else {},
        "purpose": "change_draft" if decision_type == "respond" else None,
    }
    assert check(signed(BEN, **said)).accepted
    assert not check(raw(approver="ben", **said)).accepted


def forged(**changes: JsonValue) -> dict[str, JsonValue]:
    """Change a decision after it was signed."""
    return {**signed(BEN), **changes}


OLD = Signer("ben", ("refunds-lead",))


def with_key(**changes: Any) -> Approvers:
    """Return the file with something about ben's key changed."""
    key = BEN.key.model_copy(update=changes)
    return Approvers(approvers=(BEN.person.model_copy(update={"keys": (key,)}),))


@pytest.mark.parametrize(
    ("message", "more", "says"),
    [
        (raw(approver="ben"), {}, "unsigned: this asks for a signed decision"),
        (forged(reason="and 1,000 more"), {}, f"forged: the signature is not that of key {BEN.key.key_id}"),
        (forged(decision_id="d-2"), {}, f"forged: the signature is not that of key {BEN.key.key_id}"),
        (
            forged(decision_type="reject", reason="no"),
            {},
            f"forged: the signature is not that of key {BEN.key.key_id}",
        ),
        (
            forged(expires_at="2030-01-01T00:00:00Z"),
            {},
            f"forged: the signature is not that of key {BEN.key.key_id}",
        ),
        (forged(signature="AAAA"), {}, f"forged: the signature is not that of key {BEN.key.key_id}"),
        (forged(signature="no base64!"), {}, f"forged: the signature is not that of key {BEN.key.key_id}"),
        (forged(signature=None), {}, "unsigned: this asks for a signed decision"),
        (forged(approver="cleo"), {}, f"key {BEN.key.key_id} is ben's, not cleo's"),
        (OLD.signs(raw()), {}, f"unknown key: {OLD.key.key_id}"),
        (signed(MALLORY), {}, "mallory may not decide here; may: ben, cleo"),
        (signed(ANA), {}, "ana may not decide here; may: ben, cleo"),
        (
            raw(approver="refunds-lead"),
            {},
            "refunds-lead is no person of the approvers file, and a person decides here; decide as one of those who hold it: ben",
        ),
        (signed(BEN), {"seen": ("d-1",)}, "duplicate: decision d-1 was received before"),
        (signed(BEN, proposal_id="p0"), {}, "stale: names proposal p0, but p1 waits"),
        (signed(BEN, action_digest="0" * 64), {}, f"names no action that waits here: digest {'0' * 64}"),
        (signed(BEN, expires_at="2025-03-01T12:30:00Z"), {}, "expired at 2025-03-01 12:30:00 UTC"),
        (
            signed(BEN),
            {"known": with_key(revoked_at=LATER)},
            f"key {BEN.key.key_id} was revoked at {format_stamp(LATER)}",
        ),
        (
            signed(BEN),
            {"known": with_key(expires_at=NOW)},
            f"key {BEN.key.key_id} expired at {format_stamp(NOW)}",
        ),
        (signed(BEN), {"known": Approvers()}, "ben may not decide here; may: refunds-lead, support-lead"),
    ],
)
def test_what_does_not_count_is_refused_with_its_reason(
    message: JsonValue, more: dict[str, Any], says: str
) -> None:
    """Forged, unsigned, of another key or person, stale, played again, expired, revoked: each says which it is."""
    result = check(message, **more)
    assert (result.accepted, result.reason, result.signed_with) == (False, says, None)


@pytest.mark.parametrize("approval", TIERS)
def test_nobody_decides_on_their_own_request(approval: ApprovalPolicy) -> None:
    """At every tier, and under an alias too."""
    ben = Signer("ben", ("refunds-lead",), {"addresses": ("ben@desk.example",)}, BEN.private)
    result = check(ben.signs(raw()), approval, approvers(ben), requester="Ben+shop@desk.example")
    assert result.reason == "ben may not decide on a request of their own"


def test_four_eyes_are_two_people() -> None:
    """The same person twice is refused with that reason; somebody else completes it; and a third is too many."""
    first = Decision.model_validate(signed(BEN))
    again = check(signed(BEN, decision_id="d-2"), TWO_SIGNED, approvals=(first,))
    assert again.reason == "ben has approved issue_refund already; it needs 2 different people"
    second = check(signed(CLEO, decision_id="d-3"), TWO_SIGNED, approvals=(first,))
    assert second.accepted
    assert second.decision is not None
    third = check(signed(CLEO, decision_id="d-4"), TWO_SIGNED, approvals=(first, second.decision))
    assert third.reason == "issue_refund is already decided"


def test_three_signatures_are_three_people() -> None:
    """The number of the playbook counts, whatever it is; two of three are not enough before the effect either."""
    two = (Decision.model_validate(signed(BEN)), Decision.model_validate(signed(CLEO, decision_id="d-2")))
    again = check(signed(CLEO, decision_id="d-3"), THREE_SIGNED, approvals=two)
    assert again.reason == "cleo has approved issue_refund already; it needs 3 different people"
    both = authorization(signed(BEN), signed(CLEO, decision_id="d-2"), approval=THREE_SIGNED)
    assert permits(both, LATER, FILE) == "2 of 3 people approved it"
    dora = Signer("dora", ("refunds-lead",))
    third = check(signed(dora, decision_id="d-3"), THREE_SIGNED, approvers(BEN, CLEO, dora), approvals=two)
    assert third.accepted


def test_two_unsigned_approvals_are_two_people_of_the_file() -> None:
    """A person who approves as their role and again by name would be two names; so a role's own name is refused."""
    as_role = check(raw(approver="refunds-lead"), TWO_NAMED)
    assert as_role.reason == (
        "refunds-lead is no person of the approvers file, and a person decides here; "
        "decide as one of those who hold it: ben"
    )
    first = check(raw(approver="ben"), TWO_NAMED)
    assert first.accepted
    assert first.decision is not None
    again = check(raw(approver="ben", decision_id="d-2"), TWO_NAMED, approvals=(first.decision,))
    assert again.reason == "ben has approved issue_refund already; it needs 2 different people"
    assert check(raw(approver="cleo", decision_id="d-3"), TWO_NAMED, approvals=(first.decision,)).accepted


def test_who_approved_first_may_still_think_again() -> None:
    """Until the second approval, the first approver may reject what they approved."""
    first = Decision.model_validate(signed(BEN))
    rejected = signed(BEN, decision_id="d-2", decision_type="reject", reason="on second thoughts")
    assert check(rejected, TWO_SIGNED, approvals=(first,)).accepted


def test_a_signature_where_none_is_due_must_hold_too() -> None:
    """A named tier takes a decision without one; a forged one is refused all the same."""
    assert check(raw(approver="refunds-lead"), NAMED).accepted
    assert check(raw(approver="ben"), NAMED).accepted
    assert check(signed(BEN), NAMED).signed_with == BEN.key.key_id
    assert (
        check(forged(reason="x"), NAMED).reason
        == f"forged: the signature is not that of key {BEN.key.key_id}"
    )
    unknown = check({**raw(approver="support-lead"), "key_id": "k", "signature": "s"}, NAMED)
    assert (unknown.accepted, unknown.signed_with) == (True, None)
    assert unknown.reason.endswith("its signature was not verified, for its key is not known")


def test_the_executor_permits_what_was_signed() -> None:
    """One signature, or two of different people."""
    assert permits(authorization(signed(BEN)), LATER, FILE) is None
    both = authorization(signed(BEN), signed(CLEO, decision_id="d-2"), approval=TWO_SIGNED)
    assert permits(both, LATER, FILE) is None


@pytest.mark.parametrize(
    ("made", "known", "says"),
    [
        (
            authorization(signed(BEN)),
            with_key(revoked_at=LATER),
            f"key {BEN.key.key_id} was revoked at {format_stamp(LATER)}",
        ),
        (authorization(signed(BEN)), Approvers(), "ben may not decide here; may: refunds-lead, support-lead"),
        (
            authorization(signed(BEN)),
            approvers(Signer("ben", ("refunds",), {}, BEN.private)),
            "ben may not decide here; may: refunds-lead, support-lead",
        ),
        (
            authorization(forged(reason="x")),
            FILE,
            f"forged: the signature is not that of key {BEN.key.key_id}",
        ),
        (authorization(raw(approver="ben")), FILE, "unsigned: this asks for a signed decision"),
        (
            authorization(raw(approver="ben"), approval=NAMED),
            FILE,
            "tier high needs one signed decision, and the authorization required one person's decision",
        ),
        (authorization(signed(BEN), approval=TWO_SIGNED), FILE, "1 of 2 people approved it"),
        (
            authorization(signed(BEN), signed(BEN, decision_id="d-2"), approval=TWO_SIGNED),
            FILE,
            "1 of 2 people approved it",
        ),
        (
            authorization(signed(BEN), requester="ben@desk.example"),
            approvers(Signer("ben", ("refunds-lead",), {"addresses": ("ben@desk.example",)}, BEN.private)),
            "ben may not decide on a request of their own",
        ),
        (authorization(signed(BEN, action_digest="0" * 64)), FILE, "the decision is on another action"),
        (
            authorization(signed(BEN, expires_at="2025-03-01T12:59:00Z")),
            FILE,
            "the decision expired at 2025-03-01 12:59:00 UTC",
        ),
    ],
)
def test_the_executor_looks_again(made: ActionCommand, known: Approvers, says: str) -> None:
    """What was accepted at the gate is refused before the effect when it no longer holds."""
    assert permits(made, LATER, known) == says


@pytest.mark.parametrize("ends_at", [NOW + timedelta(minutes=30), NOW - timedelta(minutes=1)])
def test_a_delegation_counts_as_of_the_decision(ends_at: datetime) -> None:
    """One that has ended between the decision and the effect still counts; one that had ended before it does not."""
    delegation = {
        "to": "mallory",
        "roles": ("refunds-lead",),
        "begins_at": NOW - timedelta(days=1),
        "ends_at": ends_at,
    }
    ben = Signer("ben", ("refunds-lead",), {"delegations": (delegation,)}, BEN.private)
    why = permits(authorization(signed(MALLORY)), LATER, approvers(ben, MALLORY))
    assert (why is None) is (ends_at > NOW)


@given(
    changes=st.dictionaries(
        st.sampled_from(
            [
                "decision_id",
                "reason",
                "approver",
                "decision_type",
                "key_id",
                "signature",
                "issued_at",
                "edits",
            ]
        ),
        st.none()
        | st.text(max_size=20)
        | st.sampled_from(["approve", "ben", "cleo", BEN.key.key_id, CLEO.key.key_id]),
        min_size=1,
    )
)
def test_nothing_but_what_was_signed_is_ever_accepted(changes: dict[str, JsonValue]) -> None:
    """Whatever is changed in a signed decision, it is refused, unless the change leaves it the same decision."""
    original = signed(BEN)
    changed: dict[str, JsonValue] = {**original, **changes}
    result = check(changed)
    if result.accepted:
        assert result.decision == Decision.model_validate(original)


@given(
    approvals=st.lists(
        st.sampled_from([signed(BEN), signed(CLEO), signed(ANA), raw(approver="ben")]), min_size=1, max_size=3
    ),
    tier=st.sampled_from(list(Tier)),
)
def test_what_permits_more_risk_permits_less(approvals: list[dict[str, JsonValue]], tier: Tier) -> None:
    """Leave that is enough for the scrutiny of a tier is enough for that of every lower tier."""
    permitted = [
        permits(authorization(*approvals, approval=approval), LATER, FILE) is None
        for approval in (NAMED, SIGNED, TWO_SIGNED)
        for _ in (tier,)
    ]
    _, one, two = permitted
    assert one or not two


def test_a_block_stays_a_block_whoever_signs() -> None:
    """No number of signatures lifts it."""
    blocked = order(REFUND, GuardDecision.BLOCK, Tier.CRITICAL)
    both = authorization(signed(BEN), signed(CLEO, decision_id="d-2"), approval=TWO_SIGNED).authorization
    assert (
        permits(blocked.model_copy(update={"authorization": both}), LATER, FILE) == "the guardian blocked it"
    )


def test_a_roles_own_name_is_a_plain_name_and_the_ruling_says_what_that_lacks() -> None:
    """Where a name is enough it is taken, though a person of the file may stand behind it; where a signature is due, not."""
    result = check(raw(approver="refunds-lead"), NAMED, requester="ben@desk.example")
    assert result.reason == (
        "accepted: approve by refunds-lead on issue_refund as a plain name: "
        "no limit and no own request is checked; the role is held by ben"
    )
    assert "a person decides here" in check(raw(approver="refunds-lead"), SIGNED).reason
    nobody_knows = check(raw(approver="refunds-lead"), NAMED, Approvers())
    assert nobody_knows.reason == "accepted: approve by refunds-lead on issue_refund"


def test_a_gate_that_names_people_takes_no_roles_name() -> None:
    """So a playbook that must hold its people to limits and own requests names them, or asks for a signature."""
    ben = approvers(Signer("ben", ("refunds-lead",), {"addresses": ["ben@desk.example"]}))
    people = ("ben", "cleo")
    assert "may not decide here" in check(raw(approver="refunds-lead"), NAMED, ben, gate_of=people).reason
    own = check(raw(approver="ben"), NAMED, ben, gate_of=people, requester="ben@desk.example")
    assert own.reason == "ben may not decide on a request of their own"

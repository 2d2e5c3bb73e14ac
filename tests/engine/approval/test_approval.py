"""Which decisions count, and what they permit."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from dispatch.approval.decisions import CLOCK_SKEW, check_decision, permits
from dispatch.models.canonical import digest_of
from dispatch.models.people.approvers import Approvers
from dispatch.models.people.decision import (
    ApprovalItem,
    ApprovalKind,
    ApprovalRequest,
    DecisionCheck,
    DecisionCheckResult,
    DecisionType,
)
from dispatch.models.work.guardian import GuardDecision
from dispatch.models.work.guidance import RespondPurpose
from dispatch.models.work.playbook import Tier
from tests.bound import HANDOFF, NOW, PARAMETERS, decision, order, refund, reply

NOBODY = Approvers()
REFUND, REPLY = refund(), reply()
HELD = (GuardDecision.HOLD, Tier.MEDIUM)


def item(**changes: Any) -> ApprovalItem:
    fields = {
        "name": "issue_refund",
        "digest": REFUND.digest,
        "tier": Tier.MEDIUM,
        "editable": ("amount_minor", "reason"),
        "summary": "EUR 30.00 on P-1",
        **changes,
    }
    return ApprovalItem.model_validate(fields)


def check(raw: JsonValue, *, items: tuple[ApprovalItem, ...] = (), **changes: Any) -> DecisionCheckResult:
    """Check a raw decision at a gate that is open for two days; `changes` are of the check or the gate."""
    known = changes.pop("known", NOBODY)
    own = {
        name: changes.pop(name)
        for name in ("received_at", "approvals", "rejections", "seen", "requester")
        if name in changes
    }
    approval_request = {
        "kind": ApprovalKind.APPROVAL,
        "proposal_id": "p1",
        "items": items or (item(), item(name="send_reply", digest=REPLY.digest, editable=("text",))),
        "decision_types": tuple(DecisionType),
        "approvers": ("anna", "ben"),
        "role_names": True,
        "opened_at": NOW,
        "deadline": NOW + timedelta(days=2),
        "why": "held",
        "purposes": tuple(RespondPurpose),
        **changes,
    }
    received = own.pop("received_at", NOW + timedelta(hours=1))
    return check_decision(
        DecisionCheck(
            handoff=HANDOFF,
            approval_request=ApprovalRequest.model_validate(approval_request),
            raw=raw,
            received_at=received,
            **own,
        ),
        known,
        PARAMETERS,
    )


def raw(**changes: Any) -> dict[str, JsonValue]:
    """Return anna's approval of the refund as JSON."""
    plain: dict[str, JsonValue] = decision(REFUND).model_dump(mode="json", exclude_none=True)
    return {**plain, **changes}


def test_a_fitting_decision_is_accepted_as_it_was_read() -> None:
    """An approval that names what waits is accepted, and comes back as the decision that it is."""
    result = check(raw())
    assert (result.accepted, result.decision, result.received) == (True, decision(REFUND), "")
    assert result.reason == "accepted: approve by anna on issue_refund"
    assert result.handoff == HANDOFF


@pytest.mark.parametrize(
    ("message", "says"),
    [
        ([1], "a decision is an object; this is a list"),
        ("approve", "a decision is an object; this is text"),
        (None, "a decision is an object; this is null"),
        (True, "a decision is an object; this is true or false"),
        (1.5, "a decision is an object; this is a number"),
        ({}, "decision_id: Field required"),
        ({**raw(), "decision_type": "yes"}, "decision_type: Input should be"),
        ({**raw(), "approved": True}, "approved: unknown field"),
        ({**raw(), "action_digest": "abc"}, "action_digest: String should match"),
        ({**raw(), "issued_at": "2025-03-01T12:00:00"}, "issued_at: Input should have timezone info"),
        ({**raw(), "edits": [1]}, "edits: Input should be a valid dictionary"),
        ({**raw(), "reason": "x" * 4_001}, "reason: String should have at most 4000"),
        ({**raw(), "reason": "x" * 70_000}, "larger than 64 KB"),
        ({"too_large": 70_000, "begins": "{"}, "larger than 64 KB"),
        ({"unreadable": "<object>"}, "what was sent is no JSON"),
        ({"\ud800": "\ud800"}, "decision: Input should be a valid string"),
    ],
)
def test_what_is_no_decision_is_refused_by_field_and_kept_in_part(message: JsonValue, says: str) -> None:
    """The reason names the field, never its value; what came is kept, both of them short."""
    result = check(message)
    assert (result.accepted, result.decision) == (False, None)
    assert says in result.reason
    assert result.received
    assert max(len(result.reason), len(result.received)) <= 300


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_nothing_that_can_be_sent_breaks_the_gate(message: JsonValue) -> None:
    """Whatever JSON comes in, it is refused with a bounded reason, and nothing raises."""
    result = check(message)
    assert not result.accepted
    assert 0 < len(result.reason) <= 300
    assert len(result.received) <= 300


@pytest.mark.parametrize(
    "field", ["decision_id", "proposal_id", "action_digest", "decision_type", "approver", "issued_at"]
)
def test_no_field_of_a_decision_may_be_missing(field: str) -> None:
    """A decision that leaves out what it binds to, or who decided, is refused by that field's name."""
    message = raw()
    del message[field]
    assert check(message).reason == f"{field}: Field required"


@pytest.mark.parametrize(
    ("changes", "at_gate", "says"),
    [
        ({}, {"seen": ("d-1",)}, "duplicate: decision d-1 was received before"),
        ({"proposal_id": "p0"}, {}, "stale: names proposal p0, but p1 waits"),
        ({"action_digest": "0" * 64}, {}, f"names no action that waits here: digest {'0' * 64}"),
        ({}, {"approvals": (decision(REFUND),)}, "issue_refund is already decided"),
        (
            {"issued_at": "2025-03-03T12:00:00Z"},
            {"received_at": NOW + timedelta(days=2)},
            "late: the deadline was 2025-03-03 12:00:00 UTC",
        ),
        ({"expires_at": "2025-03-01T13:00:00Z"}, {}, "expired at 2025-03-01 13:00:00 UTC"),
        ({"issued_at": "2025-03-01T13:05:01Z"}, {}, "issued in the future, at 2025-03-01 13:05:01 UTC"),
        ({"approver": "mallory"}, {}, "mallory may not decide here; may: anna, ben"),
        ({"approver": "Anna"}, {}, "Anna may not decide here; may: anna, ben"),
        (
            {},
            {"decision_types": (DecisionType.REJECT,)},
            "approve is not possible here; possible: reject",
        ),
        ({"decision_type": "reject"}, {}, "reject needs a reason"),
        (
            {"decision_type": "respond", "purpose": "change_draft", "reason": " \n"},
            {},
            "respond needs a reason",
        ),
        (
            {"decision_type": "respond", "reason": "kinder"},
            {},
            "respond needs a purpose: change_draft, change_action, ask_requester",
        ),
        (
            {"decision_type": "respond", "purpose": "change_draft", "reason": "kinder"},
            {"purposes": ("change_action",)},
            "change_draft is not possible at this desk; possible: change_action",
        ),
        (
            {"decision_type": "respond", "purpose": "ask_requester", "reason": "which colour?"},
            {},
            "ask_requester needs a question, as it is to be sent",
        ),
        (
            {"decision_type": "respond", "purpose": "change_draft", "reason": "kinder", "question": "Which?"},
            {},
            "a question was given; it belongs to respond with the purpose ask_requester",
        ),
        ({"purpose": "change_draft"}, {}, "a purpose was given with approve; it belongs to respond"),
        (
            {"reason_for_requester": "Sorry."},
            {},
            "reason_for_requester was given with approve; it belongs to the rejection of an action",
        ),
        (
            {},
            {"rejections": (decision(REFUND, decision_type="reject", reason="no"),)},
            "issue_refund is already decided",
        ),
        (
            {},
            {"items": (item(approval={"signatures": 0}), item(digest=REPLY.digest))},
            "issue_refund needs no approval; it follows when the rest is decided",
        ),
        (
            {},
            {"items": (item(must_change="it repeats what anna wrote"),)},
            "it cannot be approved as it is: it repeats what anna wrote",
        ),
        ({"edits": {"reason": "x"}}, {}, "edits were given with approve; send them with edit"),
        ({"decision_type": "edit"}, {}, "edit needs edits; editable: amount_minor, reason"),
        (
            {"decision_type": "edit", "edits": {"payment_id": "P-2"}},
            {},
            "payment_id may not be edited; editable: amount_minor, reason",
        ),
    ],
)
def test_a_decision_that_does_not_fit_is_refused_exactly(
    changes: dict[str, JsonValue], at_gate: dict[str, Any], says: str
) -> None:
    """Each way of not fitting has its own sentence, and the decision is kept for the trail."""
    result = check(raw(**changes), **at_gate)
    assert (result.accepted, result.reason) == (False, says)
    assert result.decision is not None


@pytest.mark.parametrize(
    "edits",
    [
        {"amount_minor": "1500"},
        {"amount_minor": 15.0},
        {"amount_minor": True},
        {"amount_minor": None},
        {"amount_minor": 0},
        {"amount_minor": [1500]},
        {"reason": 7},
        {"reason": {"text": "x"}},
        {"reason": "x" * 501},
        {"amount_minor": 1_500, "reason": None},
    ],
)
def test_an_edit_has_the_type_of_its_parameter(edits: dict[str, JsonValue]) -> None:
    """A value that would not be the parameter's own JSON type is refused and names the parameter."""
    result = check(raw(decision_type="edit", edits=edits))
    assert not result.accepted
    assert result.reason.startswith(f"edits.{list(edits)[-1]}: ")


def test_a_good_edit_is_accepted() -> None:
    """Editable parameters with values of their type may be edited, without a reason."""
    result = check(raw(decision_type="edit", edits={"amount_minor": 1_500, "reason": "half is fair"}))
    assert result.accepted
    assert result.decision is not None
    assert result.decision.edits == {"amount_minor": 1_500, "reason": "half is fair"}


def test_a_person_routes_by_an_edit() -> None:
    """A gate that is no action's takes single values: a desk by its name, and no structure."""
    digest = digest_of({"route": 1})
    route = (item(name="route", digest=digest, editable=("desk",)),)
    message = raw(decision_type="route", action_digest=digest, edits={"desk": "support"})
    assert check(message, items=route).accepted
    message["edits"] = {"desk": ["support"]}
    assert check(message, items=route).reason.startswith("edits.desk: ")


def test_clocks_may_differ_a_little() -> None:
    """A decision issued up to five minutes ahead of our clock, or before its gate opened, still counts."""
    received = NOW + timedelta(hours=1)
    for issued in (received + CLOCK_SKEW, NOW - timedelta(days=1)):
        assert check(raw(issued_at=issued.isoformat()), received_at=received).accepted


def test_an_allowed_action_needs_no_decision() -> None:
    """What the guardian allowed may run on its word."""
    assert permits(order(REPLY), NOW, NOBODY) is None


def test_a_held_action_runs_on_the_approval_of_exactly_itself() -> None:
    """A held action needs an approval that names its digest and proposal and has not expired."""
    approval = decision(REFUND, expires_at=NOW + timedelta(seconds=1))
    assert permits(order(REFUND, *HELD, approval), NOW, NOBODY) is None
    assert permits(order(REFUND, *HELD, approval), NOW + timedelta(seconds=1), NOBODY) == (
        "the decision expired at 2025-03-01 12:00:01 UTC"
    )
    assert permits(order(REFUND, *HELD), NOW, NOBODY) == "it is held and nobody decided on it"
    assert permits(order(REFUND, *HELD, decision(REPLY)), NOW, NOBODY) == "the decision is on another action"
    stale = decision(REFUND, proposal_id="p0")
    assert permits(order(REFUND, *HELD, stale), NOW, NOBODY) == "the decision is on proposal p0, not on p1"


@pytest.mark.parametrize("result", [GuardDecision.ALLOW, GuardDecision.HOLD])
@pytest.mark.parametrize("decision_type", [v for v in DecisionType if v is not DecisionType.APPROVE])
def test_only_approve_permits(decision_type: DecisionType, result: GuardDecision) -> None:
    """Edit, reject and respond permit nothing, even on an action that needed no decision."""
    said = decision(REFUND, decision_type=decision_type)
    assert (
        permits(order(REFUND, result, Tier.MEDIUM, said), NOW, NOBODY) == f"the decision says {decision_type}"
    )


def test_what_is_a_cases_approvers_to_decide_runs_on_their_authorization_alone() -> None:
    """The executor holds the approvers that were asked against those whom the guardian named."""
    command = order(REFUND, *HELD, decision(REFUND))
    named = command.guard_result.model_copy(update={"approvers": ("harbour-lead",)})
    why = permits(command.model_copy(update={"guard_result": named}), NOW, NOBODY)
    assert why is not None
    assert why.startswith("it is for harbour-lead to decide, and ")
    theirs = named.model_copy(update={"approvers": command.authorization.approvers})  # type: ignore[union-attr]  # it has one
    assert permits(command.model_copy(update={"guard_result": theirs}), NOW, NOBODY) is None


def test_nobody_lifts_a_block() -> None:
    """A blocked action stays blocked after every approval."""
    blocked = order(REFUND, GuardDecision.BLOCK, Tier.LOW, decision(REFUND))
    assert permits(blocked, NOW, NOBODY) == "the guardian blocked it"


@pytest.mark.parametrize("tier", [Tier.HIGH, Tier.CRITICAL])
def test_an_unsigned_approval_permits_nothing_that_needs_a_signature(tier: Tier) -> None:
    """The executor refuses a held action of such a tier by itself, whatever the gate let through."""
    why = permits(order(REFUND, GuardDecision.HOLD, tier, decision(REFUND)), NOW, NOBODY)
    assert why in {
        "tier high needs one signed decision, and the authorization required one person's decision",
        "tier critical needs signed decisions of 2 different people, and the authorization required one person's decision",
    }


def test_a_guard_result_for_another_action_permits_nothing() -> None:
    """A guard result is for one digest."""
    other = order(REPLY).guard_result
    assert (
        permits(order(REFUND).model_copy(update={"guard_result": other}), NOW, NOBODY)
        == "the guardian ruled on another action"
    )


def test_a_changed_action_is_not_permitted() -> None:
    """An approved action whose parameters changed afterwards is refused at the last moment."""
    richer = refund(amount_minor=30_000).action
    forged = REFUND.model_copy(update={"action": richer})
    why = permits(order(forged, *HELD, decision(REFUND)), NOW, NOBODY)
    assert why == "the action is not the one that its digest was taken of"


def test_a_decision_made_in_time_counts_though_no_worker_ran_until_after_the_deadline() -> None:
    """It lay in history before the deadline's timer; that the desk was away is not the approver's fault."""
    assert check(raw(), received_at=NOW + timedelta(days=3)).accepted

"""Which tiers nobody could sign for."""

from datetime import timedelta
from typing import Any

import pytest

from dispatch.approval.signer_coverage import coverage_gaps
from dispatch.models.people.approvers import Approvers
from tests.bound import NOW, POLICY, policy
from tests.signers import Signer, approvers


def told(known: Approvers) -> list[str]:
    """Return what is short for POLICY of tests/bound.py: high asks ben, critical asks cleo, for two signatures."""
    return list(coverage_gaps("support", policy(), known, NOW))


NONE_HIGH = "support, tier high: 0 of 1 people can sign for ben; what it holds waits"
NONE_CRITICAL = "support, tier critical: 0 of 2 people can sign for cleo; what it holds waits"
ONE_CRITICAL = "support, tier critical: 1 of 2 people can sign for cleo; what it holds waits"


@pytest.mark.parametrize(
    ("people", "says"),
    [
        ((), [NONE_HIGH, NONE_CRITICAL]),
        ((Signer("ben"),), [NONE_CRITICAL]),
        ((Signer("ben"), Signer("cleo")), [ONE_CRITICAL]),
        ((Signer("ben"), Signer("ana", ("cleo",)), Signer("dan", ("cleo",))), []),
        ((Signer("ben", (), {"keys": ()}),), [NONE_HIGH, NONE_CRITICAL]),
    ],
)
def test_a_tier_with_too_few_signers_is_named(people: tuple[Signer, ...], says: list[str]) -> None:
    """A worker's start names the requests that would wait for a signature that nobody can give."""
    assert told(approvers(*people)) == says


@pytest.mark.parametrize("spoilt", ["revoked_at", "expires_at"])
def test_a_key_that_no_longer_counts_is_nobodys(spoilt: str) -> None:
    """A person whose keys are all revoked or expired cannot sign."""
    ben = Signer("ben")
    keys: dict[str, Any] = {"keys": (ben.key.model_copy(update={spoilt: NOW - timedelta(days=1)}),)}
    assert told(Approvers(approvers=(ben.person.model_copy(update=keys),)))[0] == NONE_HIGH


def test_a_role_that_nobody_signs_for_is_named_too() -> None:
    """Enough people can sign, but the request is first shown to somebody who cannot."""
    high = {
        "approval": {"signatures": 1, "signed": True},
        "waiting": {"approvers": ["ben", "lead"], "deadline": "1 day"},
    }
    tiers = {"low": {"approval": {"signatures": 0}}, "high": high}
    found = coverage_gaps("support", policy(tiers=tiers), approvers(Signer("ben")), NOW)
    assert list(found) == ["support, tier high: nobody can sign as lead"]


@pytest.mark.parametrize(
    ("signatures", "says"),
    [
        (1, []),
        (2, []),
        (3, ["support, tier medium: 2 of 3 people can decide for ana, lead; what it holds waits"]),
    ],
)
def test_several_people_are_counted_where_nobody_signs(signatures: int, says: list[str]) -> None:
    """Two unsigned approvals need two people of the file, with or without keys; one person with two roles is one."""
    waiting = {"approvers": ["ana", "lead"], "deadline": "1 day"}
    tiers = {"medium": {"approval": {"signatures": signatures}, "waiting": waiting}}
    known = approvers(Signer("ana", ("lead",), {"keys": ()}), Signer("ben", ("lead",)))
    assert list(coverage_gaps("support", policy(tiers=tiers), known, NOW)) == says


def test_a_case_whose_own_approvers_cannot_sign_is_named() -> None:
    """By the tiers to which the case itself leads: its own, or those of its amounts."""
    refund = {**POLICY["actions"]["issue_refund"], "tier": "medium", "amounts": {}}
    case = {"when": {"intent": "refund"}, "tier": "high", "approvers": ["harbour-lead"], "why": "Theirs."}
    by_amount = {**case, "approvers": ["ben"], "amounts": {"EUR": [{"up_to_minor": 500, "tier": "critical"}]}}
    actions = {**POLICY["actions"], "issue_refund": {**refund, "cases": [case, by_amount]}}
    people = (Signer("ben"), Signer("ana", ("cleo",)), Signer("dan", ("cleo",)))
    found = coverage_gaps("support", policy(actions=actions), approvers(*people), NOW)
    assert list(found) == [
        "support, case 1 of issue_refund, tier high: 0 of 1 people can sign for harbour-lead; what it holds waits",
        "support, case 2 of issue_refund, tier critical: 1 of 2 people can sign for ben; what it holds waits",
    ]

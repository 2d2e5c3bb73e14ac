"""Cases of an action: tier, limits and approvers by what an item asks for and by the value of a field."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from dispatch.models.work.guardian import AskedFor, GuardBrief, GuardDecision, GuardResult
from dispatch.models.work.playbook import ActionPolicy, Tier
from tests.bound import CUSTOMER, HANDOFF, PAYMENT, POLICY, REQUESTER, inspected, policy, read, refund

KNOWN = read(CUSTOMER, payment=PAYMENT, owner="C-1")
REFUND = refund()
SHOP = {"when": {"field": "shop", "values": ["Old Town", "Harbour"]}, "why": "Shops answer for their own."}
RETURNED = {"when": {"intent": "return"}, "tier": "medium", "why": "Somebody looks at what comes back."}


def ruled(*cases: dict[str, Any], asked_for: tuple[AskedFor, ...]) -> GuardResult:
    """Rule on a refund of EUR 30.00, which is low by its amount, for items that ask for this."""
    own = {**POLICY["actions"]["issue_refund"], "cases": list(cases)}
    by = policy(actions={**POLICY["actions"], "issue_refund": own})
    brief = GuardBrief(handoff=HANDOFF, bound=REFUND, policy=by, requester=REQUESTER, asked_for=asked_for)
    return inspected(brief, KNOWN)


def asked(intent: str = "refund", **fields: str) -> AskedFor:
    return AskedFor(intent=intent, fields=dict(fields))


def reasons(guard_result: GuardResult) -> list[str]:
    return [reason.text for reason in guard_result.reasons if reason.rule.startswith("case.")]


@pytest.mark.parametrize(
    ("value", "fits"),
    [
        ("Harbour", True),
        ("HARBOUR", True),
        ("  old   town ", True),
        ("Ｈarbour", True),  # noqa: RUF001 (a full-width letter)
        ("Harbour 2", False),
        ("Harb", False),
        ("", False),
    ],
)
def test_a_case_fits_a_whole_value_whatever_its_case(value: str, fits: bool) -> None:  # noqa: FBT001 (a parameter of the test)
    """A part of a value fits nothing; letters, spaces and their compatibility forms make no difference."""
    case = {**SHOP, "tier": "high", "approvers": ["harbour-lead"]}
    guard_result = ruled(case, asked_for=(asked(shop=value),))
    assert (guard_result.tier is Tier.HIGH) == fits
    assert guard_result.approvers == (("harbour-lead",) if fits else ())
    assert reasons(guard_result) == (["Shops answer for their own."] if fits else [])


def test_the_first_case_that_fits_holds() -> None:
    """A later one is not asked any more, and an intent and a field must both hold where both are given."""
    both = {
        "when": {"intent": "return", "field": "shop", "values": ["harbour"]},
        "tier": "high",
        "why": "Both.",
    }
    assert ruled(both, RETURNED, asked_for=(asked("return", shop="harbour"),)).tier is Tier.HIGH
    assert ruled(both, RETURNED, asked_for=(asked("return", shop="market"),)).tier is Tier.MEDIUM
    assert ruled(both, RETURNED, asked_for=(asked("refund", shop="harbour"),)).decision is GuardDecision.ALLOW


def test_the_limits_of_a_case_take_the_place_of_the_others() -> None:
    """Up to EUR 20.00 and no further: what the action allows elsewhere does not help."""
    limits = {"EUR": [{"up_to_minor": 2_000, "tier": "low"}]}
    guard_result = ruled({**SHOP, "amounts": limits}, asked_for=(asked(shop="harbour"),))
    assert guard_result.decision is GuardDecision.BLOCK
    assert guard_result.approvers == ()
    assert ruled({**SHOP, "amounts": limits}, asked_for=(asked(),)).decision is GuardDecision.ALLOW


def test_an_item_that_needs_more_does_not_hide_behind_another() -> None:
    """For several items the strictest judgement counts, in whatever order they and the cases come."""
    easy = {"when": {"field": "shop", "values": ["market"]}, "tier": "low", "why": "Small change."}
    hard = {**SHOP, "tier": "high", "approvers": ["harbour-lead"]}
    items = (asked(shop="market"), asked(shop="harbour"))
    for cases in ((easy, hard), (hard, easy)):
        for asked_for in (items, items[::-1]):
            guard_result = ruled(*cases, asked_for=asked_for)
            assert (guard_result.tier, guard_result.approvers) == (Tier.HIGH, ("harbour-lead",))


def test_equal_cases_of_different_approvers_are_left_to_those_of_the_tier() -> None:
    """Neither owner decides for what is the other's."""
    mine = {**SHOP, "tier": "medium", "approvers": ["harbour-lead"]}
    theirs = {"when": {"intent": "return"}, "tier": "medium", "approvers": ["returns"], "why": "Returns."}
    guard_result = ruled(mine, theirs, asked_for=(asked(shop="harbour"), asked("return")))
    assert guard_result.approvers == ()
    assert (
        reasons(guard_result)[-1] == "its items are cases of different approvers, so those of the tier decide"
    )


def test_what_the_action_does_counts_before_what_was_said() -> None:
    """An approver may have edited the parameter since; the field of the same name is then only what was asked."""
    case = {
        "when": {"field": "reason", "values": [str(REFUND.action.parameters["reason"])]},
        "tier": "high",
        "why": "By its parameter.",
    }
    assert ruled(case, asked_for=(asked(reason="something else"),)).tier is Tier.HIGH
    said = {**case, "when": {"field": "reason", "values": ["something else"]}}
    assert ruled(said, asked_for=(asked(reason="something else"),)).decision is GuardDecision.ALLOW


@pytest.mark.parametrize(
    ("case", "says"),
    [
        ({"when": {}, "tier": "low", "why": "x"}, "give intent, or field with values"),
        ({"when": {"field": "shop"}, "tier": "low", "why": "x"}, "field needs values"),
        ({"when": {"intent": "return", "values": ["a"]}, "tier": "low", "why": "x"}, "values need a field"),
        ({"when": {"intent": "return"}, "why": "x"}, "at least one of tier, amounts, approvers"),
        ({"when": {"intent": "return"}, "approvers": [], "why": "x"}, "at least 1 item"),
        ({"when": {"intent": "return"}, "tier": "low", "why": ""}, "at least 1 character"),
        ({"when": {"intent": "return"}, "amounts": {"EUR": []}, "why": "x"}, "amounts of EUR must grow"),
    ],
)
def test_a_case_that_says_too_little_is_refused(case: dict[str, Any], says: str) -> None:
    """It names what it is for, what is otherwise, and why."""
    with pytest.raises(ValidationError, match=says):
        ActionPolicy.model_validate({"cases": [case]})


CASES = st.lists(
    st.fixed_dictionaries(
        {
            "when": st.sampled_from(
                [{"intent": "return"}, {"field": "shop", "values": ["harbour", "market"]}]
            ),
            "tier": st.sampled_from(["low", "medium", "high", "critical"]),
            "why": st.just("It is so."),
        },
        optional={"approvers": st.sampled_from([["harbour-lead"], ["returns", "lead"]])},
    ),
    max_size=4,
)
ASKED = st.builds(
    lambda intent, shop: asked(intent, shop=shop),
    st.sampled_from(["return", "refund"]),
    st.sampled_from(["harbour", "market", "none"]),
)


@given(CASES, st.lists(ASKED, min_size=1, max_size=3), ASKED)
def test_one_item_more_never_leads_to_less(
    cases: list[dict[str, Any]], asked_for: list[AskedFor], one: AskedFor
) -> None:
    """Whatever the cases, what is asked for beside an item lowers neither its tier nor the scrutiny."""
    alone, together = ruled(*cases, asked_for=tuple(asked_for)), ruled(*cases, asked_for=(*asked_for, one))
    decisions, tiers = list(GuardDecision), list(Tier)
    assert decisions.index(together.decision) >= decisions.index(alone.decision)
    assert tiers.index(together.tier) >= tiers.index(alone.tier)
    assert together.decision is GuardDecision.HOLD or together.approvers == ()

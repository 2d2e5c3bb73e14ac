"""A model's opinion on an action: it raises the tier with words to show for it, and never lowers anything."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from pydantic import JsonValue, ValidationError

from dispatch.forms import Form
from dispatch.guard.opinion import filled, form, with_opinion, without_opinion
from dispatch.models.work.action_digest import bind
from dispatch.models.work.guardian import GuardDecision, GuardResult, Opinion, OpinionBrief, Reason
from dispatch.models.work.playbook import GuardianPolicy, Tier
from dispatch.models.work.proposal import Action
from tests.bound import HANDOFF, PLAYBOOK

TEXT = "Your loan runs until Friday.\n\nThe tool shed"
ASKED = "Hand the chainsaw to my neighbour Olga, she cannot wait."
TIERS = tuple(Tier)
DECISIONS = tuple(GuardDecision)


def _tier(signatures: int) -> dict[str, Any]:
    waiting = {"approvers": ["ana"], "deadline": "2 days"}
    approval = {"signatures": signatures, "signed": signatures > 0}
    return {"approval": approval, **({"waiting": waiting} if signatures else {})}


def _policy(**more: Any) -> GuardianPolicy:
    tiers = {"low": _tier(0), "medium": _tier(1), "critical": _tier(2)}
    return GuardianPolicy.model_validate({"tiers": tiers, "actions": {"send_reply": {}}} | more)


POLICY = _policy()


def _brief(tier: Tier = Tier.LOW) -> OpinionBrief:
    action = Action(
        name="send_reply",
        subject="reply",
        parameters={"text": TEXT, "days": 3},
        why="it was asked",
        evidence_ids=(),
    )
    return OpinionBrief(
        handoff=HANDOFF,
        bound=bind("loans-1", "p1", PLAYBOOK, action),
        tiers=tuple(POLICY.tiers),
        tier=tier,
        reasons=(Reason(rule="tier.low", text="tier low needs no approval"),),
        asked=(ASKED,),
        requester_name="Kim",
    )


def _result(tier: Tier, decision: GuardDecision) -> GuardResult:
    reasons = (Reason(rule="amount.step", text="it costs little"), Reason(rule=f"tier.{tier}", text="so"))
    return GuardResult(handoff=HANDOFF, action_digest="0" * 64, decision=decision, tier=tier, reasons=reasons)


ALLOWED = _result(Tier.LOW, GuardDecision.ALLOW)


def _problems(asked: Form, value: JsonValue) -> list[str]:
    wrong = [error.message for error in Draft202012Validator(asked.schema).iter_errors(value)]
    return wrong or asked.check(value)


def test_action_request_and_rules_are_shown_as_data() -> None:
    """The action is told in plain lines, so that its text can be quoted as it stands."""
    asked = form(_brief())
    shown = {block.name: block.text for block in asked.data}
    assert list(shown) == ["action", "item-1", "rules"]
    assert TEXT in shown["action"]
    assert "days: 3" in shown["action"]
    assert (shown["item-1"], shown["rules"]) == (ASKED, "tier low: tier low needs no approval")
    assert asked.names == ("Kim",)


@pytest.mark.parametrize("quote", ["my neighbour Olga", "until Friday.\n\nThe", "days: 3"])
def test_a_higher_tier_quotes_the_action_or_the_request(quote: str) -> None:
    """What it stands on is before whoever decides, with both tiers; nothing else that the model says is."""
    said: JsonValue = {"tier": "medium", "quote": quote}
    assert _problems(form(_brief()), said) == []
    raised = with_opinion(POLICY, ALLOWED, filled(_brief(), said), "small")
    assert (raised.decision, raised.tier) == (GuardDecision.HOLD, Tier.MEDIUM)
    assert [reason.rule for reason in raised.reasons] == ["amount.step", "opinion.raised", "tier.medium"]
    assert (
        raised.reasons[1].text
        == f"the model small takes it for tier medium and not low, because of “{quote}”"
    )


@pytest.mark.parametrize(
    "said",
    [
        {"tier": "medium", "quote": "hand it to a stranger"},
        {"tier": "medium", "quote": ""},
        {"tier": "critical", "quote": " a"},
        {"tier": "high", "quote": "my neighbour Olga"},
        {"tier": "none", "quote": "my neighbour Olga"},
        {"tier": "medium"},
        {"tier": "low", "quote": "", "decision": "allow"},
        {"tier": "low", "quote": "x" * 201},
    ],
)
def test_an_opinion_without_its_words_is_none(said: dict[str, Any]) -> None:
    """Invented or no words, a tier that the playbook does not have, a decision of its own, an essay."""
    assert _problems(form(_brief()), said)


def test_a_lower_opinion_changes_nothing_and_is_kept() -> None:
    """An approver reads what the model would have said; the rules' result stands."""
    held = _result(Tier.MEDIUM, GuardDecision.HOLD)
    opinion = filled(_brief(Tier.MEDIUM), {"tier": "low", "quote": "anything that is nowhere"})
    assert opinion == Opinion(tier=Tier.LOW)
    overruled = with_opinion(POLICY, held, opinion, "small")
    assert overruled.opinion == Reason(
        rule="opinion.overruled",
        text="the model small would have taken it for tier low only, which changes nothing",
    )
    assert overruled.model_copy(update={"opinion": None}) == held
    agreed = with_opinion(POLICY, held, Opinion(tier=Tier.MEDIUM), "small")
    assert agreed.opinion is not None
    assert agreed.opinion.rule == "opinion.agreed"


def test_what_is_blocked_stays_blocked() -> None:
    """No opinion, and no missing one, makes a gate of it."""
    blocked = _result(Tier.CRITICAL, GuardDecision.BLOCK)
    assert with_opinion(POLICY, blocked, Opinion(tier=Tier.LOW), "small") is blocked
    assert without_opinion(POLICY, blocked, "small") is blocked


def test_without_an_opinion_a_person_may_have_to_look() -> None:
    """In the least tier that asks one; what is in a higher tier already stays there."""
    held = without_opinion(POLICY, ALLOWED, "small")
    assert (held.decision, held.tier) == (GuardDecision.HOLD, Tier.MEDIUM)
    assert "opinion.missing" in [reason.rule for reason in held.reasons]
    assert without_opinion(POLICY, _result(Tier.CRITICAL, GuardDecision.HOLD), "small").tier is Tier.CRITICAL


@given(st.sampled_from(TIERS), st.sampled_from(DECISIONS), st.sampled_from(TIERS))
def test_nothing_is_ever_lowered(tier: Tier, decision: GuardDecision, opined: Tier) -> None:
    """Whatever rules and model say: neither tier nor decision falls."""
    before = _result(tier, decision)
    for after in (
        with_opinion(POLICY, before, Opinion(tier=opined), "small"),
        without_opinion(POLICY, before, "small"),
    ):
        assert TIERS.index(after.tier) >= TIERS.index(before.tier)
        assert DECISIONS.index(after.decision) >= DECISIONS.index(before.decision)
        assert after.reasons


def test_a_playbook_in_which_nobody_decides_asks_for_no_opinion() -> None:
    """There would be nobody to hold an action for."""
    with pytest.raises(ValidationError, match="opinion needs a tier in which a person decides"):
        _policy(tiers={"low": _tier(0)}, opinion={"model": "small"})

"""A changed playbook on recorded actions: what is known is ruled on, what is not known is said."""

import pytest

from dispatch.audit.query.neutral_facts import unobjectionable
from dispatch.audit.query.what_if import Judged, NotJudged, WhatIf, _judge, _NotJudgedError, what_if
from dispatch.audit.read.steps import Step, steps
from dispatch.guard.guardian import inspect
from dispatch.models.contract import Facts
from dispatch.models.work.guardian import GuardBrief, GuardDecision, GuardianFacts
from dispatch.models.work.playbook import GuardianPolicy, PlaybookInForce, Velocity
from dispatch.models.work.spend_quota import SpendSoFar
from tests.audit_store.made import documents

SMALL_REFUND = 1


def recorded_step() -> Step:
    """Give the guarding of the small refund as its history holds it."""
    events = documents()[SMALL_REFUND].runs[0].events
    return next(
        step
        for step in steps(events)
        if step.name == "guardian.inspect" and step.given["bound"]["action"]["name"] == "issue_refund"
    )


def ruled(velocity: Velocity | None, earlier: int) -> tuple[Step, GuardianPolicy]:
    """Give the same step as it would have been recorded with that rule and so many refunds before."""
    step = recorded_step()
    brief = GuardBrief.model_validate(step.given)
    policy = brief.policy.model_copy(update={"velocity": velocity})
    brief = brief.model_copy(update={"policy": policy})
    spend = SpendSoFar(count=earlier, owner_minor=earlier * 100)
    verdict = inspect(brief, unobjectionable(brief, spend))
    return step._replace(given=brief.model_dump(mode="json"), result=verdict.model_dump(mode="json")), policy


def rule(refunds: int, days: int = 30) -> Velocity:
    return Velocity.model_validate({"max_refunds": refunds, "window": f"{days} days", "tier": "medium"})


def judge(then: Velocity | None, earlier: int, now: Velocity | None) -> Judged:
    step, policy = ruled(then, earlier)
    return _judge("a-request", step, policy.model_copy(update={"velocity": now}), inspect)


@pytest.mark.parametrize(
    ("then", "earlier", "now", "after"),
    [
        (rule(3), 3, rule(3), GuardDecision.HOLD),
        (rule(3), 3, rule(4), GuardDecision.ALLOW),
        (rule(3), 3, rule(2), GuardDecision.HOLD),
        (rule(3), 3, None, GuardDecision.ALLOW),
        (rule(3), 0, rule(3), GuardDecision.ALLOW),
        (rule(3), 2, rule(4), GuardDecision.ALLOW),
        (rule(3), 2, rule(2), GuardDecision.HOLD),
        (rule(3, days=30), 2, rule(3, days=7), GuardDecision.ALLOW),
        (None, 2, None, GuardDecision.ALLOW),
    ],
)
def test_earlier_refunds_count_where_the_history_tells_them(
    then: Velocity | None, earlier: int, now: Velocity | None, after: GuardDecision
) -> None:
    """The verdict holds what counted; a shorter window than it was recorded for bounds it."""
    assert judge(then, earlier, now).after.ruling == after


@pytest.mark.parametrize(
    ("then", "earlier", "now"),
    [
        (rule(3, days=30), 2, rule(2, days=7)),
        (rule(3, days=7), 2, rule(3, days=30)),
        (rule(3, days=7), 3, rule(4, days=30)),
        (None, 2, rule(3)),
    ],
)
def test_earlier_refunds_that_nobody_recorded_are_not_guessed(
    then: Velocity | None, earlier: int, now: Velocity | None
) -> None:
    """Where the ruling hangs on a number that history does not hold, the action is not judged."""
    with pytest.raises(_NotJudgedError, match="which history does not hold"):
        judge(then, earlier, now)


def test_what_the_records_said_then_they_say_again() -> None:
    """A refund of somebody else's payment stays blocked under any playbook."""
    step = recorded_step()
    brief = GuardBrief.model_validate(step.given)
    verdict = inspect(brief, GuardianFacts(requester_records=()))
    assert verdict.ruling is GuardDecision.BLOCK
    changed = step._replace(result=verdict.model_dump(mode="json"))
    assert _judge("a-request", changed, brief.policy, inspect).after.ruling == GuardDecision.BLOCK


def test_a_ruling_that_the_rules_at_hand_do_not_give_is_not_judged() -> None:
    """As when the guardian's rules themselves have changed since."""
    step = recorded_step()
    changed: Facts = step.result | {"ruling": "hold", "tier": "critical"}
    policy = GuardBrief.model_validate(step.given).policy
    with pytest.raises(_NotJudgedError, match=r"the rules at hand say allow \(low\) where hold"):
        _judge("a-request", step._replace(result=changed), policy, inspect)


def test_a_form_of_another_version_is_not_judged() -> None:
    """A brief with a field that this version does not know is named, not dropped."""
    (document,) = documents()[SMALL_REFUND : SMALL_REFUND + 1]
    triage = next(step.result for step in steps(document.runs[0].events) if step.name == "triage")
    playbook = PlaybookInForce.model_validate(triage["playbook"])
    answer = what_if([document], playbook, inspect)
    assert (answer.requests, answer.actions, answer.not_judged) == (1, 2, [])
    step = recorded_step()
    with pytest.raises(_NotJudgedError, match="cannot read"):
        _judge("a", step._replace(given=step.given | {"new": 1}), playbook.playbook.guardian, inspect)


def test_another_desks_actions_are_left_out() -> None:
    """A playbook is held against the actions of its own desk."""
    triage = next(s.result for s in steps(documents()[1].runs[0].events) if s.name == "triage")
    playbook = PlaybookInForce.model_validate(triage["playbook"])
    other = playbook.model_copy(update={"ref": playbook.ref.model_copy(update={"desk": "marketing"})})
    assert what_if(documents(), other, inspect) == WhatIf()


def test_a_note_on_what_is_not_judged_counts_as_an_action() -> None:
    """Nothing is left out of the sum."""
    answer = WhatIf()
    answer.take(NotJudged("a", 1, "why"))
    assert (answer.actions, len(answer.not_judged)) == (1, 1)

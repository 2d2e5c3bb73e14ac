"""A changed playbook on recorded actions: what is known is ruled on, what is not known is said."""

from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from dispatch.audit.query.what_if import Judged, NotJudged, WhatIf, _judge, _NotJudgedError, what_if
from dispatch.audit.read.steps import Step, steps
from dispatch.guard import guardian
from dispatch.models.contract import Facts
from dispatch.models.work.guardian import GuardBrief, GuardDecision
from dispatch.models.work.playbook import GuardianPolicy, PlaybookInForce
from tests.audit_store.made import documents
from tests.bound import (
    ACTIONS,
    CUSTOMER,
    HANDOFF,
    PAYMENT,
    REQUESTER,
    Read,
    earlier_refund,
    inspected,
    policy,
    read,
    refund,
)

SMALL_REFUND = 1
Velocity = dict[str, Any]
inspect = partial(guardian.inspect, actions=ACTIONS)


def recorded(then: GuardianPolicy, world: Read) -> Step:
    """Return the guarding of a refund of EUR 30.00 as its history holds it."""
    brief = GuardBrief(handoff=HANDOFF, bound=refund(), policy=then, requester=REQUESTER)
    guard_result = inspected(brief, world)
    recorded_steps = steps(documents()[SMALL_REFUND].runs[0].events)
    step = next(each for each in recorded_steps if each.name == "guardian.inspect")
    return step._replace(given=brief.model_dump(mode="json"), result=guard_result.model_dump(mode="json"))


def known(earlier: int = 0, days: int = 30) -> Read:
    """Return records with so many earlier refunds, a day old, read for so many days back."""
    refunds = tuple(earlier_refund(n, amount_minor=100) for n in range(earlier))
    return read(CUSTOMER, payment=PAYMENT, owner="C-1", recent=refunds, window=timedelta(days=days))


def rule(refunds: int, days: int = 30) -> Velocity:
    return {"max_refunds": refunds, "window": f"{days} days", "tier": "medium"}


def judge(then: Velocity, earlier: int, now: Velocity | None) -> Judged:
    step = recorded(policy(velocity=then), known(earlier, int(then["window"].split()[0])))
    return _judge("a-request", step, policy(velocity=now), inspect)


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
        (rule(3, days=30), 2, rule(2, days=7), GuardDecision.HOLD),
        (rule(3, days=30), 2, rule(3, days=7), GuardDecision.ALLOW),
    ],
)
def test_earlier_refunds_count_as_they_were_read(
    then: Velocity, earlier: int, now: Velocity | None, after: GuardDecision
) -> None:
    """The guard result holds the facts that it was made on; the changed rule is run on the same ones."""
    assert judge(then, earlier, now).after.decision == after


def test_a_longer_window_than_was_read_is_not_guessed() -> None:
    """Where the recorded facts do not reach far enough, the action is not judged, with the reason."""
    with pytest.raises(_NotJudgedError, match="read for a shorter time than the policy's window"):
        judge(rule(3, days=7), 2, rule(3, days=30))


def test_what_the_records_said_then_they_say_again() -> None:
    """A refund of somebody else's payment stays blocked under any playbook."""
    step = recorded(policy(), read())
    assert _judge("a-request", step, policy(velocity=None), inspect).after.decision == GuardDecision.BLOCK


def test_a_ruling_that_the_rules_at_hand_do_not_give_is_not_judged() -> None:
    """As when the guardian's rules themselves have changed since."""
    step = recorded(policy(), known())
    changed: Facts = step.result | {"decision": "hold", "tier": "critical"}
    with pytest.raises(_NotJudgedError, match=r"the rules at hand say allow \(low\) where hold"):
        _judge("a-request", step._replace(result=changed), policy(), inspect)


def test_a_ruling_without_its_facts_is_not_judged() -> None:
    """A guard result that an earlier version recorded holds no facts; nothing is made up for it."""
    step = recorded(policy(), known())
    with pytest.raises(_NotJudgedError):
        _judge("a-request", step._replace(result=step.result | {"facts": None}), policy(), inspect)


def test_a_form_of_another_version_is_not_judged() -> None:
    """A brief with a field that this version does not know is named, not dropped."""
    (document,) = documents()[SMALL_REFUND : SMALL_REFUND + 1]
    triage = next(step.result for step in steps(document.runs[0].events) if step.name == "triage")
    playbook = PlaybookInForce.model_validate(triage["playbook"])
    answer = what_if([document], playbook, inspect)
    assert (answer.requests, answer.actions, answer.not_judged) == (1, 2, [])
    step = recorded(policy(), known())
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

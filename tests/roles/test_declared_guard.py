"""The guardian on declared actions: what it reads itself, amounts, and rulings made again from a record."""

from datetime import timedelta
from typing import Any

import pytest

from activities.contracts import Systems
from activities.guardian import Guardian
from dispatch.guard.contract import with_view
from dispatch.guard.guardian import inspect
from dispatch.models.declared.actions import DeclaredAction
from dispatch.models.money import Money
from dispatch.models.request.submission import Party
from dispatch.models.work.guardian import GuardBrief, GuardDecision, GuardResult
from dispatch.models.work.playbook import GuardianPolicy
from dispatch.models.work.proposal import BoundAction
from dispatch.models.work.spend_quota import Claim, Reserved, ReserveRequest
from tests.activities.at_work import attempt
from tests.bound import HANDOFF
from tests.roles.access_desk import GRANT, access_playbook
from tests.roles.granting import KIM, catalogue, grant
from tests.roles.ticket_api import Tickets


async def ruled(opened: Systems, bound: BoundAction, requester: Party = KIM) -> GuardResult:
    policy = GuardianPolicy.model_validate(access_playbook()["guardian"])
    brief = GuardBrief(handoff=HANDOFF, bound=bound, policy=policy, requester=requester)
    return await attempt(1, Guardian(opened, catalogue().action_classes).inspect, brief)


async def test_the_guardian_reads_for_itself(tickets: Tickets, opened: Systems) -> None:
    """What a check does not confirm is blocked in its own words: another's account, and none."""
    assert (await ruled(opened, grant())).decision is GuardDecision.ALLOW
    for account in ("lee", "nobody"):
        result = await ruled(opened, grant(account=account))
        assert result.decision is GuardDecision.BLOCK
        assert [r.text for r in result.reasons] == ["the account is not the requester's own"]
    wrong = await ruled(opened, grant(days=99))
    assert [r.rule for r in wrong.reasons] == ["parameters.invalid"]
    assert tickets.changes() == []


async def test_a_declared_action_without_its_declaration_is_a_persons(opened: Systems) -> None:
    """An action of that name that carries no declaration has no rules: nothing is read, nothing is allowed."""
    result = await ruled(opened, grant(None))
    assert result.decision is GuardDecision.HOLD
    assert "policy.no_rules" in [reason.rule for reason in result.reasons]


async def test_a_check_that_cannot_be_asked_confirms_nothing(tickets: Tickets, opened: Systems) -> None:
    """A value that cannot be in a path blocks the action, and nothing is sent."""
    call = {**GRANT, "parameters": GRANT["parameters"] | {"account": {}}}
    declared = DeclaredAction.model_validate({"http_call": call})
    result = await ruled(opened, grant(declared, account="../kim"))
    assert [reason.text for reason in result.reasons] == ["the account is not the requester's own"]
    assert tickets.asked == []


BUY: dict[str, Any] = {
    "parameters": GRANT["parameters"]
    | {
        "days": {"type": "integer", "minimum": 1, "maximum": 1_000_000},
        "currency": {"type": "choice", "choices": ["EUR", "CHF"]},
    },
    "pays": {"minor": "days", "currency": "currency"},
}


@pytest.mark.parametrize(
    ("minor", "currency", "decision", "tier"),
    [
        (500, "EUR", GuardDecision.HOLD, "medium"),
        (5_000, "EUR", GuardDecision.BLOCK, "critical"),
        (500, "CHF", GuardDecision.BLOCK, "critical"),
        (50, "EUR", GuardDecision.ALLOW, "low"),
    ],
)
async def test_amounts_decide_the_tier(
    opened: Systems, minor: int, currency: str, decision: GuardDecision, tier: str
) -> None:
    """A declared action that pays is held and blocked by the policy's amounts, as a coded one is."""
    declared = DeclaredAction.model_validate({"http_call": GRANT | BUY})
    content = access_playbook()
    content["actions"]["grant_access"]["http_call"] = GRANT | BUY
    steps = [{"up_to_minor": 100, "tier": "low"}, {"up_to_minor": 1_000, "tier": "medium"}]
    content["guardian"]["actions"]["grant_access"]["amounts"] = {"EUR": steps}
    bound = grant(declared, days=minor, currency=currency)
    brief = GuardBrief(
        handoff=HANDOFF, bound=bound, policy=GuardianPolicy.model_validate(content["guardian"]), requester=KIM
    )
    classes = catalogue(content).action_classes
    result = await attempt(1, Guardian(opened, classes).inspect, brief)
    assert (result.decision, result.tier.value) == (decision, tier)
    view = with_view(bound, classes).view
    assert view is not None
    assert view.amount == Money(amount_minor=minor, currency=currency)


async def test_what_if_rules_by_the_recorded_declaration(opened: Systems) -> None:
    """A recorded inspection is ruled again under another policy by the declaration that the action carried."""
    result = await ruled(opened, grant())
    assert result.facts is not None
    content = access_playbook("medium")
    content["actions"]["grant_access"]["http_call"] = GRANT | {"checks": []}
    brief = GuardBrief(
        handoff=HANDOFF,
        bound=grant(),
        policy=GuardianPolicy.model_validate(content["guardian"]),
        requester=KIM,
    )
    again = inspect(brief, result.facts, catalogue(content).action_classes)
    assert again.decision is GuardDecision.HOLD
    stranger = brief.model_copy(update={"requester": Party(address="lee@club.example")})
    assert inspect(stranger, result.facts, catalogue(content).action_classes).decision is GuardDecision.BLOCK


async def test_amounts_of_one_owner_are_added_up(opened: Systems) -> None:
    """What other requests reserved for the same account counts: two small amounts are of the tier of their sum."""
    pays = {**BUY["pays"], "owner": "account", "window": "10 days"}
    declared = DeclaredAction.model_validate({"http_call": GRANT | BUY | {"pays": pays}})
    content = access_playbook()
    steps = [{"up_to_minor": 100, "tier": "low"}, {"up_to_minor": 1_000, "tier": "medium"}]
    content["guardian"]["actions"]["grant_access"]["amounts"] = {"EUR": steps}
    asked: list[tuple[str, timedelta]] = []

    async def reserve(_desk: str, owner: str, request: ReserveRequest) -> Reserved:
        asked.append((owner, request.window))
        euros, francs = (Money(amount_minor=70, currency=currency) for currency in ("EUR", "CHF"))
        other = Claim(idempotency_key="r-0/grant_access/item-1", account="x", amount=euros)
        return Reserved(others=(other, other.model_copy(update={"idempotency_key": "y", "amount": francs})))

    brief = GuardBrief(
        handoff=HANDOFF,
        bound=grant(declared, days=50, currency="EUR"),
        policy=GuardianPolicy.model_validate(content["guardian"]),
        requester=KIM,
    )
    guardian = Guardian(opened, catalogue().action_classes, reserve=reserve)
    result = await attempt(1, guardian.inspect, brief)
    assert asked == [("grant_access:kim", timedelta(days=10))]
    assert (result.decision, result.tier.value) == (GuardDecision.HOLD, "medium")
    assert "declared.sum" in [reason.rule for reason in result.reasons]

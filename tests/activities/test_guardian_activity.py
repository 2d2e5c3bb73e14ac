"""The guardian against the embedded back office: it rules on what it read itself."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from temporalio.client import Client
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.contracts import Systems
from activities.guardian import Guardian
from activities.quotas import asking
from desks.support.actions.issue_refund import IssueRefund
from dispatch.guard.spend_quota import reserve
from dispatch.models.request.submission import Party
from dispatch.models.work.guardian import GuardBrief, GuardDecision, GuardResult
from dispatch.models.work.proposal import BoundAction
from dispatch.models.work.spend_quota import QuotaState, Reserved, ReserveRequest
from tests.activities.at_work import ANNA, annas_refund, annas_reply, attempt, authorization
from tests.bound import ACTIONS, HANDOFF, policy
from tests.servers import BackOfficeService


class QuotaInMemory:
    """Keeps the reservations of customers as their workflow does, without a server."""

    def __init__(self) -> None:
        self.states: dict[tuple[str, str], QuotaState] = {}

    async def reserve(self, desk: str, owner: str, request: ReserveRequest) -> Reserved:
        state = self.states.get((desk, owner), QuotaState())
        answer, self.states[desk, owner] = reserve(state, request, datetime.now(UTC))
        return answer


@pytest.fixture
def quotas() -> QuotaInMemory:
    return QuotaInMemory()


@pytest.fixture
def guardian(reading: Systems, quotas: QuotaInMemory) -> Guardian:
    return Guardian(reading, ACTIONS, reserve=quotas.reserve)


async def ruled(
    guardian: Guardian, bound: BoundAction, requester: Party = ANNA, **changes: Any
) -> GuardResult:
    brief = GuardBrief(handoff=HANDOFF, bound=bound, policy=policy(**changes), requester=requester)
    return await attempt(1, guardian.inspect, brief)


def rules_of(guard_result: GuardResult) -> set[str]:
    return {reason.rule for reason in guard_result.reasons}


async def test_a_customer_s_own_refund_and_reply_are_allowed(guardian: Guardian) -> None:
    """Payment, owner and address are on record: both actions run on the guardian's decision."""
    for bound in (annas_refund(), annas_reply()):
        guard_result = await ruled(guardian, bound)
        assert guard_result.decision is GuardDecision.ALLOW, guard_result
        assert (guard_result.handoff, guard_result.action_digest) == (HANDOFF, bound.digest)


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"payment_id": "PAY-99999"}, "refund.payment"),
        ({"payment_id": "PAY-10001/../PAY-10003"}, "refund.payment"),
        ({"payment_id": "PAY-10003"}, "refund.order"),
        ({"order_number": "DD-99999"}, "refund.customer"),
        ({"customer_id": "CU-9999"}, "refund.customer"),
        ({"customer_id": "CU-1002"}, "refund.customer"),
        ({"amount_minor": 4_991}, "refund.remainder"),
        ({"currency": "USD"}, "refund.currency"),
        ({"amount_minor": "much"}, "parameters.invalid"),
    ],
)
async def test_what_records_do_not_bear_out_is_blocked(
    guardian: Guardian, changes: dict[str, Any], rule: str
) -> None:
    """Payments, orders and customers that do not exist or do not fit together are blocked and never an error."""
    guard_result = await ruled(guardian, annas_refund(**changes))
    assert guard_result.decision is GuardDecision.BLOCK
    assert rule in rules_of(guard_result)


@pytest.mark.parametrize("address", ["sean.obrien@mail.example", "mallory@evil.example", ""])
async def test_nobody_else_gets_the_customer_s_money_or_answer(guardian: Guardian, address: str) -> None:
    """For another customer, a stranger and a sender without an address, what is Anna's is blocked."""
    requester = Party(address=address)
    assert "refund.requester" in rules_of(await ruled(guardian, annas_refund(), requester))
    assert "reply.recipient" in rules_of(await ruled(guardian, annas_reply(), requester))


async def test_earlier_refunds_bring_a_person_in(guardian: Guardian, acting: Systems) -> None:
    """One refund within the window is enough where the playbook says so; the same one met again is not."""
    velocity = {"max_refunds": 1, "window": "30 days", "tier": "medium"}
    earlier = annas_refund(request_id="support/r-0", amount_minor=100)
    assert (await ruled(guardian, earlier, velocity=velocity)).decision is GuardDecision.ALLOW
    await attempt(1, IssueRefund(acting).perform, authorization(earlier))
    held = await ruled(guardian, annas_refund(), velocity=velocity)
    assert (held.decision, "refund.velocity" in rules_of(held)) == (GuardDecision.HOLD, True)
    assert (await ruled(guardian, annas_refund(), velocity=None)).decision is GuardDecision.ALLOW
    again = await ruled(guardian, earlier, velocity=velocity)
    assert again.decision is GuardDecision.ALLOW


async def test_a_refund_that_stands_is_allowed_again_after_a_reset(
    guardian: Guardian, acting: Systems
) -> None:
    """All of the payment went out under this action's own key: decision on it again does not block it, without velocity too."""
    whole = annas_refund(amount_minor=4_990)
    await attempt(1, IssueRefund(acting).perform, authorization(whole))
    assert (await ruled(guardian, whole, velocity=None)).decision is GuardDecision.ALLOW
    another = annas_refund(request_id="support/r-2", amount_minor=1)
    assert "refund.remainder" in rules_of(await ruled(guardian, another))


@pytest.mark.parametrize(
    "path", ["GET /customers", "GET /payments/*", "GET /orders/*", "GET /refunds", "find"]
)
async def test_no_ruling_is_made_on_a_part_of_the_facts(
    guardian: Guardian, back_office: BackOfficeService, path: str
) -> None:
    """Any read that fails fails the inspection, to be tried again; and it rules once the system is back."""
    await back_office.arm(path, "status", retry_after=2)
    with pytest.raises(ApplicationError) as raised:
        await ruled(guardian, annas_refund())
    error = raised.value
    assert (error.type, error.non_retryable) == ("UnavailableError", False)
    assert (await ruled(guardian, annas_refund())).decision is GuardDecision.ALLOW


async def test_a_reply_needs_no_more_than_the_requester_s_record(
    guardian: Guardian, back_office: BackOfficeService
) -> None:
    """With payments, orders and refunds down a reply is still ruled on."""
    for path in ("GET /payments/*", "GET /orders/*", "GET /refunds"):
        await back_office.arm(path, "status", times=-1)
    assert (await ruled(guardian, annas_reply())).decision is GuardDecision.ALLOW


async def test_only_what_may_run_reserves(guardian: Guardian, quotas: QuotaInMemory) -> None:
    """A reply, and a refund that is blocked on the records alone, reserve nothing in anybody's name."""
    await ruled(guardian, annas_reply())
    await ruled(guardian, annas_refund(), Party(address="mallory@evil.example"))
    assert quotas.states == {}
    await ruled(guardian, annas_refund())
    ((owner, state),) = quotas.states.items()
    assert owner == ("support", "CU-1001")
    assert [claim.amount.amount_minor for entry in state.entries for claim in entry.claims] == [3_000]


async def test_what_another_request_reserved_counts_until_the_records_show_it(
    guardian: Guardian, acting: Systems
) -> None:
    """Reserved or paid, the EUR 30.00 of another request count once."""
    other, mine = annas_refund(request_id="support/r-0"), annas_refund(amount_minor=1_990)
    await ruled(guardian, other)
    reserved = await ruled(guardian, mine)
    await attempt(1, IssueRefund(acting).perform, authorization(other))
    paid = await ruled(guardian, mine)
    assert reserved.spend is not None
    assert paid.spend is not None
    assert (reserved.spend.account_minor, reserved.spend.unpaid) == (3_000, 1)
    assert (paid.spend.account_minor, paid.spend.unpaid) == (3_000, 0)


async def test_where_the_quota_does_not_answer_nothing_is_ruled(
    reading: Systems, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It fails as any system that is unavailable, to be tried again."""
    monkeypatch.setattr(asking, "ANSWER_TIMEOUT", timedelta(seconds=1))
    brief = GuardBrief(handoff=HANDOFF, bound=annas_refund(), policy=policy(), requester=ANNA)
    with pytest.raises(ApplicationError, match="the customer's quota cannot be asked") as raised:
        await ActivityEnvironment(client=client).run(Guardian(reading, ACTIONS).inspect, brief)
    assert (raised.value.type, raised.value.non_retryable) == ("UnavailableError", False)

"""The verifier against the embedded servers: what is there counts, and what cannot be read never reads as clean."""

from typing import Any

import pytest
from temporalio.exceptions import ApplicationError

from activities.contracts import Systems
from activities.verifier import LAST_ATTEMPT, Verifier
from channels.mail.actions.send_reply import SendReply
from desks.support.actions.issue_refund import IssueRefund
from desks.support.systems.payments import Payments
from dispatch.models.request.item import Item
from dispatch.models.work.finding import Statement
from dispatch.models.work.proposal import BoundAction, Draft
from dispatch.models.work.verification import Observation, VerificationBrief, VerificationVerdict
from tests.activities.at_work import annas_refund, annas_reply, attempt, authorization
from tests.bound import HANDOFF
from tests.servers import BackOfficeService, MailSinkService

REFUND, REPLY = annas_refund(), annas_reply()
ACTIONS: dict[str, Any] = {"issue_refund": IssueRefund, "send_reply": SendReply}


def brief(*actions: BoundAction) -> VerificationBrief:
    return VerificationBrief(
        handoff=HANDOFF,
        actions=actions,
        items=(Item(item_id="item-1", text="a refund"), Item(item_id="item-2", text="when it comes")),
        draft=Draft(
            subject="Re", text="...", statements=(Statement(text=".", item_ids=("item-1", "item-2")),)
        ),
    )


@pytest.fixture
def verifier(reading: Systems) -> Verifier:
    return Verifier(reading, ACTIONS)


@pytest.fixture
async def done(acting: Systems) -> None:
    await attempt(1, IssueRefund(acting).perform, authorization(REFUND))
    await attempt(1, SendReply(acting).perform, authorization(REPLY))


async def test_what_was_done_is_confirmed(verifier: Verifier, done: None) -> None:
    """Refund and mail are read back from the systems that hold them, and both items are covered."""
    verification = await attempt(1, verifier.verify, brief(REFUND, REPLY))
    assert verification.verdict is VerificationVerdict.CONFIRMED, verification
    assert [a.why.endswith("is as ordered") for a in verification.actions] == [True, True]


async def test_what_was_not_done_is_refuted(verifier: Verifier) -> None:
    """Nothing was done: both are refuted at once, without another attempt."""
    verification = await attempt(1, verifier.verify, brief(REFUND, REPLY))
    assert [a.verdict for a in verification.actions] == [VerificationVerdict.REFUTED] * 2


async def test_an_effect_that_was_undone_behind_our_back_is_refuted(
    verifier: Verifier, done: None, acting: Systems
) -> None:
    """Somebody cancelled the refund: it is found and no longer stands."""
    refund = await acting.get(Payments).find_refund(REFUND.idempotency_key)
    assert refund is not None
    await acting.get(Payments).cancel_refund(refund.refund_id, idempotency_key="by hand")
    verification = await attempt(1, verifier.verify, brief(REFUND, REPLY))
    assert verification.actions[0].verdict is VerificationVerdict.REFUTED
    assert "status" in verification.actions[0].why


async def test_a_system_that_is_down_is_asked_again_and_then_unverifiable(
    verifier: Verifier, done: None, mail_sink: MailSinkService
) -> None:
    """Two attempts fail as Unavailable with the delay asked for; the third says unverifiable of that action alone."""
    await mail_sink.arm("GET /messages", "status", times=-1, retry_after=3)
    for number in range(1, LAST_ATTEMPT):
        with pytest.raises(ApplicationError) as raised:
            await attempt(number, verifier.verify, brief(REFUND, REPLY))
        error = raised.value
        assert (error.type, error.non_retryable) == ("UnavailableError", False)
        assert error.next_retry_delay is not None
    verification = await attempt(LAST_ATTEMPT, verifier.verify, brief(REFUND, REPLY))
    assert verification.verdict is VerificationVerdict.UNVERIFIABLE
    assert [a.verdict for a in verification.actions] == [
        VerificationVerdict.CONFIRMED,
        VerificationVerdict.UNVERIFIABLE,
    ]


async def test_a_system_that_refuses_is_unverifiable_at_once(
    verifier: Verifier, done: None, back_office: BackOfficeService
) -> None:
    """A plain no is not worth another attempt, and never reads as 'not there'."""
    await back_office.arm("find", "status", status=403, times=-1)
    verification = await attempt(1, verifier.verify, brief(REFUND, REPLY))
    assert verification.actions[0].verdict is VerificationVerdict.UNVERIFIABLE


class _Broken:
    uses = ()

    @staticmethod
    async def read_back(systems: Systems, bound: BoundAction) -> Observation:  # noqa: ARG004 - as all are called
        raise RuntimeError("bob@example.org")


async def test_an_action_that_cannot_read_back_never_crashes_the_verifier(
    reading: Systems, done: None
) -> None:
    """A fault in an action's own reading is tried again, without its text, and then unverifiable."""
    verifier = Verifier(reading, {**ACTIONS, "issue_refund": _Broken})
    with pytest.raises(ApplicationError) as raised:
        await attempt(1, verifier.verify, brief(REFUND, REPLY))
    assert (raised.value.type, "bob" in raised.value.message) == ("UnavailableError", False)
    verification = await attempt(LAST_ATTEMPT, verifier.verify, brief(REFUND, REPLY))
    assert verification.actions[0].verdict is VerificationVerdict.UNVERIFIABLE
    assert verification.actions[1].verdict is VerificationVerdict.CONFIRMED


async def test_an_action_that_nobody_knows_is_unverifiable(reading: Systems, done: None) -> None:
    """An action without a class cannot be read back, and is not passed over."""
    verifier = Verifier(reading, {"send_reply": SendReply})
    verification = await attempt(1, verifier.verify, brief(REFUND, REPLY))
    assert verification.actions[0].verdict is VerificationVerdict.UNVERIFIABLE

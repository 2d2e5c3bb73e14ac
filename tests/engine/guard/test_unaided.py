"""What the guardian leaves to a person whatever the tier: acting for a doubtful sender, more mails than an hour allows."""

import pytest

from dispatch.models.request.requester import SenderDoubt
from dispatch.models.work.approval_policy import NO_APPROVAL
from dispatch.models.work.guardian import GuardBrief, GuardDecision
from dispatch.models.work.mail_quota import MailQuotaAnswer
from dispatch.models.work.playbook import GuardianPolicy
from dispatch.models.work.proposal import BoundAction
from tests.bound import CUSTOMER, HANDOFF, PAYMENT, REQUESTER, Read, inspected, policy, read, refund, reply

KNOWN = read(CUSTOMER, payment=PAYMENT, owner="C-1")
FULL = KNOWN.but(mail_quota=MailQuotaAnswer(granted=False, used=10))
FREE = KNOWN.but(mail_quota=MailQuotaAnswer(granted=True, used=10))


def ruled(
    bound: BoundAction,
    facts: Read = KNOWN,
    doubt: SenderDoubt | None = None,
    by: GuardianPolicy | None = None,
) -> tuple[GuardDecision, set[str]]:
    requester = REQUESTER.model_copy(update={"doubt": doubt})
    guard_result = inspected(
        GuardBrief(handoff=HANDOFF, bound=bound, policy=by or policy(), requester=requester), facts
    )
    return guard_result.decision, {reason.rule for reason in guard_result.reasons}


@pytest.mark.parametrize("doubt", list(SenderDoubt))
def test_nothing_is_done_unaided_for_a_doubtful_sender(doubt: SenderDoubt) -> None:
    """Neither a reply nor a refund that the playbook would allow."""
    for action in (reply(), refund()):
        assert ruled(action)[0] is GuardDecision.ALLOW
        decision, rules = ruled(action, doubt=doubt)
        assert decision is GuardDecision.HOLD
        assert "sender.doubt" in rules


@pytest.mark.parametrize("purpose", ["question", "reminder", "notice"])
def test_a_doubtful_sender_may_be_asked(purpose: str) -> None:
    """Such a mail tells nothing of the records."""
    assert ruled(reply(purpose=purpose), doubt=SenderDoubt.NO_ADDRESS)[0] is GuardDecision.ALLOW


def test_one_mail_more_than_an_hour_allows_waits_for_a_person() -> None:
    """It is held with its reason, and not dropped; the last one within the limit goes."""
    assert ruled(reply(), FREE)[0] is GuardDecision.ALLOW
    decision, rules = ruled(reply(), FULL)
    assert decision is GuardDecision.HOLD
    assert "mail.hourly_limit" in rules


def test_where_no_tier_asks_a_person_it_is_blocked() -> None:
    """Otherwise nobody would ever look."""
    alone = policy()
    nobody = alone.model_copy(
        update={"tiers": {t: s.model_copy(update={"approval": NO_APPROVAL}) for t, s in alone.tiers.items()}}
    )
    assert ruled(reply(), FULL, by=nobody)[0] is GuardDecision.BLOCK

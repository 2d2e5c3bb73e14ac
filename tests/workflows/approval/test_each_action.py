"""Each action of a request is decided alone: what is rejected is not done and told, and the rest is."""

from typing import Any

import starter
from dispatch.models.people.decision import DecisionType
from dispatch.models.request.item import Disposition
from dispatch.models.request.request_detail import RequestDetail
from dispatch.models.request.status import Ending
from dispatch.models.trail import EntryKind
from tests.desk import Case, Desk
from tests.workflows.replaying import also_replaying
from tests.workflows.requests_made import held_refund, two_held_refunds


async def detail_of(case: Case) -> RequestDetail:
    detail = await starter.detail_of(case.desk.client, case.id)
    assert isinstance(detail, RequestDetail)
    return detail


async def decide_on(
    case: Case, key: str, decision_type: str, by: str = "refunds", **more: Any
) -> tuple[bool, str]:
    """Decide on the action of that key, at the open gate."""
    gate = (await detail_of(case)).approval_request
    assert gate is not None
    item = next(item for item in gate.items if item.key == key)
    decision = starter.decision_for(
        DecisionType(decision_type), by, gate.proposal_id, item.digest, more.pop("reason", "as it should be")
    )
    return await starter.decide(case.desk.client, case.id, decision | more)


async def refunds_of(case: Case) -> tuple[str, str]:
    """Return the keys of the two refunds, EUR 30.00 and EUR 20.00."""
    gate = (await detail_of(case)).approval_request
    assert gate is not None
    first, second = (item.key for item in gate.items if item.name == "issue_refund")
    return first, second


def mail_in(desk: Desk) -> str:
    (mail,) = desk.mail_sink.messages()
    return str(mail["text"])


@also_replaying()
async def test_rejecting_one_of_two_refunds_leaves_the_other(desk: Desk) -> None:
    """The other is paid under the approval that it had; the customer is told of both, and why."""
    case = await two_held_refunds(desk)
    first, second = await refunds_of(case)
    accepted, _ = await decide_on(
        case,
        first,
        "reject",
        reason="looks like a double claim",
        reason_for_requester="This part was paid with a voucher.",
    )
    assert accepted
    assert (await case.status()).state == "waiting_for_approval"
    assert desk.back_office.refunds() == []
    await decide_on(case, second, "approve")
    outcome = await case.outcome()
    assert [refund["amount_minor"] for refund in desk.back_office.refunds()] == [2000]
    text = mail_in(desk)
    assert "We cannot refund EUR 30.00 for order DD-10030" in text
    assert "This part was paid with a voucher." in text
    assert "We are refunding EUR 20.00" in text
    assert "double claim" not in text
    assert outcome.ending is Ending.PARTLY_DONE
    assert "was rejected by refunds: looks like a double claim" in outcome.why
    (item,) = outcome.items
    assert item.disposition is Disposition.ACTED
    assert "issue_refund" in item.how
    assert "decision.rejected" in item.how
    kinds = [entry.kind for entry in outcome.trail]
    assert kinds.count(EntryKind.DECISION) == 2, "the approval was given once and stood in the next proposal"


async def test_the_order_of_the_decisions_does_not_matter(desk: Desk) -> None:
    """An approval that came before the rejection stands too."""
    case = await two_held_refunds(desk)
    first, second = await refunds_of(case)
    await decide_on(case, first, "approve")
    await decide_on(case, second, "reject", reason="no")
    assert (await case.outcome()).ending is Ending.PARTLY_DONE
    assert [refund["amount_minor"] for refund in desk.back_office.refunds()] == [3000]


async def test_rejecting_all_of_it_ends_it_as_before(desk: Desk) -> None:
    """Nothing is left: the request is rejected, and the customer gets the desk's notice."""
    case = await two_held_refunds(desk)
    for key in await refunds_of(case):
        await decide_on(case, key, "reject", reason="no")
    outcome = await case.outcome()
    assert (outcome.ending, outcome.why) == (Ending.REJECTED, "rejected by refunds: no")
    assert desk.back_office.refunds() == []
    assert "cannot do what you asked for" in mail_in(desk)


@also_replaying()
async def test_a_reason_for_the_customer_is_told_in_a_reply_that_is_reviewed(desk: Desk) -> None:
    """What the only refund was rejected for stands in the mail; what it was rejected for internally does not."""
    case = await held_refund(desk)
    await case.decide("reject", reason="third time", reason_for_requester="The lamp was used for a year.")
    outcome = await case.outcome()
    assert outcome.ending is Ending.REJECTED
    assert "The lamp was used for a year." in mail_in(desk)
    assert "third time" not in mail_in(desk)
    assert [item.disposition for item in outcome.items] == [Disposition.REFUSED]


async def test_a_reason_for_the_customer_is_checked_as_any_text(desk: Desk) -> None:
    """A promise that the desk may not make holds the reply, though nobody would have to approve it."""
    case = await held_refund(desk)
    await case.decide("reject", reason="no", reason_for_requester="We guarantee a better lamp next time.")
    await case.until("waiting_for_approval", proposal="p2")
    detail = await detail_of(case)
    assert detail.approval_request is not None
    assert [item.name for item in detail.approval_request.items] == ["send_reply"]
    assert "we guarantee" in " ".join(e.text for e in detail.exceptions).casefold()
    await case.decide("reject", reason="I write myself")
    assert (await case.outcome()).ending is Ending.REJECTED


async def test_what_else_was_asked_is_still_answered(desk: Desk) -> None:
    """A rejected refund takes no answer with it."""
    case = await desk.submit(
        "Please refund order DD-10001.\n\nWhat are your opening hours?", sender="anna.mueller@post.example"
    )
    await case.until("waiting_for_approval")
    await case.decide("reject", reason="no")
    outcome = await case.outcome()
    assert outcome.ending is Ending.PARTLY_DONE
    assert [item.disposition for item in outcome.items] == [Disposition.REFUSED, Disposition.ANSWERED]
    assert "from Monday to Friday" in mail_in(desk)


@also_replaying()
async def test_a_reply_that_needs_nobody_can_be_edited_while_something_waits(desk: Desk) -> None:
    """The text is changed by editing it, and the edit is what the customer reads."""
    case = await held_refund(desk)
    text = (await _reply_text(case)) + "\n\nPS: The lamp may stay with you."
    accepted, _ = await decide_on(case, "send_reply/reply", "edit", edits={"text": text})
    assert accepted
    await case.until("waiting_for_approval", proposal="p2")
    await case.decide("approve")
    assert (await case.outcome()).ending is Ending.DONE
    assert mail_in(desk) == text


async def test_an_edited_text_does_not_outlive_a_rejection(desk: Desk) -> None:
    """An edited text that announced a rejected action is rewritten, and the person who decides next is told."""
    case = await two_held_refunds(desk)
    first, second = await refunds_of(case)
    text = await _reply_text(case)
    await decide_on(case, "send_reply/reply", "edit", edits={"text": text + "\n\nPS: Both on Monday."})
    await case.until("waiting_for_approval", proposal="p2")
    await decide_on(case, first, "reject", reason="no")
    await decide_on(case, second, "approve")
    await case.until("waiting_for_approval", proposal="p3")
    assert "edit.superseded" in [e.standard for e in (await detail_of(case)).exceptions]
    await decide_on(case, "send_reply/reply", "approve")
    assert (await case.outcome()).ending is Ending.PARTLY_DONE
    assert "Both on Monday" not in mail_in(desk)
    assert "We are refunding EUR 30.00" not in mail_in(desk)


async def test_rejecting_the_reply_leaves_the_refund(desk: Desk) -> None:
    """The money is paid as approved, and no mail goes out."""
    case = await held_refund(desk)
    await decide_on(case, "send_reply/reply", "reject", reason="I call them")
    await case.decide("approve")
    outcome = await case.outcome()
    assert outcome.ending is Ending.PARTLY_DONE
    assert len(desk.back_office.refunds()) == 1
    assert desk.mail_sink.messages() == []


async def test_an_approval_lapses_where_the_action_changes(desk: Desk) -> None:
    """What was approved and then proposed otherwise needs an approval of its own."""
    case = await two_held_refunds(desk)
    first, second = await refunds_of(case)
    await decide_on(case, first, "approve")
    await decide_on(case, second, "edit", edits={"amount_minor": 500})
    await case.until("waiting_for_approval", proposal="p2")
    gate = (await detail_of(case)).approval_request
    assert gate is not None
    assert [item.key for item in gate.items if item.is_awaited] == [second], "the first stands unchanged"
    await decide_on(case, second, "approve")
    assert (await case.outcome()).ending is Ending.DONE
    assert sorted(refund["amount_minor"] for refund in desk.back_office.refunds()) == [500, 3000]


async def _reply_text(case: Case) -> str:
    proposal = (await detail_of(case)).proposal
    assert proposal is not None
    return proposal.draft.text

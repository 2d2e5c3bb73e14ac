"""A request for two desks: each does its part, and the requester hears one answer that tells all of it."""

from typing import Final

from dispatch.models.request.item import Disposition
from dispatch.models.request.status import Ending
from tests.two_desks import JONAS, LIVIA, SOFIA, TwoDesks, outcomes
from tests.workflows.replaying import also_replaying

BOTH_DONE: Final = "Hello,\n\nI forgot my password, please reset my password.\n\nAlso, where is my order DD-10036?\n\nThanks\nSofia"
REFUND_AND_ACCESS: Final = "Hello,\n\nplease refund order DD-10037, I send the bag back.\n\nAnd could I get write access to the Design Library?\n\nJonas"


@also_replaying("desks", in_each_run=True)
async def test_each_desk_does_its_part_and_one_answer_tells_both(desks: TwoDesks) -> None:
    """Both parts are done unaided; one letter goes out, with the reviewed text of each, word for word."""
    whole = await desks.submit(BOTH_DONE, **SOFIA)
    outcome, support, helpdesk = await outcomes(
        whole, await desks.begun(whole, "support"), await desks.begun(whole, "helpdesk")
    )
    assert (outcome.ending, support.ending, helpdesk.ending) == (Ending.DONE,) * 3, outcome.why
    (letter,) = desks.letters_to(SOFIA)
    for part in (support, helpdesk):
        assert part.answer is not None
        assert part.answer.reviewed
        assert all(paragraph in letter["text"] for paragraph in part.answer.paragraphs)
    assert [item.item_id for item in outcome.items] == ["item-1", "item-2"]
    assert all(item.disposition is not Disposition.OPEN for item in outcome.items)
    assert {part.desk: part.ending for part in outcome.parts} == {"helpdesk": "done", "support": "done"}
    assert [row["login"] for row in desks.systems.effects("reset")] == ["svalente"]


@also_replaying("desks")
async def test_a_rejected_part_leaves_the_other(desks: TwoDesks) -> None:
    """The refund is rejected and the access granted: the one letter tells both, and the whole is not done."""
    whole = await desks.submit(REFUND_AND_ACCESS, **JONAS)
    support, helpdesk = await desks.begun(whole, "support"), await desks.begun(whole, "helpdesk")
    await support.until("waiting_for_approval")
    accepted, why = await support.decide(
        "reject", reason="not this one", reason_for_requester="The bag was used for a month."
    )
    assert accepted, why
    await helpdesk.until("waiting_for_approval")
    assert desks.letters_to(JONAS) == []
    await helpdesk.decide("approve", by="design-systems")
    outcome, rejected, granted = await outcomes(whole, support, helpdesk)
    assert (rejected.ending, granted.ending) == (Ending.REJECTED, Ending.DONE), rejected.why
    assert outcome.ending is Ending.REJECTED
    assert "support: rejected" in outcome.why
    assert "helpdesk: done" in outcome.why
    (letter,) = desks.letters_to(JONAS)
    assert "The bag was used for a month." in letter["text"]
    assert "Design Library" in letter["text"]
    assert desks.desk.back_office.refunds() == []
    assert [item.disposition for item in outcome.items] == [Disposition.REFUSED, Disposition.ACTED]


async def test_a_part_that_no_desk_takes_goes_to_a_person(desks: TwoDesks) -> None:
    """The reception is asked for that part alone, while the others are done; whoever rejects it there is the last to end it."""
    text = f"{BOTH_DONE}\n\nWould you also sponsor the summer party of our school?"
    whole = await desks.submit(text, **SOFIA)
    routed = await desks.begun(whole, "reception")
    support, helpdesk = desks.part(whole, "support"), desks.part(whole, "helpdesk")
    done = await outcomes(support, helpdesk)
    assert [outcome.ending for outcome in done] == [Ending.DONE, Ending.DONE]
    status = await routed.until("waiting_for_routing")
    assert status.review_point.owner == "reception"
    assert desks.letters_to(SOFIA) == []
    await routed.decide("reject", by="reception", reason="we sponsor nobody")
    outcome = await whole.outcome()
    assert outcome.ending is Ending.REJECTED, outcome.why
    (letter,) = desks.letters_to(SOFIA)
    assert "sponsor the summer party" in letter["text"]
    assert "cannot do what you ask for" in letter["text"]


async def test_a_part_whose_action_fails_is_compensated_alone(desks: TwoDesks) -> None:
    """Of two refunds of the support part the second is refused, so the first is undone; the helpdesk's part stands."""
    await desks.desk.back_office.arm(
        "POST /refunds", "status", status=422, payment_id="PAY-10038-2", times=-1
    )
    whole = await desks.submit(
        "Hello,\n\nplease refund order DD-10038, I send all of it back.\n\nI also forgot my password, please reset it.\n\nLivia",
        **LIVIA,
    )
    support = await desks.begun(whole, "support")
    await support.until("escalated")
    (letter,) = await desks.letters(LIVIA, 1)
    assert "we have undone" in letter["text"] or "rückgängig" in letter["text"], letter["text"]
    assert "one-time link" in letter["text"]
    assert (await whole.status()).state == "waiting_for_parts"
    await support.decide("settle", by="support-lead", reason="paid by hand")
    outcome, undone = await outcomes(whole, support)
    assert (outcome.ending, undone.ending) == (Ending.COMPENSATED, Ending.COMPENSATED), outcome.why
    assert all(refund["status"] != "succeeded" for refund in desks.desk.back_office.refunds())
    assert len(desks.letters_to(LIVIA)) == 1

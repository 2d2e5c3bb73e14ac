"""A part that the desk has no answer to does not silence the rest: that is answered, and the part is a person's."""

from dispatch.models.request.item import Disposition
from dispatch.models.request.status import Ending
from tests.desk import Desk
from tests.workflows.replaying import also_replaying
from tests.workflows.requests_made import until_mailed

CHLOE = "chloe.lefevre@courriel.example"
BOTH = (
    "Where is my order DD-10008?\n\n"
    "Also, would you sponsor the summer party of our school with two of your radios?"
)


@also_replaying("desk")
async def test_what_is_understood_is_answered_and_the_rest_is_a_persons(desk: Desk) -> None:
    """The reply says which part a colleague takes; the request stays open for them and closes when it is settled."""
    case = await desk.submit(BOTH, sender=CHLOE, name="Chloe Lefevre")
    await case.until("escalated")
    (reply,) = await until_mailed(desk, 1)
    assert "DD-10008" in reply["text"]
    assert "A colleague looks at this part of your message" in reply["text"]
    assert "would you sponsor the summer party of our school" in reply["text"]
    await case.decide("settle", by="support-lead", reason="written to by hand")
    outcome = await case.outcome()
    assert outcome.ending is Ending.ESCALATED
    assert [item.disposition for item in outcome.items] == [Disposition.ANSWERED, Disposition.OPEN]
    assert "item-2: the request asks for something that this desk has no answer to" in outcome.why
    assert len(desk.mail_sink.messages()) == 1


async def test_a_rejection_of_the_rest_leaves_the_part_with_a_person(desk: Desk) -> None:
    """Whatever becomes of the desk's own part, the other one is not lost."""
    text = (
        "Please refund order DD-10001, the lamp does not match our desk.\n\n"
        "Also, would you sponsor the summer party of our school with two of your radios?"
    )
    case = await desk.submit(text, sender="anna.mueller@post.example")
    await case.until("waiting_for_approval")
    await case.decide("reject", reason="used for a year")
    await case.until("escalated")
    assert desk.back_office.refunds() == []
    await case.decide("settle", by="support-lead", reason="both written to by hand")
    outcome = await case.outcome()
    assert "rejected by refunds: used for a year; a part is left for a person, item-2" in outcome.why

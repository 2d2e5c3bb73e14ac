"""Money moves only where the requester plainly asks for it, in words of their own."""

import pytest

from dispatch.models.request.status import Ending
from dispatch.models.trail import EntryKind
from tests.desk import Desk
from tests.workflows.requests_made import entries, small_refund

SEAN = "sean.obrien@mail.example"


@pytest.mark.parametrize(
    "text",
    [
        "The mug from order DD-10003 is a beauty. Please do not refund it.",
        "Many thanks for refunding so fast, the refund for DD-10003 is here.",
        "The refund for DD-10003 is not on my account yet.",
    ],
)
async def test_a_refund_that_is_only_spoken_of_ends_with_a_person(desk: Desk, text: str) -> None:
    """No refund is made and none is refused: a person reads it, and the requester is told so."""
    case = await desk.submit(text, sender=SEAN)
    status = await case.until("escalated")
    assert "no sentence of the requester's own plainly asks for it" in status.review_point.awaiting
    assert desk.back_office.refunds() == []
    assert all("We are refunding" not in mail["text"] for mail in desk.mail_sink.messages())


async def test_a_refund_asked_for_in_a_quoted_mail_alone_is_not_made(desk: Desk) -> None:
    """What stands in the mail that is answered was said then, and perhaps by somebody else."""
    case = await desk.submit("> Please refund order DD-10003.", sender=SEAN)
    await case.until("escalated")
    assert desk.back_office.refunds() == []


async def test_a_plain_other_question_beside_the_word_is_answered(desk: Desk) -> None:
    """Thanks for an earlier refund do not keep a question from its answer, and move no money."""
    case = await desk.submit("Thanks for the refund. What are your opening hours?", sender=SEAN)
    assert (await case.outcome()).ending is Ending.DONE
    assert desk.back_office.refunds() == []


async def test_the_refund_that_is_made_rests_on_the_requester_s_own_sentence(desk: Desk) -> None:
    """An action's page shows the requester's words that asked for it."""
    case = await small_refund(desk)
    assert (await case.outcome()).ending is Ending.DONE
    assert len(desk.back_office.refunds()) == 1
    assert await entries(case, EntryKind.EFFECT)
    detail = await case.handle.query("detail")
    (said,) = (e for e in detail["proposal"]["evidence"] if e["source"] == "request")
    assert said["text"] == "I would like a refund for order DD-10003, please."
    assert said["evidence_id"] in detail["proposal"]["actions"][0]["action"]["evidence_ids"]

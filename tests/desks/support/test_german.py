"""German requests through the real workflow of the support desk, and the standards of its German replies."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from temporalio.client import Client

from desks.support.models.facts import ReplyStandardsTerms
from desks.support.rules.reply_standards import review
from dispatch.models.request.status import Ending
from tests.desk import SHIPPED, Desk, quick, running_desk
from tests.desks.support.test_reply_standards import drafted


@pytest_asyncio.fixture(loop_scope="session")
async def desk(client: Client, tmp_path: Path) -> AsyncIterator[Desk]:
    """Run the shipped support desk."""
    async with running_desk(client, tmp_path, quick) as running:
        yield running


async def test_question_and_reply_are_in_the_stated_language(desk: Desk) -> None:
    """The engine's and the desk's sentences are German, and the reviewer accepts the reply as it stands."""
    case = await desk.submit(
        "Wo ist meine Bestellung?", sender="anna.mueller@post.example", name="Anna Müller", language="de"
    )
    await case.until("waiting_for_information")
    await case.answer(order_number="DD-10002")
    assert (await case.outcome()).ending is Ending.DONE
    question, reply = (mail["text"] for mail in desk.mail_sink.messages())
    assert question.startswith("Guten Tag Anna Müller,\n\nVielen Dank für Ihre Nachricht.")
    assert "Wie lautet die Nummer Ihrer Bestellung?" in question
    assert "Ihre Bestellung DD-10002 vom " in reply
    assert reply.endswith("Mit freundlichen Grüßen\nIhr Kundendienst")
    assert not any("reply." in entry.why for entry in await case.trail())


async def test_a_refund_is_announced_in_the_stated_language(desk: Desk) -> None:
    """The amount is written as Germans read it, and the reviewer finds in it the refund that is ordered."""
    case = await desk.submit(
        "Please refund my order DD-10003.", sender="sean.obrien@mail.example", language="de"
    )
    assert (await case.outcome()).ending is Ending.DONE
    (reply,) = (mail["text"] for mail in desk.mail_sink.messages())
    assert "Wir erstatten 12,00 EUR für die Bestellung DD-10003;" in reply
    assert "innerhalb von 5 Tagen" in reply


async def test_a_language_that_the_desk_lacks_falls_back_with_a_reason(desk: Desk) -> None:
    """The first language of the playbook is used, and the triage names the one that it could not use."""
    case = await desk.submit("When do you open?", sender="sean.obrien@mail.example", language="xx")
    assert (await case.outcome()).ending is Ending.DONE
    (reply,) = (mail["text"] for mail in desk.mail_sink.messages())
    assert "Our shop and our telephone" in reply


@pytest.mark.parametrize(
    ("sentence", "flagged"),
    [
        ("Wir versprechen Ihnen, dass es nie wieder vorkommt.", {"reply.promise"}),
        ("Das Gerät läuft garantiert und ohne jeden Zweifel noch zehn Jahre.", {"reply.promise"}),
        ("Es war unsere  Schuld.", {"reply.promise"}),
        ("Beruhigen Sie sich, Sie haben offensichtlich den falschen Knopf gedrückt.", {"reply.tone"}),
        ("DAS HÄTTEN SIE vorher lesen können.", {"reply.tone"}),
        ("Auf das Gerät geben wir zwei Jahre Garantie.", set()),
    ],
)
def test_what_a_german_reply_may_not_say_is_flagged(sentence: str, flagged: set[str]) -> None:
    """The shipped desk's lists of promises and of tone hold for its German replies too."""
    config = SHIPPED.by_desk["support"].playbook.review.reviewers["reply_standards"].config
    text = f"Guten Tag Ada Lovelace,\n\n{sentence}\n\nMit freundlichen Grüßen\nIhr Kundendienst"
    draft = drafted(text)
    found = {one.standard for one in review(draft, ReplyStandardsTerms.model_validate(config))}
    assert found & {"reply.greeting", "reply.closing", "reply.promise", "reply.tone"} == flagged

"""What the examples leave in doubt is asked of a person, and goes on as they say."""

import pytest

from dispatch.models.people.decision import DecisionType
from dispatch.models.request.status import Ending
from dispatch.models.trail import EntryKind
from tests.desk import Desk
from workflows.coordinator import Coordinator

ANNA = "anna.keller@mail.example"
DOUBTFUL = "Ich habe das Paket zurückgeschickt und nichts gehört."


async def test_a_person_says_what_is_asked_and_the_desk_goes_on(desk: Desk) -> None:
    """The gate offers the likely intents first; after the choice the desk answers as for any item of it."""
    case = await desk.submit(DOUBTFUL, sender=ANNA)
    await case.until("waiting_for_routing")
    detail = await case.handle.query(Coordinator.detail)
    gate = detail.approval_request
    assert gate is not None
    (asked,) = gate.items
    (item,) = detail.items
    assert asked.name == "sort"
    likely = tuple(one.intent for one in item.candidates if one.intent != "none")
    assert asked.choices["item-1"][: len(likely)] == likely
    await case.decide(DecisionType.SORT, edits={"item-1": "return_policy"}, by="support-lead")
    outcome = await case.outcome()
    assert outcome.ending is Ending.DONE
    (decision,) = [entry for entry in outcome.trail if entry.kind is EntryKind.DECISION]
    assert decision.decided_by == "support-lead"


async def test_an_intent_that_is_not_offered_is_refused(desk: Desk) -> None:
    """The refusal names those that there are, and the gate stays open."""
    case = await desk.submit(DOUBTFUL, sender=ANNA)
    await case.until("waiting_for_routing")
    await case.decide(DecisionType.SORT, edits={"item-1": "give_it_all_away"}, by="support-lead")
    await case.refused()
    assert (await case.status()).state == "waiting_for_routing"
    await case.decide(DecisionType.REJECT, reason="spam", by="support-lead")
    assert (await case.outcome()).ending is Ending.REJECTED


@pytest.mark.parametrize("language", ["en", "de"])
async def test_the_language_is_that_of_the_request(desk: Desk, language: str) -> None:
    """Detected, kept on the request, and what the reply is written in."""
    text = {"en": "When is your shop open on Saturday?", "de": "Wann hat Ihr Geschäft am Samstag geöffnet?"}[
        language
    ]
    case = await desk.submit(text, sender=ANNA)
    await case.outcome()
    (mail,) = desk.mail_sink.messages()
    assert ("Kind regards" in mail["text"]) == (language == "en")

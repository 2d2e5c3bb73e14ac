"""What becomes of a proposal that is sent back: guidance is for the desk alone, a question is sent as it is written."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import JsonValue
from temporalio.client import Client

import starter
from channels.mail.composers.letter import Letter
from dispatch.models.people.decision import DecisionType
from dispatch.models.request.status import Ending
from dispatch.models.work.composition import ComposeBrief, Composition
from dispatch.models.work.finding import ReviewException, Statement
from tests.desk import Case, Desk, quick, running_desk
from tests.signers import Signer, write_approvers
from tests.workflows.approval.test_each_action import decide_on, detail_of, mail_in
from tests.workflows.messages.test_threads import arrives
from tests.workflows.replaying import also_replaying
from tests.workflows.requests_made import ANNA, held_refund

INTERNAL = "Careful, this customer has complained to the ombudsman twice before."


@also_replaying()
@pytest.mark.parametrize("purpose", ["change_draft", "change_action"])
async def test_guidance_is_never_in_the_mail(desk: Desk, purpose: str) -> None:
    """The desk's rules cannot use it, the next proposal says so, and the customer reads none of it."""
    case = await held_refund(desk)
    accepted, _ = await case.decide("respond", reason=INTERNAL, purpose=purpose)
    assert accepted
    await case.until("waiting_for_approval", proposal="p2")
    (told,) = [e for e in (await detail_of(case)).exceptions if e.standard == "guidance.not_used"]
    assert "this desk works by rules, which cannot use guidance" in told.text
    await case.decide("approve")
    await decide_on(case, "send_reply/reply", "approve")
    assert (await case.outcome()).ending is Ending.DONE
    assert "ombudsman" not in mail_in(desk)


async def test_a_text_that_repeats_guidance_cannot_be_approved(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A writer that lets guidance slip into the text is stopped: no approval passes it, and an edit of the text does."""
    monkeypatch.setattr(Letter, "compose", _leaking(Letter.compose))
    case = await held_refund(desk)
    clean = (await detail_of(case)).proposal
    assert clean is not None
    await case.decide("respond", reason=INTERNAL, purpose="change_draft")
    await case.until("waiting_for_approval", proposal="p2")
    assert "guidance.repeated" in _standards((await detail_of(case)).exceptions)
    lena = Signer("lena", ("refunds-lead", "support-lead", "head-of-support"))
    write_approvers(desk.settings.approvers_path, lena)
    gate = (await detail_of(case)).approval_request
    assert gate is not None
    reply = next(item for item in gate.items if item.name == "send_reply")

    def by_lena(decision_type: DecisionType, **edits: JsonValue) -> dict[str, JsonValue]:
        return lena.signs(
            starter.decision_for(decision_type, "lena", gate.proposal_id, reply.digest, "", edits)
        )

    accepted, why = await starter.decide(desk.client, case.id, by_lena(DecisionType.APPROVE))
    assert not accepted
    assert "repeats what refunds wrote for the desk alone" in why
    edit = by_lena(DecisionType.EDIT, text=clean.draft.text)
    accepted, why = await starter.decide(desk.client, case.id, edit)
    assert accepted, why
    await case.until("waiting_for_approval", proposal="p3")
    assert "guidance.repeated" not in _standards((await detail_of(case)).exceptions)


def _leaking(
    compose: Callable[[Letter, ComposeBrief], Composition],
) -> Callable[[Letter, ComposeBrief], Composition]:
    def leak(self: Letter, brief: ComposeBrief) -> Composition:
        said = tuple(Statement(text=one.text) for one in brief.guidance if one.text)
        return compose(self, brief.model_copy(update={"statements": (*brief.statements, *said)}))

    return leak


@also_replaying()
async def test_a_question_is_asked_as_it_was_written(desk: Desk) -> None:
    """The customer gets only the question; their answer is shown to the person who decides."""
    case = await held_refund(desk)
    await case.decide(
        "respond",
        reason=INTERNAL,
        purpose="ask_requester",
        question="Which of the two lamps do you want to keep?",
    )
    await case.until("waiting_for_information")
    asked = mail_in(desk)
    assert "Which of the two lamps do you want to keep?" in asked
    assert "ombudsman" not in asked
    (question,) = desk.mail_sink.messages()
    submitted = await arrives(desk, "The smaller one, please.", str(question["message_id"]), sender=ANNA)
    assert (submitted.request_id, submitted.added) == (case.id, True)
    await case.until("waiting_for_approval", proposal="p2")
    assert [one.text for one in (await detail_of(case)).additions] == ["The smaller one, please."]
    await case.decide("approve")
    await decide_on(case, "send_reply/reply", "approve")
    assert (await case.outcome()).ending is Ending.DONE
    assert len(desk.back_office.refunds()) == 1


async def test_a_question_without_an_answer_comes_back_to_people(client: Client, tmp_path: Path) -> None:
    """At the deadline nothing is abandoned that a person is at work on: they decide without the answer, and are told so."""

    def hasty(playbook: dict[str, Any]) -> None:
        playbook["missing_information"] |= {"deadline": "3 seconds", "reminders": ["1 second"]}

    async with running_desk(client, tmp_path, quick, hasty) as desk:
        case = await held_refund(desk)
        await case.decide("respond", purpose="ask_requester", question="Which of the two lamps?", reason="")
        await case.until("waiting_for_approval", proposal="p2")
        assert "question.unanswered" in _standards((await detail_of(case)).exceptions)
        texts = [mail["text"] for mail in desk.mail_sink.messages()]
        assert len(texts) == 2, "the question and one reminder"
        assert all("Which of the two lamps?" in text for text in texts)


def _standards(exceptions: tuple[ReviewException, ...]) -> list[str]:
    return [exception.standard for exception in exceptions]


async def test_a_purpose_is_needed(desk: Desk) -> None:
    """Without one nobody knows whether words are for the desk or for the customer."""
    case: Case = await held_refund(desk)
    accepted, why = await case.decide("respond", reason=INTERNAL)
    assert not accepted
    assert why == "respond needs a purpose: change_draft, change_action, ask_requester"

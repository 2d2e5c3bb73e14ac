from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from channels.mail.composers.letter import Letter
from channels.mail.letter_text import LetterTexts, letter_text, message_id, reply_subject
from channels.mail.reply import MailParameters as SendReply
from dispatch.models.request.status import Ending
from dispatch.models.request.submission import Trigger
from dispatch.models.work.composition import MessageBrief
from dispatch.models.work.plan import Question
from dispatch.models.work.proposal import Action
from dispatch.process.assembly import write_message
from dispatch.process.requester_messages import (
    RequesterMessage,
    notice_message,
    question_message,
    reminder_message,
)
from tests.asked import HANDOFF, NOW, in_force, submission

PLAYBOOK = in_force().playbook
TEXTS = LetterTexts.model_validate(PLAYBOOK.contact_composer[1] if PLAYBOOK.contact_composer else {})
DEADLINE = datetime(2026, 11, 5, 10, 30, tzinfo=timezone(timedelta(hours=1)))
QUESTIONS = (
    Question(
        field="order_number",
        text="Which order?",
        item_ids=("item-1", "item-2"),
        pattern="x",
        example="DD-10001",
    ),
    Question(field="damage", text="What is damaged?", item_ids=("item-2",), pattern="x", example="the lid"),
)


def sent(message: RequesterMessage, **submitted: Any) -> Action:
    """Return the action that the contact's composer makes of a message."""
    brief = MessageBrief(
        handoff=HANDOFF,
        submission=submission(**submitted),
        playbook=in_force(),
        purpose=message.purpose,
        subject=message.subject,
        paragraphs=message.paragraphs,
        item_ids=message.item_ids,
        reason=message.reason,
    )
    return write_message(brief, Letter().compose).action


def test_a_question_asks_everything_and_says_until_when() -> None:
    """One mail, in the desk's letter, to the sender, as an answer to the mail that came."""
    action = sent(
        question_message(QUESTIONS, 1, DEADLINE, "https://desk.example/a/1"), body="hi", subject="Lamp"
    )
    assert (action.name, action.subject, action.item_ids) == (
        "send_reply",
        "question-1",
        ("item-1", "item-2"),
    )
    assert SendReply.model_validate(action.parameters) == SendReply(
        recipient="jane@mail.example",
        subject="Re: Lamp",
        in_reply_to="<1@mail.example>",
        purpose="question",
        text=(
            "Dear Jane Doe,\n\n"
            "Thank you for your message. Before we can go on we need to know:\n\n"
            "- Which order? (for example: DD-10001)\n- What is damaged? (for example: the lid)\n\n"
            "You can answer on this page, which is for your request alone:\nhttps://desk.example/a/1\n\n"
            "Please answer by 09:30 UTC on 5 November 2026; after that we close your request.\n\n"
            "If you cannot open the page, simply reply to this message with your answers.\n\n"
            "Kind regards\nThe desk"
        ),
    )


def test_without_a_page_the_answer_is_a_reply() -> None:
    """A reply comes back to this request; the question says until when."""
    text = str(sent(question_message(QUESTIONS, 1, DEADLINE)).parameters["text"])
    assert "Please reply to this message with your answers." in text
    assert "We close this request at 09:30 UTC on 5 November 2026." in text


def test_each_reminder_is_an_effect_of_its_own() -> None:
    """Its subject names round and count, so that no reminder is taken for another or sent twice."""
    action = sent(reminder_message(QUESTIONS, 2, 3, DEADLINE))
    assert (action.subject, action.parameters["purpose"]) == ("question-2-reminder-3", "reminder")
    assert action.why == "no answer yet to: order_number, damage"


def test_a_notice_uses_the_playbooks_words_only() -> None:
    """What colleagues wrote for one another stays on the trail; without a text or a contact there is no notice."""
    message = notice_message(PLAYBOOK, Ending.REJECTED, "rejected by refunds: a liar")
    assert message is not None
    action = sent(message)
    assert (action.subject, action.why) == ("notice", "rejected by refunds: a liar")
    text = str(action.parameters["text"])
    assert "We cannot do this." in text
    assert "liar" not in text
    assert notice_message(PLAYBOOK, Ending.BLOCKED, "x") is None
    assert notice_message(PLAYBOOK.model_copy(update={"contact": None}), Ending.REJECTED, "x") is None


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        ("Lamp", "Re: Lamp"),
        ("Re: Lamp", "Re: Lamp"),
        ("RE: AW: re[2]: Lamp", "Re: Lamp"),
        ("Reorder", "Re: Reorder"),
        ("", "Re: your message"),
        ("Re: ", "Re: your message"),
        ("a\r\nBcc: evil@evil.example", "Re: a Bcc: …"),
        ("Where is it? I saw it on www.shop.example/a today", "Re: Where is it? I saw it on … today"),
        ("https://evil.example", "Re: your message"),
        ("x" * 1200, "Re: " + "x" * 994),
    ],
)
def test_the_subject_has_one_re_and_one_line(subject: str, expected: str) -> None:
    """A subject can neither grow by answers nor end its header."""
    assert reply_subject(subject) == expected


@pytest.mark.parametrize(
    ("name", "greeting"),
    [
        ("Seán O'Brien-Smith", "Dear Seán O'Brien-Smith,"),
        ("山田 花子", "Dear 山田 花子,"),
        ("Jane\nDoe", "Dear Jane Doe,"),
        ("", "Hello,"),
        ("see https://evil.example", "Hello,"),
        ("www.evil.example", "Hello,"),
        ("You have won 100", "Hello,"),
        ("{name}", "Hello,"),
        ("a" * 81, "Hello,"),
    ],
)
def test_a_name_is_words_or_left_out(name: str, greeting: str) -> None:
    """What senders call themselves cannot put a link or a number into our letter."""
    assert letter_text(TEXTS, name, ["Text.", " "]) == f"{greeting}\n\nText.\n\nKind regards\nThe desk"


def test_only_a_message_id_is_answered_to() -> None:
    """A digest or a form's id in In-Reply-To would be no valid header."""
    for kind, trigger_id in (("json", "<1@x>"), ("mail", "sha256:abc"), ("mail", "<a b>")):
        trigger = Trigger(kind=kind, trigger_id=trigger_id, received_at=NOW)  # type: ignore[arg-type]  # one of two
        assert message_id(trigger) is None
    assert message_id(submission().trigger) == "<1@mail.example>"

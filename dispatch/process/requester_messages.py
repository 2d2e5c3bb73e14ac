"""The questions, reminders and notices to the requester; the contact's composer turns each into an action.

A reply to such a message comes back to its request (runtime/doors/threads.py).
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from dispatch.models.contract import Moment
from dispatch.models.language import ENGLISH, in_language
from dispatch.models.moments import format_moment
from dispatch.models.request.status import Ending
from dispatch.models.work.composition import Purpose
from dispatch.models.work.plan import Question
from dispatch.models.work.playbook import Playbook
from dispatch.texts.requester import requester_texts

NOTICE: Final = "notice"
"""The subject of the message that says how a request ended."""


class RequesterMessage(NamedTuple):
    """One message; `subject` names the effect, so that no reminder is taken for another or sent twice."""

    purpose: Purpose
    subject: str
    paragraphs: tuple[str, ...]
    item_ids: tuple[str, ...]
    reason: str


def question_message(
    questions: Sequence[Question], n: int, deadline: Moment, link: str = "", language: str = ENGLISH
) -> RequesterMessage:
    """Ask for everything that is missing at once; `n` counts the rounds from 1. Subject 'question-<n>'.

    `link` opens the page where it can be answered; empty where there is none.
    """
    opening = requester_texts(language).question_opening
    return RequesterMessage(
        Purpose.QUESTION,
        f"question-{n}",
        (opening, _listed(questions, language), *_how_to_answer(link, deadline, language)),
        _concerned(questions),
        f"the request lacks: {', '.join(q.field for q in questions)}",
    )


def reminder_message(
    questions: Sequence[Question], n: int, m: int, deadline: Moment, link: str = "", language: str = ENGLISH
) -> RequesterMessage:
    """Remind of the questions of round `n` for the `m`-th time. Subject 'question-<n>-reminder-<m>'."""
    opening = requester_texts(language).reminder_opening
    return RequesterMessage(
        Purpose.REMINDER,
        f"question-{n}-reminder-{m}",
        (opening, _listed(questions, language), *_how_to_answer(link, deadline, language)),
        _concerned(questions),
        f"no answer yet to: {', '.join(q.field for q in questions)}",
    )


def persons_question(
    question: str, n: int, m: int, deadline: Moment, language: str = ENGLISH
) -> RequesterMessage:
    """Ask what a person wants to know, in their words; `m` counts the reminders. Subject as of the desk's own questions."""
    texts, when = requester_texts(language), format_moment(deadline, language)
    return RequesterMessage(
        Purpose.REMINDER if m else Purpose.QUESTION,
        f"question-{n}-reminder-{m}" if m else f"question-{n}",
        (
            texts.reminder_by_a_person if m else texts.asked_by_a_person,
            question,
            texts.by_reply,
            texts.decided_at.format(deadline=when),
        ),
        (),
        "a person wants to know more",
    )


def notice_message(
    playbook: Playbook, ending: Ending, why: str, language: str = ENGLISH
) -> RequesterMessage | None:
    """Return the message that says how it ended, in the playbook's words; None where it has none for that ending, or no contact.

    `why` is for the trail only: what a colleague wrote for colleagues is not sent out.
    """
    text = playbook.notices.get(ending.value)
    if text is None or playbook.contact is None:
        return None
    return RequesterMessage(Purpose.NOTICE, NOTICE, (in_language(text, language),), (), why)


def _listed(questions: Sequence[Question], language: str) -> str:
    line = requester_texts(language).listed_question
    return "\n".join(line.format(question=question.text, example=question.example) for question in questions)


def _how_to_answer(link: str, deadline: Moment, language: str) -> tuple[str, ...]:
    """Describe how an answer reaches this request; the link stands alone on its line, so that mail programs take it whole."""
    texts, when = requester_texts(language), format_moment(deadline, language)
    if link:
        return f"{texts.by_page}\n{link}", texts.answer_by.format(deadline=when), texts.without_page
    return texts.by_reply, texts.closes_at.format(deadline=when)


def _concerned(questions: Sequence[Question]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(item_id for question in questions for item_id in question.item_ids))

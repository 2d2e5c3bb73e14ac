"""What the requester is asked, reminded of and told; the contact's composer makes an action of it.

A message that comes back as an answer is read as a new request: nothing here may promise otherwise.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from dispatch.models.contract import Moment
from dispatch.models.moments import format_moment
from dispatch.models.request.status import Ending
from dispatch.models.work.composition import Purpose
from dispatch.models.work.plan import Question
from dispatch.models.work.playbook import Playbook

NOTICE: Final = "notice"
"""The subject of the message that says how a request ended."""

_BY_PAGE: Final = "You can answer on this page, which is for your request alone:"
_ELSEWHERE: Final = (
    "A reply to this message is read as a new request. If you cannot open the page, write to us again with all that "
    "you ask for and these answers in one message."
)
_BY_NEW_REQUEST: Final = (
    "Please write to us again with all that you ask for and these answers in one message: a reply is read as a new "
    "request."
)


class RequesterMessage(NamedTuple):
    """One message; `subject` names the effect, so that no reminder is taken for another or sent twice."""

    purpose: Purpose
    subject: str
    paragraphs: tuple[str, ...]
    item_ids: tuple[str, ...]
    reason: str


def question_message(
    questions: Sequence[Question], n: int, deadline: Moment, link: str = ""
) -> RequesterMessage:
    """Ask for everything that is missing at once; `n` counts the rounds from 1. Subject 'question-<n>'.

    `link` opens the page where it can be answered; empty where there is none.
    """
    opening = "Thank you for your message. Before we can go on we need to know:"
    return RequesterMessage(
        Purpose.QUESTION,
        f"question-{n}",
        (opening, _listed(questions), *_how_to_answer(link, deadline)),
        _concerned(questions),
        f"the request lacks: {', '.join(q.field for q in questions)}",
    )


def reminder_message(
    questions: Sequence[Question], n: int, m: int, deadline: Moment, link: str = ""
) -> RequesterMessage:
    """Remind of the questions of round `n` for the `m`-th time. Subject 'question-<n>-reminder-<m>'."""
    opening = "We wrote to you and have not had your answer yet. To go on we still need to know:"
    return RequesterMessage(
        Purpose.REMINDER,
        f"question-{n}-reminder-{m}",
        (opening, _listed(questions), *_how_to_answer(link, deadline)),
        _concerned(questions),
        f"no answer yet to: {', '.join(q.field for q in questions)}",
    )


def notice_message(playbook: Playbook, ending: Ending, why: str) -> RequesterMessage | None:
    """Return the message that says how it ended, in the playbook's words; None where it has none for that ending, or no contact.

    `why` is for the trail only: what a colleague wrote for colleagues is not sent out.
    """
    text = playbook.notices.get(ending.value)
    if text is None or playbook.contact is None:
        return None
    return RequesterMessage(Purpose.NOTICE, NOTICE, (text,), (), why)


def _listed(questions: Sequence[Question]) -> str:
    return "\n".join(f"- {question.text} (for example: {question.example})" for question in questions)


def _how_to_answer(link: str, deadline: Moment) -> tuple[str, ...]:
    """Describe how an answer reaches this request; the link stands alone on its line, so that mail programs take it whole."""
    when = format_moment(deadline)
    if link:
        until = f"Please answer by {when}; after that we close your request."
        return f"{_BY_PAGE}\n{link}", until, _ELSEWHERE
    return _BY_NEW_REQUEST, f"We close this request at {when}."


def _concerned(questions: Sequence[Question]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(item_id for question in questions for item_id in question.item_ids))

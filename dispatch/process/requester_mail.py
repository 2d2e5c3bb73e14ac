"""Mails to the requester, as actions like any other: the guardian inspects them and they run once."""

import re
from collections.abc import Sequence
from datetime import UTC
from typing import Final, Literal

from channels.mail.reply import MailParameters as SendReply
from dispatch.models.contract import Moment
from dispatch.models.request.status import Ending
from dispatch.models.request.submission import Submission
from dispatch.models.work.plan import Question
from dispatch.models.work.playbook import Letter, Playbook
from dispatch.models.work.proposal import Action
from dispatch.text.extraction import written_date
from dispatch.text.normalise import one_line

_MAX_SUBJECT: Final = 998  # RFC 5322, section 2.1.1
_NO_SUBJECT: Final = "your message"
_ANSWERED: Final = re.compile(r"(?:(?:re|aw|antw|sv|fw|fwd|wg)(?:\[\d{1,3}\])?\s?:\s?)+", re.IGNORECASE)
# What a sender calls himself goes into our letter: words only, so that no name smuggles a link or a sentence in.
_NAME: Final = re.compile(
    r"[^\W\d_]+(?:['\u2019-][^\W\d_]+)*[.,]?(?: [^\W\d_]+(?:['\u2019-][^\W\d_]+)*[.,]?){0,5}"
)
_MAX_NAME: Final = 80


def letter(form: Letter, name: str, paragraphs: Sequence[str]) -> str:
    """Give a whole text: greeting, paragraphs, closing, signature, with a blank line between them.

    A name that is more than a few words is left out.
    """
    plain = one_line(name)
    known = len(plain) <= _MAX_NAME and _NAME.fullmatch(plain) is not None
    greeting = form.greeting.replace("{name}", plain) if known else form.greeting_without_name
    texts = (p.strip() for p in paragraphs)
    return "\n\n".join((greeting, *(t for t in texts if t), f"{form.closing}\n{form.signature}"))


def reply_subject(subject: str) -> str:
    """Give 'Re: <subject>' on one line, with one Re: however many there were, of 998 characters at most."""
    plain = one_line(subject)
    answered = _ANSWERED.match(plain)
    bare = plain[answered.end() :] if answered else plain
    return f"Re: {bare or _NO_SUBJECT}"[:_MAX_SUBJECT]


def message_id(submission: Submission) -> str | None:
    """Give the Message-ID that an answer replies to; None for a JSON request and for a mail without one."""
    trigger = submission.trigger
    is_id = trigger.kind == "mail" and re.fullmatch(r"<[^<>\s]{1,990}>", trigger.trigger_id) is not None
    return trigger.trigger_id if is_id else None


def question_mail(
    submission: Submission,
    playbook: Playbook,
    questions: Sequence[Question],
    n: int,
    deadline: Moment,
    link: str = "",
) -> Action:
    """Ask for everything that is missing at once; `n` counts the rounds from 1. Subject 'question-<n>'.

    `link` opens the page where it can be answered; empty where there is none.
    """
    opening = "Thank you for your message. Before we can go on we need to know:"
    return _mail(
        submission,
        playbook,
        purpose="question",
        subject=f"question-{n}",
        paragraphs=(opening, _listed(questions), _by_page(link), _until(deadline)),
        item_ids=_concerned(questions),
        why=f"the request lacks: {', '.join(q.field for q in questions)}",
    )


def reminder_mail(
    submission: Submission,
    playbook: Playbook,
    questions: Sequence[Question],
    n: int,
    m: int,
    deadline: Moment,
    link: str = "",
) -> Action:
    """Remind of the questions of round `n` for the `m`-th time. Subject 'question-<n>-reminder-<m>'."""
    opening = "We wrote to you and have not had your answer yet. To go on we still need to know:"
    return _mail(
        submission,
        playbook,
        purpose="reminder",
        subject=f"question-{n}-reminder-{m}",
        paragraphs=(opening, _listed(questions), _by_page(link), _until(deadline)),
        item_ids=_concerned(questions),
        why=f"no answer yet to: {', '.join(q.field for q in questions)}",
    )


def notice_mail(submission: Submission, playbook: Playbook, ending: Ending, why: str) -> Action | None:
    """Tell the requester how it ended, in the playbook's words; None where it has none for that ending.

    `why` is for the trail only: what a colleague wrote for colleagues is not sent out.
    """
    text = playbook.notices.get(ending.value)
    if text is None:
        return None
    return _mail(
        submission, playbook, purpose="notice", subject="notice", paragraphs=(text,), item_ids=(), why=why
    )


def _mail(
    submission: Submission,
    playbook: Playbook,
    *,
    purpose: Literal["question", "reminder", "notice"],
    subject: str,
    paragraphs: Sequence[str],
    item_ids: tuple[str, ...],
    why: str,
) -> Action:
    parameters = SendReply(
        recipient=submission.sender.address,
        subject=reply_subject(submission.subject),
        text=letter(playbook.letter, submission.sender.name, paragraphs),
        in_reply_to=message_id(submission),
        purpose=purpose,
    )
    return Action(
        name="send_reply",
        subject=subject,
        parameters=parameters.model_dump(mode="json"),
        item_ids=item_ids,
        why=why,
    )


def _listed(questions: Sequence[Question]) -> str:
    return "\n".join(f"- {question.text} (for example: {question.example})" for question in questions)


def _by_page(link: str) -> str:
    """Offer the page; the link stands alone on its line, so that no mail program takes more or less for it."""
    return f"You can answer on this page, which is for your request alone:\n{link}" if link else ""


def _until(deadline: Moment) -> str:
    at = deadline.astimezone(UTC)
    return f"Please answer by {at:%H:%M} UTC on {written_date(at)}; after that we close your request."


def _concerned(questions: Sequence[Question]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(item_id for question in questions for item_id in question.item_ids))

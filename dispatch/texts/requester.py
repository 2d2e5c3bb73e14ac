"""The engine's sentences for requesters, read once from `requester.yaml`."""

from pathlib import Path
from typing import Annotated, Final

from dispatch.models.contract import Contract
from dispatch.models.language import ENGLISH
from dispatch.texts.loader import filled_with, load_texts

LANGUAGES: Final = (ENGLISH, "de")
REQUESTER_FILE: Final = Path(__file__).with_name("requester.yaml")

_Plain = Annotated[str, filled_with()]
_WithDeadline = Annotated[str, filled_with("deadline")]


class RequesterTexts(Contract):
    """All sentences of one language."""

    question_opening: _Plain
    reminder_opening: _Plain
    listed_question: Annotated[str, filled_with("question", "example")]
    by_page: _Plain
    answer_by: _WithDeadline
    without_page: _Plain
    by_reply: _Plain
    closes_at: _WithDeadline
    with_a_colleague: Annotated[str, filled_with("words")]
    part_with_a_colleague: _Plain
    declined: Annotated[str, filled_with("words")]
    part_declined: _Plain
    all_declined: _Plain
    asked_by_a_person: _Plain
    reminder_by_a_person: _Plain
    decided_at: _WithDeadline
    no_subject: _Plain
    part_heading: Annotated[str, filled_with("words")]
    part_waits: Annotated[str, filled_with("who")]
    part_planned: Annotated[str, filled_with("when")]
    parts_opening: _Plain
    part_settled_since: _Plain
    part_heading_plain: _Plain
    part_done: _Plain
    part_refused: _Plain
    part_with_a_person: _Plain
    part_unanswered: _Plain
    part_withdrawn: _Plain
    part_stopped: _Plain
    part_awaits_answer: _Plain
    part_in_work: _Plain


_TEXTS: Final = load_texts(REQUESTER_FILE, RequesterTexts, LANGUAGES)


def requester_texts(language: str) -> RequesterTexts:
    """Return the sentences in a language, or in English if the engine has none in it."""
    return _TEXTS.get(language, _TEXTS[ENGLISH])

"""The sentences of the requester's page, read once from `answer_page.yaml`."""

from pathlib import Path
from typing import Annotated, Final

from dispatch.models.contract import Contract
from dispatch.models.language import ENGLISH
from dispatch.texts.loader import filled_with, load_texts

ANSWER_PAGE_FILE: Final = Path(__file__).with_name("answer_page.yaml")

_Plain = Annotated[str, filled_with()]


class AnswerPageTexts(Contract):
    """All sentences of one language."""

    title: _Plain
    heading_open: _Plain
    heading_nothing: _Plain
    heading_wrong: _Plain
    example: Annotated[str, filled_with("example")]
    send: _Plain
    usable_before: _Plain
    usable_after: _Plain
    closed: _Plain
    nothing_open: _Plain
    too_often: Annotated[str, filled_with("seconds")]
    empty: _Plain
    empty_remedy: _Plain
    thanks: _Plain
    arrived: _Plain
    recorded: _Plain
    refused: _Plain


ANSWER_PAGE_TEXTS: Final = load_texts(ANSWER_PAGE_FILE, AnswerPageTexts, (ENGLISH,))[ENGLISH]
"""The page does not know the request's language; only its questions, from the desk, are in it."""

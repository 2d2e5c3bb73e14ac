"""The website desk's sentences for requesters, read once from `texts.yaml`."""

from pathlib import Path
from typing import Annotated, Final

from dispatch.models.contract import Contract
from dispatch.models.language import ENGLISH
from dispatch.texts.loader import filled_with, load_texts

LANGUAGES: Final = (ENGLISH, "de")

_Plain = Annotated[str, filled_with()]


class WebsiteTexts(Contract):
    """All sentences of one language; those after `page_candidate` say why a change is not clear."""

    changed: Annotated[str, filled_with("url", "line", "part", "was", "becomes")]
    added: Annotated[str, filled_with("url", "line", "part", "becomes")]
    removed: Annotated[str, filled_with("url", "line", "part", "was")]
    replaced: Annotated[str, filled_with("url")]
    returned: Annotated[str, filled_with("name")]
    declined: Annotated[str, filled_with("url")]
    left_before: Annotated[str, filled_with("url", "what")]
    not_checked: Annotated[str, filled_with("url", "what", "why")]
    times: Annotated[str, filled_with("count", "rule")]
    question_opening: _Plain
    question_answer: _Plain
    about: Annotated[str, filled_with("said", "why")]
    candidate: Annotated[str, filled_with("reference", "line", "words")]
    page_candidate: Annotated[str, filled_with("path")]
    not_understood: _Plain
    no_page: _Plain
    which_page: _Plain
    foreign_host: _Plain
    several: _Plain
    near: _Plain
    nowhere: _Plain
    same: _Plain
    no_selector: _Plain
    across_markup: _Plain
    unsound: _Plain
    holds_blocks: _Plain
    unsafe_address: _Plain
    cannot_remove: _Plain
    cannot_add: _Plain
    no_file: _Plain
    file_and_words: _Plain
    too_many_pages: _Plain
    unreadable: Annotated[str, filled_with("why")]


_TEXTS: Final = load_texts(Path(__file__).with_name("texts.yaml"), WebsiteTexts, LANGUAGES)


def website_texts(language: str) -> WebsiteTexts:
    """Return the sentences in a language, or in English if the desk has none in it."""
    return _TEXTS.get(language, _TEXTS[ENGLISH])

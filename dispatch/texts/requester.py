"""The engine's sentences for requesters, read once from `requester.yaml` and checked as a whole."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from string import Formatter
from typing import Any, Final

from pydantic import ValidationError

from dispatch.models.contract import Contract
from dispatch.models.errors import PlaybookError
from dispatch.models.language import ENGLISH
from dispatch.playbooks.strict_yaml import read_yaml

LANGUAGES: Final = (ENGLISH, "de")
_FILE: Final = Path(__file__).with_name("requester.yaml")
_PLACEHOLDERS: Final[Mapping[str, frozenset[str]]] = {
    "listed_question": frozenset({"question", "example"}),
    "answer_by": frozenset({"deadline"}),
    "closes_at": frozenset({"deadline"}),
}


class RequesterTexts(Contract):
    """All sentences of one language; those with placeholders are filled in with `str.format`."""

    question_opening: str
    reminder_opening: str
    listed_question: str
    by_page: str
    answer_by: str
    without_page: str
    by_new_request: str
    closes_at: str
    no_subject: str


def load_requester_texts(file: Path = _FILE) -> Mapping[str, RequesterTexts]:
    """Return the texts by language.

    Raises PlaybookError with file and key for a text that is missing, unknown, or has other placeholders than its key.
    """
    content = read_yaml(file)
    if not isinstance(content, dict):
        raise PlaybookError(str(file), "", "it is no mapping", "Write 'key: {en: ..., de: ...}' at the top.")
    for key, texts in content.items():
        for where, problem, remedy in _problems(str(key), texts):
            raise PlaybookError(str(file), where, problem, remedy)
    try:
        return {
            language: RequesterTexts.model_validate({key: texts[language] for key, texts in content.items()})
            for language in LANGUAGES
        }
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise PlaybookError(
            str(file), str(first["loc"][0]), first["msg"], "Add, remove or correct the key."
        ) from None


def requester_texts(language: str) -> RequesterTexts:
    """Return the sentences in a language; in English where the engine has none."""
    return _TEXTS.get(language, _TEXTS[ENGLISH])


def _problems(key: str, texts: Any) -> Iterator[tuple[str, str, str]]:
    if not isinstance(texts, dict) or set(texts) != set(LANGUAGES):
        yield key, "it does not have exactly one text by language", f"Write {', '.join(LANGUAGES)} below it."
        return
    expected = _PLACEHOLDERS.get(key, frozenset())
    for language, text in texts.items():
        where = f"{key}.{language}"
        if not isinstance(text, str) or not text.strip():
            yield where, "it is no text", "Write the sentence in quotes."
        elif (found := _placeholders(text)) != expected:
            named = ", ".join(f"{{{name}}}" for name in sorted(expected)) or "none"
            yield where, f"its placeholders are {sorted(found)}", f"Use exactly these: {named}."


def _placeholders(text: str) -> frozenset[str]:
    try:
        return frozenset(name for _, name, _, _ in Formatter().parse(text) if name is not None)
    except ValueError as error:
        return frozenset({f"unreadable: {error}"})


_TEXTS: Final = load_requester_texts()

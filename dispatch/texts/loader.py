"""Reads a file of texts by language and refuses incomplete ones."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from string import Formatter
from typing import Any, TypeVar

from pydantic import AfterValidator, ValidationError

from dispatch.models.contract import Contract
from dispatch.models.errors import PlaybookError
from dispatch.playbooks.strict_yaml import read_yaml

T = TypeVar("T", bound=Contract)


def load_texts(file: Path, kind: type[T], languages: Sequence[str]) -> Mapping[str, T]:
    """Return the texts by language; each field of `kind` is one text, the placeholders of its first language hold.

    Raises PlaybookError with file and key for a text that is missing, unknown, or has other placeholders than in the
    first language.
    """
    content = read_yaml(file)
    if not isinstance(content, dict):
        raise PlaybookError(str(file), "", "it is no mapping", "Write 'key: {en: ..., de: ...}' at the top.")
    for key, texts in content.items():
        for where, problem, remedy in _problems(str(key), texts, languages):
            raise PlaybookError(str(file), where, problem, remedy)
    try:
        return {
            language: kind.model_validate({key: texts[language] for key, texts in content.items()})
            for language in languages
        }
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise PlaybookError(
            str(file), str(first["loc"][0]), first["msg"], "Add, remove or correct the key."
        ) from None


def placeholders(text: str) -> frozenset[str]:
    """Return the names in braces; raises ValueError where the braces do not pair."""
    return frozenset(name for _, name, _, _ in Formatter().parse(text) if name is not None)


def _problems(key: str, texts: Any, languages: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    if not isinstance(texts, dict) or set(texts) != set(languages):
        yield key, "it does not have exactly one text by language", f"Write {', '.join(languages)} below it."
        return
    expected: frozenset[str] | None = None
    for language in languages:
        where, text = f"{key}.{language}", texts[language]
        if not isinstance(text, str) or not text.strip():
            yield where, "it is no text", "Write the sentence in quotes."
            return
        try:
            found = placeholders(text)
        except ValueError as error:
            yield where, f"its braces do not pair: {error}", "Write each placeholder as {name}."
            return
        if expected is not None and found != expected:
            named = ", ".join(f"{{{name}}}" for name in sorted(expected)) or "none"
            yield where, f"its placeholders are {sorted(found)}", f"Use exactly these: {named}."
        expected = found if expected is None else expected


def filled_with(*names: str) -> AfterValidator:
    """Return the check that a text has exactly these placeholders, which the code fills in with `str.format`."""

    def check(text: str) -> str:
        if placeholders(text) != set(names):
            raise ValueError(f"its placeholders must be {sorted(names)}")
        return text

    return AfterValidator(check)

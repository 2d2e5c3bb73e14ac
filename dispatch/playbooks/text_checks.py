"""The texts that a desk sends as they stand in its playbook: each in every language, with nothing left to fill in."""

import re
from collections.abc import Iterator

from pydantic import JsonValue

from dispatch.models.language import Text
from dispatch.models.request.status import Ending
from dispatch.models.work.playbook import Playbook
from dispatch.process.fields import PLACEHOLDER

Found = tuple[str, str, str]
"""Path, problem, remedy."""


def text_problems(playbook: Playbook) -> Iterator[Found]:
    """Yield what is wrong with the texts of a playbook."""
    yield from _languages(playbook)
    yield from _placeholders(playbook)


def one_of(names: object) -> str:
    """Return names in a row, as a remedy lists them."""
    known = ", ".join(map(str, names)) if isinstance(names, (dict, tuple, list)) else str(names)
    return known or "nothing yet"


def _languages(playbook: Playbook) -> Iterator[Found]:
    for path, by_language in _translated(playbook):
        if set(by_language) != set(playbook.languages):
            missing = [language for language in playbook.languages if language not in by_language]
            unknown = [language for language in by_language if language not in playbook.languages]
            yield (
                path,
                f"it has no text in {', '.join(missing)}"
                if missing
                else f"{unknown[0]!r} is none of `languages`",
                f"Write one text for each of: {one_of(playbook.languages)}.",
            )
    for ending in playbook.notices:
        # What is done, in whole or in part, is told by the reply.
        known = [e.value for e in Ending if e not in {Ending.DONE, Ending.PARTLY_DONE}]
        if ending not in known:
            remedy = f"Name one of: {', '.join(known)}."
            yield (f"notices.{ending}", f"{ending!r} is no ending with a notice", remedy)


def _placeholders(playbook: Playbook) -> Iterator[Found]:
    """Find braces that nothing would fill: they would be sent as they stand."""
    texts = [
        (path, text, ask.requires)
        for kind, ask in playbook.intents.items()
        for name, standing in (("answer", ask.answer), ("refuse", ask.refuse))
        for path, text in _texts_in(f"intents.{kind}.{name}", standing)
    ]
    texts += [
        (path, text, ())
        for path, text in standing_texts(playbook)
        if path.startswith(("fields.", "notices."))
    ]
    for path, text, known in texts:
        unknown = [name for name in PLACEHOLDER.findall(text) if name not in known]
        if unknown:
            yield (
                path,
                f"{{{unknown[0]}}} would be sent as it stands",
                f"Name a field that the intent requires ({one_of(known)}), or write it without braces."
                if path.startswith("intents.")
                else "Write it without braces.",
            )
        elif re.search("[{}]", PLACEHOLDER.sub("", text)):
            yield (path, "a brace stands alone", "Close it, or write the text without it.")


def _translated(playbook: Playbook) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield every text that is written by language; one plain text serves every language."""
    texts: list[tuple[str, Text | None]] = [
        *((f"intents.{kind}.answer", ask.answer) for kind, ask in playbook.intents.items()),
        *((f"intents.{kind}.refuse", ask.refuse) for kind, ask in playbook.intents.items()),
        *((f"fields.{field}.question", spec.question) for field, spec in playbook.fields.items()),
        *((f"fields.{field}.example", spec.example) for field, spec in playbook.fields.items()),
        *((f"notices.{ending}", text) for ending, text in playbook.notices.items()),
    ]
    for path, text in texts:
        if isinstance(text, dict):
            yield path, text


def standing_texts(playbook: Playbook) -> Iterator[tuple[str, str]]:
    """Yield every text that the desk sends as it stands in the playbook, with its path."""
    for kind, ask in playbook.intents.items():
        yield from _texts_in(f"intents.{kind}.answer", ask.answer)
        yield from _texts_in(f"intents.{kind}.refuse", ask.refuse)
    for field, spec in playbook.fields.items():
        yield from _texts_in(f"fields.{field}.question", spec.question)
        yield from _texts_in(f"fields.{field}.example", spec.example)
    if playbook.deliver is not None:
        yield from _texts_in("deliver.config", playbook.deliver.config)
    if playbook.contact is not None:
        yield from _texts_in("contact.config", playbook.contact.config)
    for ending, text in playbook.notices.items():
        yield from _texts_in(f"notices.{ending}", text)


def _texts_in(path: str, value: JsonValue | Text) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for name, part in value.items():
            yield from _texts_in(f"{path}.{name}", part)
    elif isinstance(value, list):
        for index, part in enumerate(value):
            yield from _texts_in(f"{path}[{index}]", part)

"""The language of a request, and texts that a playbook has in several languages."""

from typing import Annotated, Final

from pydantic import Field

ENGLISH: Final = "en"

Language = Annotated[str, Field(pattern=r"^[a-z]{2}$")]
"""Two letters of ISO 639, such as 'en'."""

Text = str | Annotated[dict[Language, str], Field(min_length=1)]
"""One text for every requester, or one by language."""


def in_each_language(text: Text) -> tuple[str, ...]:
    """Return the text as every language has it."""
    return (text,) if isinstance(text, str) else tuple(text.values())


def in_language(text: Text, language: str) -> str:
    """Return the text in a language; in the first that it has where it lacks this one."""
    return text if isinstance(text, str) else text.get(language, next(iter(text.values())))

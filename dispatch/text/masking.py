"""Masks parts that do not matter for a text's intent: different order numbers must not make different intents."""

import re
from typing import Final

from dispatch.text.normalise import one_line

LONGEST: Final = 800
"""Characters that a classifier reads; of a longer text the beginning and the end, which usually hold the request."""

_ADDRESS: Final = re.compile(r"\S{1,64}@\S{1,255}")
_LINK: Final = re.compile(r"\b(?:https?://|www\.)\S{1,500}", re.IGNORECASE)
_PLACEHOLDER: Final = re.compile(r"\{\{?[^{}\n]{1,60}\}?\}|\[[A-Z_ ]{3,40}\]")
_NUMBERED: Final = re.compile(
    r"#? ?\b[a-z]{2,5}[_\-/]?\d[\d\-/]{2,20}\b|#\d{2,20}\b|(?<![\w.,])\d{4,20}\b", re.IGNORECASE
)
_NUMBER: Final = re.compile(r"\d[\d.,:/\-]{0,30}")


def masked(text: str) -> str:
    """Return a text on one line, in lower case, with numbers, addresses, links and placeholders as plain words."""
    line = one_line(text if len(text) <= LONGEST else f"{text[: LONGEST // 2]} {text[-LONGEST // 2 :]}")
    line = _LINK.sub("link", _ADDRESS.sub("address", _PLACEHOLDER.sub("name", line)))
    line = _NUMBER.sub("0", _NUMBERED.sub("number", line))
    return line.lower()

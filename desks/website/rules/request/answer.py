"""Reads an answer to the desk's question: places by their reference, pages by name, or the change said anew."""

import re
from typing import Final, NamedTuple

from desks.website.models.changes import Change, Wish
from desks.website.rules.request.read import wish_of

ANSWER_PREFIX: Final = "As answered: "
"""How the playbook's field writes an answer, so that nothing in a request is taken for one."""
_REFERENCE: Final = re.compile(r"\bL\d{1,6}-[a-z]{2}\b")
_ALL: Final = re.compile(
    r"\b(?:all(?: of (?:them|these))?|both|everywhere|alle|beide|überall)\b", re.IGNORECASE
)


class Answer(NamedTuple):
    """What an answer picks, names and asks for."""

    chosen: str
    """References, and 'all', with spaces between them."""
    page: str
    changes: tuple[Change, ...]


def answer_of(field: str) -> Answer:
    """Read the field that holds an answer; an empty one picks nothing."""
    text = field.removeprefix(ANSWER_PREFIX).strip()
    if not text:
        return Answer("", "", ())
    found = _REFERENCE.findall(text)
    if not found and _ALL.search(text):
        found = ["all"]
    wish = wish_of(text) if '"' in text or "“" in text or "„" in text else Wish()
    page = wish.pages[0] if wish.pages else _page(text)
    return Answer(" ".join(found), page, wish.changes)


def _page(text: str) -> str:
    for tried in (f"on {text.strip(' .')}", f"on the page {text.strip(' .')}", text):
        wish = wish_of(f"{tried}\n\n")
        if wish.pages:
            return wish.pages[0]
    plain = text.strip(" .\"'")
    return plain if re.fullmatch(r"[\w/.-]{2,80}", plain) and not _REFERENCE.fullmatch(plain) else ""

"""What changed between two proposals, word by word for texts."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Final, Literal

from pydantic import JsonValue

from dispatch.models.contract import Facts
from dispatch.models.money import amount_named, format_money
from dispatch.models.work.proposal import BoundAction, Proposal
from inbox.filters import title_of, words

Mark = Literal["same", "added", "removed"]
_WORDS: Final = re.compile(r"\s+|[^\s]+")
MOST_CHARS: Final = 20_000
"""A longer text is shown as wholly removed and added: a comparison word by word would delay the page."""


@dataclass(frozen=True)
class Piece:
    mark: Mark
    text: str


@dataclass(frozen=True)
class Change:
    """One difference; `pieces` for a text, else `before` and `now`."""

    what: str
    before: str = ""
    now: str = ""
    pieces: tuple[Piece, ...] = ()


def changes(before: Proposal, now: Proposal) -> tuple[Change, ...]:
    """Compare action by action; two actions are the same one if their name and subject are equal."""
    old = {(b.action.name, b.action.subject): b for b in before.actions}
    new = {(b.action.name, b.action.subject): b for b in now.actions}
    found = [
        Change(f"{title_of(old[key])}, {key[1]}", before="there", now="dropped")
        for key in old.keys() - new.keys()
    ]
    for key, bound in new.items():
        if key not in old:
            found.append(Change(f"{title_of(bound)}, {key[1]}", before="not there", now="added"))
            continue
        was, parameters = old[key].action.parameters, bound.action.parameters
        found.extend(
            _change(_label(bound, name), _worded(name, was), _worded(name, parameters))
            for name in dict.fromkeys((*was, *parameters))
            if was.get(name) != parameters.get(name)
        )
    return tuple(found)


def word_by_word(before: str, now: str) -> tuple[Piece, ...]:
    """Return both texts as one, in pieces that are the same, removed or added."""
    if len(before) + len(now) > MOST_CHARS:
        return Piece("removed", before), Piece("added", now)
    old, new = _WORDS.findall(before), _WORDS.findall(now)
    pieces: list[Piece] = []
    for tag, i, j, k, m in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            pieces.append(Piece("same", _joined(old[i:j])))
            continue
        if i != j:
            pieces.append(Piece("removed", _joined(old[i:j])))
        if k != m:
            pieces.append(Piece("added", _joined(new[k:m])))
    return tuple(pieces)


def _label(bound: BoundAction, key: str) -> str:
    return f"{title_of(bound)}: {words(key.removesuffix('_minor'))}"


def _worded(key: str, parameters: Facts) -> JsonValue:
    """Return a value as people read it: an amount with its currency."""
    amount = amount_named(key, parameters)
    return parameters.get(key) if amount is None else format_money(amount)


def _change(what: str, before: JsonValue, now: JsonValue) -> Change:
    if isinstance(before, str) and isinstance(now, str) and "\n" in before + now:
        return Change(what, pieces=word_by_word(before, now))
    return Change(
        what, before="nothing" if before is None else str(before), now="nothing" if now is None else str(now)
    )


def _joined(tokens: Sequence[str]) -> str:
    return "".join(tokens)

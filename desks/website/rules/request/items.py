"""Says which item of a request each change belongs to, by their words."""

import re
from collections.abc import Sequence
from typing import Final

from desks.website.rules.page.words import folded

_WORD: Final = re.compile(r"\w+")
_ENOUGH: Final = 0.5


def items_of(said: str, items: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    """Return the ids of the items whose words hold these, or are among them; the one most like them where none does.

    `items` are ids with texts. A change whose quotation holds words that look like an ask may belong to several items.
    """
    plain = folded(said).casefold().strip(" .!;,")
    texts = [(item_id, folded(text).casefold().strip(" .!;,")) for item_id, text in items]
    holding = [item_id for item_id, text in texts if plain and (plain in text or text in plain)]
    if holding:
        return tuple(holding)
    words = set(_WORD.findall(plain))
    shares = [(_share(words, set(_WORD.findall(text))), item_id) for item_id, text in texts]
    best = max(shares, default=(0.0, ""))
    if best[0] >= _ENOUGH:
        return (best[1],)
    return tuple(item_id for item_id, _ in items[:1]) if len(items) == 1 else ()


def _share(one: set[str], other: set[str]) -> float:
    return len(one & other) / min(len(one), len(other)) if one and other else 0.0

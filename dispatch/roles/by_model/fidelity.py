"""Whether a paragraph says in other words what the rules' paragraph says, and nothing else.

It compares figures, names, links, negations, the words that weigh, and how many of the words are the same. It understands
no sentence: two plain words that change places with others are not seen. docs/models.md says so.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final

from dispatch.roles.by_model.weighty_words import (
    FUNCTION_WORDS,
    LOWER_BOUNDS,
    NEGATION_STEMS,
    NEGATIONS,
    STEMS,
    UPPER_BOUNDS,
    WHOLE_WORDS,
)
from dispatch.roles.supported import unsupported
from dispatch.text.asks import is_ask
from dispatch.text.links import foreign_links
from dispatch.text.normalise import fold, normalise
from dispatch.text.sentences import sentences_of

_WORD: Final = re.compile(r"[^\W_]+")
_BEFORE_A_FIGURE: Final = 3
_PLAIN_MARKS: Final = frozenset(" .,;:!?'\"()%&/-\u2013\u2014\u2018\u2019\u201a\u201c\u201d\u201e")
_SHORTEST_CONTENT_WORD: Final = 3
_STEM: Final = 5
_MOST_TIMES: Final = 1.5
_MORE_CHARS: Final = 20
_LEAST_KEPT: Final = 0.6
_LEAST_KNOWN: Final = 0.5
_MOST_NEW: Final = 1 / 3
_FEW_NEW: Final = 2
_ANNOUNCES: Final = re.compile(
    r"\b(?:i|we) (?:will|shall|are going to|am going to|are about to|ll)\b|\b(?:ich werde|wir werden|werden wir|werde ich)\b"
)
_CLAUSE_ENDS: Final = re.compile(r"[,;()\u2013\u2014]|: | - | and | und ")
_CAPITALISED: Final = re.compile(r"(?<=[^\W_,;] )[A-Z][\w'\u2019-]+")


def differences(original: str, anew: str, language: str) -> list[str]:
    """Return a sentence for each thing that a paragraph in other words says and the rules' one does not, or the reverse.

    Each begins with the name of its check.
    """
    if disguised := _disguised(original, anew):
        return [disguised]
    return [
        *(f"unsupported: the {one.kind} is not in the paragraph" for one in unsupported(anew, [original])),
        *(f"left_out: the {one.kind} {one.quote} is missing" for one in unsupported(original, [anew])),
        *_links(original, anew),
        *_figures(original, anew),
        *_weight(original, anew),
        *_wishes(original, anew),
        *_nearness(original, anew),
        *_names(original, anew, language),
    ]


def _disguised(original: str, anew: str) -> str:
    """Return what is wrong with the characters of a text, and with its length; empty where nothing is."""
    if not anew.strip():
        return "length: it is empty"
    if len(anew) > len(original) * _MOST_TIMES + _MORE_CHARS:
        return f"length: it has {len(anew)} characters, the paragraph {len(original)}; shorten it"
    clean = normalise(anew)
    if clean.notes or unicodedata.normalize("NFC", anew) != anew or _lines(anew) > _lines(original):
        return "characters: write plain text on as many lines as the paragraph has"
    scripts = {_script(c) for c in original if c.isalpha()} | {"LATIN"}
    for char in anew.replace("\n", " "):
        known = char in original or char in _PLAIN_MARKS or (char.isascii() and char.isdigit())
        if not known and not (char.isalpha() and _script(char) in scripts):
            return f"characters: {unicodedata.name(char, 'a control character')} does not belong there"
    return ""


def _lines(text: str) -> int:
    return len(text.strip().splitlines())


def _script(char: str) -> str:
    return unicodedata.name(char, "?").partition(" ")[0]


def _links(original: str, anew: str) -> Iterator[str]:
    if set(foreign_links(original, ())) != set(foreign_links(anew, ())):
        yield "links: it must lead where the paragraph leads, and nowhere else"


def _figures(original: str, anew: str) -> Iterator[str]:
    """Yield where figures stand in another order, or one of them became a least instead of a most."""
    before, after = _bounds(original), _bounds(anew)
    if list(before) != list(after):
        yield "order: the figures do not follow one another as in the paragraph"
    for figure in before.keys() & after.keys():
        if before[figure] != after[figure]:
            yield f"bounds: {figure} is another kind of bound there"


def _bounds(text: str) -> dict[str, frozenset[str]]:
    """Return the figures of a text in their order, each with how it is bounded ('until', 'after') where it is."""
    words = _words(text)
    found: dict[str, frozenset[str]] = {}
    for place, word in enumerate(words):
        if word[0].isdigit():
            near = words[max(0, place - _BEFORE_A_FIGURE) : place]
            kinds = {"most" for one in near if one in UPPER_BOUNDS} | {
                "least" for one in near if one in LOWER_BOUNDS
            }
            found[word] = found.get(word, frozenset()) | kinds
    return found


def _weight(original: str, anew: str) -> Iterator[str]:
    before, after = _words(original), _words(anew)
    if _negations(before) != _negations(after):
        yield "negations: a negation was lost or added; keep each"
    for group in _groups(before) ^ _groups(after):
        yield f"weighty: words like '{group}' must be in both or in neither"


def _negations(words: Iterable[str]) -> int:
    return sum(word in NEGATIONS or word.startswith(NEGATION_STEMS) for word in words)


def _groups(words: list[str]) -> set[str]:
    """Return the groups of weighty words that a text has some of, each by its first word."""
    said = set(words)
    whole = {group[0] for group in WHOLE_WORDS if not said.isdisjoint(group)}
    return whole | {stems[0] for stems in STEMS if any(word.startswith(stems) for word in said)}


def _wishes(original: str, anew: str) -> Iterator[str]:
    """Yield where the reader is asked for something, or promised something, that the paragraph does not."""
    asked_before, asked_after = (sum(map(is_ask, _clauses(text))) for text in (original, anew))
    if asked_after > asked_before or anew.count("?") > original.count("?"):
        yield "asks: it asks the reader for something"
    before, after = (len(_ANNOUNCES.findall(" ".join(_words(text)))) for text in (original, anew))
    if after > before:
        yield "promises: it says what we will do, and the paragraph does not"


def _clauses(text: str) -> Iterator[str]:
    """Yield the parts of a text that may each ask for something, 'it is late (please wait)' in two."""
    for sentence in sentences_of(text.replace("\n", " ")):
        yield from (clause.strip() for clause in _CLAUSE_ENDS.split(sentence) if clause.strip())


def _nearness(original: str, anew: str) -> Iterator[str]:
    """Yield where too few of the words are those of the paragraph: another language, another subject, a sentence more."""
    known = _content(original)
    said = _content(anew)
    if sum((known & said).values()) < _LEAST_KEPT * known.total():
        yield "far: too few of the paragraph's words are left"
    new = said.keys() - known.keys()
    if len(new) > max(_FEW_NEW, int(_MOST_NEW * len(known))):
        yield "far: too many words are new"
    for sentence in sentences_of(anew.replace("\n", " ")):
        words = _content(sentence)
        shared = sum(count for word, count in words.items() if word in known)
        if shared < _LEAST_KNOWN * words.total() or (not words and known):
            yield "far: a sentence says something else"


def _content(text: str) -> Counter[str]:
    """Return the words that say something, each by how it begins."""
    return Counter(
        word if word[0].isdigit() else word[:_STEM]
        for word in _words(text)
        if word[0].isdigit() or (len(word) >= _SHORTEST_CONTENT_WORD and word not in FUNCTION_WORDS)
    )


def _names(original: str, anew: str, language: str) -> Iterator[str]:
    if language == "de":
        return  # every noun has a capital there
    known = set(_words(original))
    for name in _CAPITALISED.findall(anew):
        if not known.issuperset(_words(name)):
            yield "unsupported: a name is not in the paragraph"


def _words(text: str) -> list[str]:
    plain = fold(text).replace("\u2019", "'")
    plain = re.sub(r"\bcan(?:not|'t)\b", "can not", plain)
    return _WORD.findall(re.sub(r"n't\b", " not", plain))

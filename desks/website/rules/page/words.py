"""The words of a page as people read them, each with its place in the source.

White space is folded, character references are read, and inline markup is looked through; a block's border is never
crossed.
"""

import re
from collections.abc import Iterator
from difflib import SequenceMatcher
from typing import Final, NamedTuple

from desks.website.rules.page.document import INLINE, UNSEEN, Page, Piece, Placed, Tag
from desks.website.rules.page.source import Edit

_SPACES: Final = frozenset(" \t\n\r\f\v\u00a0\u2002\u2003\u2009\u202f\u3000")
_DROPPED: Final = frozenset("\u00ad\u200b\u200c\u200d\u2060\ufeff")
_SAME: Final = str.maketrans(
    {"\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"', "\u2010": "-", "\u2011": "-", "\u2212": "-"}
)
_NUMBER_BEFORE: Final = re.compile(r"\d[.,:]?\Z")
_NUMBER_AFTER: Final = re.compile(r"[.,:]?\d")
_BORDER: Final = "\0"
_SHOWN: Final = 90


class Words(NamedTuple):
    """Folded characters; for each its place in the source, and the stretch between two tags that it is in."""

    text: str
    starts: tuple[int, ...]
    ends: tuple[int, ...]
    runs: tuple[int, ...]


class Found(NamedTuple):
    """A place where words stand: in `Words.text`, and in the source."""

    begin: int
    end: int
    start: int
    stop: int


def folded(text: str) -> str:
    """Return words as they are compared: white space as one space, typographic quotes and dashes as plain ones."""
    return one_spaced(text).translate(_SAME)


def one_spaced(text: str) -> str:
    """Return words with each stretch of white space as one space, and without characters that nobody sees."""
    return " ".join("".join(" " if c in _SPACES else c for c in text if c not in _DROPPED).split())


def words_of(page: Page, within: Placed | None = None) -> Words:
    """Return the running text of a page, or of one element of any kind, with a border between blocks."""
    text: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    runs: list[int] = []
    run = 0
    for token in _visible(page, within):
        if isinstance(token, Tag):
            run += 1
            if (token.name and token.name not in INLINE) and text and text[-1] != _BORDER:
                _put(text, starts, ends, runs, _BORDER, token.start, token.start, run)
            continue
        for char, start, end in _characters(token):
            if char in _DROPPED:
                continue
            if char in _SPACES:
                if not text or text[-1] in (" ", _BORDER):
                    if text and text[-1] == " " and runs[-1] == run:
                        ends[-1] = end
                    continue
                _put(text, starts, ends, runs, " ", start, end, run)
                continue
            _put(text, starts, ends, runs, char.translate(_SAME), start, end, run)
    return Words("".join(text), tuple(starts), tuple(ends), tuple(runs))


def _put(
    text: list[str],
    starts: list[int],
    ends: list[int],
    runs: list[int],
    char: str,
    start: int,
    end: int,
    run: int,
) -> None:
    for one in char:
        text.append(one)
        starts.append(start)
        ends.append(end)
        runs.append(run)


def _characters(piece: Piece) -> Iterator[tuple[str, int, int]]:
    if piece.is_reference:
        yield piece.text, piece.start, piece.end
        return
    for index, char in enumerate(piece.text):
        yield char, piece.start + index, piece.start + index + 1


def _visible(page: Page, within: Placed | None) -> Iterator[Piece | Tag]:
    """Yield the tokens of the page, or inside an element, without what is never read as text."""
    skip_to = -1
    hidden = {e.start: e.end for e in page.elements if e.tag in UNSEEN and not (within and _holds(e, within))}
    low, high = (within.inner, within.inner_end) if within is not None else (0, len(page.text))
    for token in page.tokens:
        if token.start < low or token.end > high or token.start < skip_to:
            continue
        if isinstance(token, Tag) and not token.closes and token.start in hidden:
            skip_to = hidden[token.start]
            yield Tag(token.start, token.start, "", closes=False)
            continue
        yield token


def _holds(outer: Placed, inner: Placed) -> bool:
    return outer.start <= inner.start and inner.end <= outer.end


def find(words: Words, wanted: str, *, any_case: bool = False) -> tuple[Found, ...]:
    """Return each place where these words stand, whole: 'EUR 19' is not found in 'EUR 190' or 'EUR 19.50'."""
    query = folded(wanted)
    if not query:
        return ()
    text = words.text
    if any_case:
        # Folding case may change the length of a text, and with it every place in it.
        lower, wanted_lower = _lower(text), _lower(query)
        text, query = lower, wanted_lower
    found: list[Found] = []
    at = text.find(query)
    while at >= 0:
        end = at + len(query)
        if _is_whole(words.text, at, end):
            found.append(Found(at, end, words.starts[at], words.ends[end - 1]))
            at = text.find(query, end)
        else:
            at = text.find(query, at + 1)
    return tuple(found)


def _lower(text: str) -> str:
    return "".join(low if len(low := c.lower()) == 1 else c for c in text)


def _is_whole(text: str, begin: int, end: int) -> bool:
    before, after = text[max(0, begin - 2) : begin], text[end : end + 2]
    first, last = text[begin], text[end - 1]
    if first.isdigit() and _NUMBER_BEFORE.search(before):
        return False
    if last.isdigit() and _NUMBER_AFTER.match(after):
        return False
    if first.isalnum() and before and (before[-1].isalnum() or before[-1] == "_" or _joined(before[::-1])):
        return False
    return not (last.isalnum() and after and (after[0].isalnum() or after[0] == "_" or _joined(after)))


def _joined(beside: str) -> bool:
    """Return whether a hyphen or an apostrophe ties a word to the one beside it."""
    return len(beside) > 1 and beside[0] in "-'" and beside[1].isalnum()


def excerpt(words: Words, found: Found) -> str:
    """Return the words of the block around a place, at most a line."""
    begin = words.text.rfind(_BORDER, 0, found.begin) + 1
    end = words.text.find(_BORDER, found.end)
    end = len(words.text) if end < 0 else end
    if end - begin > _SHOWN:
        half = max(0, (_SHOWN - (found.end - found.begin)) // 2)
        low, high = max(begin, found.begin - half), min(end, found.end + half)
        shown = words.text[low:high][: _SHOWN + 20].strip()
        return f"{'…' if low > begin else ''}{shown}{'…' if high < end else ''}"
    return words.text[begin:end].strip()


class AcrossMarkupError(Exception):
    """The words that change stand on both sides of a tag, so that the tag would have to go or to move."""


def replaced(words: Words, found: Found, new: str) -> tuple[Edit, ...]:
    """Return the smallest edits that make the words at a place the new ones, with `new` as plain text.

    Only what differs is touched, so markup inside the words stays where it is. Raises AcrossMarkupError where a stretch
    that changes has a tag in it.
    """
    target = one_spaced(new)
    old = words.text[found.begin : found.end]
    if not target:
        return _removed(words, found)
    whole = _hunks([(0, len(old), 0, len(target))], words, found, old, target)
    if whole is not None:
        return whole
    pieces_old, pieces_new = _cut(old), _cut(target)
    matcher = SequenceMatcher(None, pieces_old, _cut(target.translate(_SAME)), autojunk=False)
    places_old, places_new = _places(pieces_old), _places(pieces_new)
    spans = [
        (places_old[i1], places_old[i2], places_new[j1], places_new[j2])
        for kind, i1, i2, j1, j2 in matcher.get_opcodes()
        if kind != "equal"
    ]
    hunks = _hunks(spans, words, found, old, target)
    if hunks is None:
        raise AcrossMarkupError
    return hunks


def _hunks(
    spans: list[tuple[int, int, int, int]], words: Words, found: Found, old: str, new: str
) -> tuple[Edit, ...] | None:
    edits: list[Edit] = []
    plain = new.translate(_SAME)
    for span in spans:
        a, b, c, d = _trimmed(old, plain, span)
        if a == b and c == d:
            continue
        edit = _edit(words, found.begin + a, found.begin + b, new[c:d], found)
        if edit is None:
            return None
        edits.append(edit)
    return tuple(edits)


def _trimmed(old: str, new: str, span: tuple[int, int, int, int]) -> tuple[int, int, int, int]:
    """Return a stretch of both texts without what is the same at its two ends."""
    a, b, c, d = span
    while a < b and c < d and old[a] == new[c]:
        a, c = a + 1, c + 1
    while a < b and c < d and old[b - 1] == new[d - 1]:
        b, d = b - 1, d - 1
    return a, b, c, d


def _edit(words: Words, begin: int, end: int, text: str, found: Found) -> Edit | None:
    if begin == end:
        # New words go on the side of the tag where the words before them stand, if there are any.
        place = words.ends[begin - 1] if begin > found.begin else words.starts[begin]
        return Edit(place, place, escaped(text))
    if len(set(words.runs[begin:end])) > 1:
        return None
    return Edit(words.starts[begin], words.ends[end - 1], escaped(text))


def _removed(words: Words, found: Found) -> tuple[Edit, ...]:
    begin, end = found.begin, found.end
    before, after = words.text[begin - 1 : begin], words.text[end : end + 1]
    if (
        before == " "
        and after in (" ", "", _BORDER, ".", ",", ";", ":", "!", "?")
        and words.runs[begin - 1] == words.runs[begin]
    ):
        begin -= 1
    elif after == " " and before in ("", _BORDER) and words.runs[end] == words.runs[end - 1]:
        end += 1
    if len(set(words.runs[begin:end])) > 1:
        raise AcrossMarkupError
    return (Edit(words.starts[begin], words.ends[end - 1], ""),)


def _cut(text: str) -> list[str]:
    return re.findall(r"\w+|\s|[^\w\s]", text)


def _places(pieces: list[str]) -> list[int]:
    places = [0]
    for piece in pieces:
        places.append(places[-1] + len(piece))
    return places


def escaped(text: str) -> str:
    """Return plain text as the source of running text: nothing of it can become markup or a reference."""
    plain = "".join(c for c in text if c == "\n" or c >= " ")
    for char, reference in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("\u00a0", "&nbsp;")):
        plain = plain.replace(char, reference)
    return plain


def escaped_value(text: str, quote: str) -> str:
    """Return plain text as the source of an attribute's value between these quotes."""
    plain = escaped(" ".join(text.split("\n")))
    return plain.replace('"', "&quot;") if quote == '"' else plain.replace("'", "&#39;")

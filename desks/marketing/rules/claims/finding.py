"""Finds claims in copy: what it says of figures, prices, rank and effect that somebody may ask a proof for.

No claim is what is denied, what a customer is quoted with, a question for a rank, and what only looks like a figure: dates,
times, telephone numbers, versions.
"""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from desks.marketing.copy.text import PLACEHOLDER, BlockKind, Copy
from desks.marketing.rules.claims.figures import pattern
from desks.marketing.rules.claims.kinds import KINDS, Kind
from desks.marketing.rules.rule import is_within, quotes_in
from desks.marketing.rules.sentences import Sentence, sentences

_NO_FIGURE: Final = pattern(
    r"(?<!\w)\+?\d{1,4}[ /-]\(?\d{2,5}\)?[ /-]?\d{2,5}(?:[ -]\d{2,6}){1,4}\b|\+\d[\d ()/-]{6,20}\d"
    r"|\b(?:tel|phone|fax|call|telefon|mobil|hotline)\b[.:]?\s*[\d ()+/-]{5,25}"
    r"|\bv(?:ersions?)?\.?\s?\d+(?:\.\d+){0,4}|\b\d+\.\d+\.\d+(?:\.\d+)?\b"
    r"|\b\d{1,2}[:.]\d{2}\s?(?:am|pm|a\.m\.|p\.m\.|uhr|h)\b|\b\d{1,2}\s?(?:am|pm|a\.m\.|p\.m\.|uhr)\b|\b\d{1,2}:\d{2}(?::\d{2})?\b"
    r"|\b(?:iso|din|en|iec|rfc|art|§|section|page|step|chapter|figure|table|seite|schritt|kapitel|room|raum|hall|halle|stand)\.?\s?\d+(?:[-:]\d+)?\b"
)
_DENIES: Final = re.compile(
    r"\b(?:not|never|no|nor|without|neither|hardly|cannot|no longer|kein\w*|nicht|nie|niemals|ohne|weder)\b|n['\u2019]t\b",
    re.IGNORECASE,
)
_DENIED_WORDS: Final = 4
_NOT_ONLY: Final = re.compile(
    r"(?:\bnot|n['\u2019]t|\bnicht)\s+(?:only|just|nur)\b|\bno\s+(?:wonder|doubt|matter)\b", re.IGNORECASE
)
_CLAUSE: Final = re.compile(r"[,;:\u2014\u2013()]|\s-\s|\b(?:but|sondern|aber)\b", re.IGNORECASE)
_SPEAKER: Final = re.compile(
    r"\A[\s,]*(?:[\u2014\u2013~-]{1,2}\s*[A-Z\u00c0-\u00de]|(?:says?|said|writes?|wrote|sagte?|schreibt|schrieb|meint|explains?|reports?)\b|[A-Z][\w.-]+(?: [A-Z][\w.-]+){0,2}\s+(?:says?|said|writes?|wrote|sagte?|schreibt|meint)\b)"
)
_SPOKE_BEFORE: Final = re.compile(
    r"(?:\b(?:says?|said|writes?|wrote|sagte?|schreibt|schrieb|meint|tells? us|told us|explains?)\b[^.!?\n\"\u201c\u201e]{0,40}|^[A-Z][\w.-]+(?: [A-Z][\w.-]+){0,3}(?:, [^\n\"\u201c]{1,40})?)[,:]?\s*$",
    re.MULTILINE,
)
_ASKS: Final = ("?", "?\u201d", '?"')
_NEAR: Final = 80


class Claim(NamedTuple):
    """A claim at `text[start:end]` of the copy, in a sentence."""

    kind: Kind
    start: int
    end: int
    sentence: Sentence


def claims_in(copy: Copy) -> tuple[Claim, ...]:
    """Return the claims in order, each place once, for the kind that comes first."""
    told = told_by_customers(copy)
    found: list[Claim] = []
    for sentence in sentences(copy):
        if sentence.kind is BlockKind.QUOTE or is_within((sentence.start, sentence.start + 1), told):
            continue
        taken: list[tuple[int, int]] = list(told)
        for claim in _in_sentence(copy, sentence):
            if not is_within((claim.start, claim.end), taken):
                taken.append((claim.start, claim.end))
                found.append(claim)
    return tuple(sorted(found, key=lambda claim: (claim.start, claim.end)))


def _in_sentence(copy: Copy, sentence: Sentence) -> Iterator[Claim]:
    raw = copy.text[sentence.start : sentence.end]
    text = _NO_FIGURE.sub(lambda match: PLACEHOLDER * len(match[0]), raw)
    asks = raw.rstrip().endswith(_ASKS)
    for kind in KINDS:
        if asks and not kind.in_questions:
            continue
        for one in kind.patterns:
            for match in one.finditer(text):
                start, end = _trimmed(text, *match.span("place" if "place" in one.groupindex else 0))
                if start < end and not _is_denied(text, start):
                    yield Claim(kind, sentence.start + start, sentence.start + end, sentence)


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end


def _is_denied(text: str, start: int) -> bool:
    """Return whether a word of the same clause, at most four words before, says that it is not so."""
    clause = _CLAUSE.split(text[:start])[-1]
    near = " ".join(clause.split()[-_DENIED_WORDS:])
    return _DENIES.search(_NOT_ONLY.sub(" ", near)) is not None


def told_by_customers(copy: Copy) -> tuple[tuple[int, int], ...]:
    """Return the places of quotations that somebody is named for: their words, not the brand's."""
    return tuple((start, end) for start, end in quotes_in(copy) if _is_spoken(copy, start, end))


def _is_spoken(copy: Copy, start: int, end: int) -> bool:
    block = copy.block_at(start)
    if block is not None and block.kind is BlockKind.QUOTE:
        return True
    after = copy.text[end : end + _NEAR]
    before = copy.text[max(start - _NEAR, block.start if block is not None else 0) : start]
    return _SPEAKER.match(after) is not None or _SPOKE_BEFORE.search(before) is not None

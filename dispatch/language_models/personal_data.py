"""Personal data replaced by placeholders before a model reads a text, and put back into what it answers.

Mail addresses, phone numbers, payment cards, bank accounts, and names that the caller knows. One Masking serves one
question: the same value is the same placeholder in each of its texts, so that a model can tell two people apart.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from pydantic import JsonValue

from dispatch.text.sensitive_data import ADDRESS, bank_account_spans, card_spans
from dispatch.text.unicode_spoofing import undisguised

_KINDS: Final = ("MAIL", "PHONE", "CARD", "IBAN", "NAME")
_BETWEEN: Final = r"[ ./\-]"
_GROUPS: Final = rf"\d+(?:(?:{_BETWEEN}{{1,3}}|{_BETWEEN}{{0,3}}\(\d{{1,5}}\){_BETWEEN}{{0,3}})\d+)*"
# With a country's code, with a zero of the own country, or as North America writes them.
_PHONE: Final = re.compile(
    rf"(?<![\w+])(?:(?:\+|00)[1-9]\d{{0,2}}{_BETWEEN}{{0,3}}(?:\(\d{{1,5}}\){_BETWEEN}{{0,3}})?{_GROUPS}"
    rf"|\(?0[1-9]\d{{1,4}}\)?{_BETWEEN}{{1,3}}{_GROUPS}|0[1-9]\d{{7,12}}"
    r"|\(?[2-9]\d{2}\)?[ .\-]\d{3}[ .\-]\d{4})(?!\w)"
)
_FEWEST_DIGITS: Final = 7
_SHORTEST_NAME: Final = 2
_LETTER: Final = re.compile(r".[\u0300-\u036f]*", re.DOTALL)
"""A letter with the accents that follow it, which fold into one."""


class _Span(NamedTuple):
    start: int
    end: int
    kind: str


class Masking:
    """Placeholders for one question; `texts` are all that it will be about, so that no placeholder occurs in them."""

    def __init__(self, texts: Iterable[str], names: Iterable[str] = ()) -> None:
        texts = tuple(texts)
        self._series = next(
            series
            for series in _series()
            if not any(f"[{kind}{series}_" in text for kind in _KINDS for text in texts)
        )
        self._names = _pattern_of(names)
        self._placeholders = dict[str, str]()
        self._values = dict[str, str]()
        self._any = re.compile(rf"\[(?:{'|'.join(_KINDS)}){self._series}_\d{{1,9}}\]")

    def mask(self, text: str) -> str:
        """Return the text with a placeholder for each value."""
        parts, at = list[str](), 0
        for span in _spans(text, self._names):
            parts += [text[at : span.start], self._placeholder(text[span.start : span.end], span.kind)]
            at = span.end
        return "".join([*parts, text[at:]])

    def restore(self, text: str) -> str:
        """Return the text with the value of each placeholder that stands for one."""
        return self._any.sub(lambda match: self._values.get(match[0], match[0]), text)

    def restored(self, value: JsonValue) -> JsonValue:
        """Do the same in every text of a JSON value, keys as well."""
        if isinstance(value, str):
            return self.restore(value)
        if isinstance(value, list):
            return [self.restored(part) for part in value]
        if isinstance(value, dict):
            return {self.restore(name): self.restored(part) for name, part in value.items()}
        return value

    def invented(self, text: str) -> tuple[str, ...]:
        """Return the placeholders in a text that stand for nothing: the model made them up."""
        return tuple(dict.fromkeys(p for p in self._any.findall(text) if p not in self._values))

    def _placeholder(self, value: str, kind: str) -> str:
        if value not in self._placeholders:
            placeholder = f"[{kind}{self._series}_{len(self._values) + 1}]"
            self._placeholders[value], self._values[placeholder] = placeholder, value
        return self._placeholders[value]


def _series() -> Iterator[str]:
    yield ""
    number = 1
    while True:
        yield f"_{number}"
        number += 1


def _pattern_of(names: Iterable[str]) -> re.Pattern[str] | None:
    """Return what finds names as whole words, in any case, with any spaces between their parts; the longest first."""
    plain = {" ".join(undisguised(name).split()) for name in names}
    known = sorted((n for n in plain if len(n) >= _SHORTEST_NAME), key=lambda name: (-len(name), name))
    words = [r"\s+".join(re.escape(part) for part in name.split()) for name in known]
    return re.compile(rf"(?<!\w)(?:{'|'.join(words)})(?!\w)", re.IGNORECASE) if words else None


def _spans(text: str, names: re.Pattern[str] | None) -> list[_Span]:
    """Return what is masked, in order; of two that overlap one span, so that no half of a value stays."""
    plain, at = _plain_with_places(text)
    found = [_Span(*match.span(), "MAIL") for match in ADDRESS.finditer(plain)]
    found += [_Span(*span, "IBAN") for span in bank_account_spans(plain)]
    found += [_Span(*span, "CARD") for span in card_spans(plain)]
    # With the digits right after it: they may be the next number, and where one ends nothing tells.
    found += [_Span(*match.span(), "PHONE") for match in _PHONE.finditer(plain) if _is_long(match[0])]
    if names is not None:
        found += [_Span(*match.span(), "NAME") for match in names.finditer(plain)]
    merged = list[_Span]()
    for span in sorted(found, key=lambda one: (one.start, -one.end)):
        if merged and span.start < merged[-1].end:
            merged[-1] = merged[-1]._replace(end=max(span.end, merged[-1].end))
        else:
            merged.append(span)
    return [_Span(at[span.start][0], at[span.end - 1][1], span.kind) for span in merged]


def _plain_with_places(text: str) -> tuple[str, list[tuple[int, int]]]:
    """Return the text as a reader takes it, and for each of its characters where its letter stands in the original.

    Folded letter by letter: an invisible character or a full-width digit within an address does not hide it.
    """
    folded = [
        (part, match.start(), match.end())
        for match in _LETTER.finditer(text)
        for part in (match[0] if match[0].isascii() else undisguised(match[0]))
    ]
    return "".join(part for part, _, _ in folded), [(start, end) for _, start, end in folded]


def _is_long(phone: str) -> bool:
    return sum(c.isdigit() for c in phone) >= _FEWEST_DIGITS

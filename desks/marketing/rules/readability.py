"""How easy copy is to read: the published formulas, over syllables by the hyphenation patterns of pyphen.

Flesch 1948 (ease) and Kincaid 1975 (grade) for English; Amstad 1978 (ease) and Bamberger and Vanecek 1984 (first Wiener
Sachtextformel, a grade) for German. They say nothing of a few words, so short copy has no level.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NamedTuple

import pyphen

from desks.marketing.copy.text import BlockKind, Copy
from desks.marketing.models.brand import Brand, ReadingLevel
from desks.marketing.models.flag import Flag
from desks.marketing.models.occasion import Occasion
from desks.marketing.rules.rule import Rule, flag, whole
from desks.marketing.rules.sentences import has_prose, sentences, words

FEWEST_WORDS: Final = 60
_DICTIONARIES: Final = {"en": "en_US", "de": "de_DE"}
_PROSE: Final = (BlockKind.PARAGRAPH, BlockKind.ENTRY)
_MOST_SENTENCES: Final = 3
_LONG_LETTERS: Final = 6
_MANY_SYLLABLES: Final = 3


class Reading(NamedTuple):
    """The figures of a text; `ease` is higher for easy text, `grade` lower."""

    words: int
    sentences: int
    ease: float
    grade: float


@lru_cache(maxsize=4)
def _dictionary(language: str) -> pyphen.Pyphen:
    # One letter alone may be a syllable, though nobody would hyphenate there.
    return pyphen.Pyphen(lang=_DICTIONARIES[language], left=1, right=1)


@lru_cache(maxsize=20_000)
def syllables(word: str, language: str) -> int:
    """Return how many syllables a word has, at least one; in English a final silent e is none."""
    lower = word.lower()
    count = len(_dictionary(language).positions(lower)) + 1
    if language == "en":
        # The patterns leave out places where nobody breaks a line: vowels that stand apart tell more.
        count = max(count, _vowel_groups(lower))
    return count


def _vowel_groups(word: str) -> int:
    groups, before = 0, False
    for char in word:
        is_vowel = char in "aeiouy"
        groups += is_vowel and not before
        before = is_vowel
    if (word.endswith("e") and not word.endswith(("le", "ee", "ye"))) or (
        word.endswith(("es", "ed")) and word[-3:-2] not in "td"
    ):
        groups -= 1
    return max(groups, 1)


def reading_of(copy: Copy, language: str) -> Reading | None:
    """Return the figures of copy in English or German with at least 60 words in sentences; else None."""
    if language not in _DICTIONARIES:
        return None
    found = [
        [word.text for word in words(copy.text[one.start : one.end])]
        for one in sentences(copy, *_PROSE)
        if has_prose(copy.text[one.start : one.end])
    ]
    counted = [sentence for sentence in found if sentence]
    every = [word for sentence in counted for word in sentence]
    if len(every) < FEWEST_WORDS:
        return None
    spoken = [syllables(word, language) for word in every]
    per_sentence, per_word = len(every) / len(counted), sum(spoken) / len(every)
    if language == "en":
        ease = 206.835 - 1.015 * per_sentence - 84.6 * per_word
        grade = 0.39 * per_sentence + 11.8 * per_word - 15.59
    else:
        ease = 180 - per_sentence - 58.5 * per_word
        many = 100 * sum(number >= _MANY_SYLLABLES for number in spoken) / len(every)
        long = 100 * sum(len(word) > _LONG_LETTERS for word in every) / len(every)
        single = 100 * sum(number == 1 for number in spoken) / len(every)
        grade = 0.1935 * many + 0.1672 * per_sentence + 0.1297 * long - 0.0327 * single - 0.875
    return Reading(len(every), len(counted), round(ease, 1), round(grade, 1))


@dataclass(frozen=True)
class Level:
    """Copy that is harder to read than the brand wants, by language and channel; `reading.sentence`: a sentence that is too long."""

    brand: Brand
    name: str = "reading.level"

    def check(self, copy: Copy, occasion: Occasion) -> Iterator[Flag]:
        """Yield one flag where copy is harder than wanted, and the longest sentences where one is too long."""
        wanted = self._wanted(occasion)
        if wanted is None:
            return
        read = reading_of(copy, occasion.language)
        if read is not None and (problem := _problem(read, wanted)):
            yield whole(self.name, f"{problem}; shorten sentences and use shorter words")
        most = wanted.max_sentence_words
        if most is not None:
            yield from self._long(copy, most)

    def _wanted(self, occasion: Occasion) -> ReadingLevel | None:
        channel = self.brand.channels.get(occasion.channel)
        levels = (
            channel.reading if channel is not None and channel.reading is not None else self.brand.reading
        )
        return levels.get(occasion.language)

    def _long(self, copy: Copy, most: int) -> Iterator[Flag]:
        found = sorted(
            ((sum(1 for _ in words(copy.text[s.start : s.end])), s) for s in sentences(copy, *_PROSE)),
            reverse=True,
        )
        for number, sentence in [one for one in found if one[0] > most][:_MOST_SENTENCES]:
            text = f"a sentence of {number} words; at most {most}. Make two of it"
            yield flag(copy, "reading.sentence", (sentence.start, sentence.end), text)


def _problem(read: Reading, wanted: ReadingLevel) -> str:
    if wanted.min_ease is not None and read.ease < wanted.min_ease:
        return f"its reading ease is {read.ease:g}, and at least {wanted.min_ease:g} is wanted"
    if wanted.max_grade is not None and read.grade > wanted.max_grade:
        return f"it needs {read.grade:g} years of school, and at most {wanted.max_grade:g} is wanted"
    return ""


def reading_rules(brand: Brand) -> Sequence[Rule]:
    """Return the rules of the reading level."""
    return (Level(brand),)

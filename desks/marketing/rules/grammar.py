"""Spelling and grammar of English, by Harper, offline: a short list of its rules, each chosen because it hardly errs.

Measured on descriptions of installed packages as copy: of its 917 rules most have opinions on technical words. What is
certain is put in; other words that look misspelt are shown.
"""

import re
import threading
from collections.abc import Iterator
from functools import cache
from typing import Any, Final

import harper

from desks.marketing.copy.text import PLACEHOLDER, Copy
from desks.marketing.models.brand import Brand
from desks.marketing.models.flag import Flag
from desks.marketing.models.occasion import Occasion
from desks.marketing.rules.rule import flag, is_within, quotes_in
from desks.marketing.rules.sentences import words
from dispatch.models.work.severity import Severity

SPELLING: Final = "spelling"
GRAMMAR: Final = "grammar"
SURE: Final = ("RepeatedWords", "AnA", "CorrectNumberSuffix", "ModalOf", "ThenThan")
_ARTICLE: Final = "AnA"
_SPELL: Final = "SpellCheck"
MISSPELT: Final = {
    "accomodate": "accommodate", "accomodation": "accommodation", "acheive": "achieve", "adress": "address", "agressive": "aggressive", "alot": "a lot", "apparantly": "apparently",
    "beautifull": "beautiful", "becuase": "because", "begining": "beginning", "beleive": "believe", "calender": "calendar", "cancle": "cancel", "catagory": "category", "comittee": "committee",
    "comming": "coming", "commited": "committed", "concious": "conscious", "convienient": "convenient", "definately": "definitely", "differnt": "different", "dissapoint": "disappoint",
    "embarass": "embarrass", "enviroment": "environment", "excelent": "excellent", "existance": "existence", "experiance": "experience", "familar": "familiar", "finaly": "finally", "foriegn": "foreign",
    "fourty": "forty", "freind": "friend", "garantee": "guarantee", "goverment": "government", "grammer": "grammar", "guarentee": "guarantee", "happend": "happened", "harrass": "harass", "heighth": "height",
    "immediatly": "immediately", "independant": "independent", "intresting": "interesting", "knowlege": "knowledge", "lenght": "length", "liason": "liaison", "libary": "library", "lightening": "lightning",
    "maintainance": "maintenance", "millenium": "millennium", "neccessary": "necessary", "necesary": "necessary", "noticable": "noticeable", "occured": "occurred", "occurence": "occurrence", "ocassion": "occasion",
    "offical": "official", "oppurtunity": "opportunity", "percieve": "perceive", "posession": "possession", "prefered": "preferred", "privelege": "privilege", "probaly": "probably", "publically": "publicly",
    "realy": "really", "reccomend": "recommend", "recomend": "recommend", "recieve": "receive", "recieved": "received", "relevent": "relevant", "rythm": "rhythm", "seperate": "separate", "succesful": "successful",
    "successfull": "successful", "suprise": "surprise", "teh": "the", "thier": "their", "tommorow": "tomorrow", "tommorrow": "tomorrow", "truely": "truly", "unfortunatly": "unfortunately", "untill": "until",
    "usefull": "useful", "wether": "whether", "wich": "which", "wierd": "weird", "writen": "written",
}  # fmt: skip
"""What people misspell most, each with its one right form."""

_FEWEST_LETTERS: Final = 5
_DIALECTS: Final = {
    "american": harper.Dialect.AMERICAN,
    "british": harper.Dialect.BRITISH,
    "australian": harper.Dialect.AUSTRALIAN,
    "canadian": harper.Dialect.CANADIAN,
    "indian": harper.Dialect.INDIAN,
}
_LOCK: Final = threading.Lock()
_FOLLOWING: Final = re.compile(r"\s([a-z]{3,})\b(?!['\u2019-])")
_CONSONANTS: Final = frozenset("bcdfgjklmnpqrstvwxz")


@cache
def _linter(spelling: str) -> harper.Linter:
    linter = harper.Linter(_DIALECTS[spelling])
    config = dict.fromkeys(linter.get_lint_config(), False)
    linter.set_lint_config({**config, **{name: True for name in (*SURE, _SPELL) if name in config}})
    return linter


class Grammar:
    """What Harper finds, as far as it is on the list; copy in another language than English is left alone."""

    name = GRAMMAR

    def __init__(self, brand: Brand) -> None:
        """Learn the brand's own words, which are no mistakes."""
        self._spelling = brand.spelling
        known = (brand.brand, *(term.write for term in brand.terms), *brand.names.allowed)
        self._known = frozenset(word.casefold() for name in known for word in name.split())

    def check(self, copy: Copy, occasion: Occasion) -> Iterator[Flag]:
        """Yield each mistake; names, links, code and quotations are not judged."""
        if occasion.language != "en" or not copy.text.strip():
            return
        text = copy.text.replace(PLACEHOLDER, "\u00b7")
        # A linter answers one call at a time.
        with _LOCK:
            found = _linter(self._spelling).organized_lints(text, language=harper.Language.PLAINTEXT)
        quoted = quotes_in(copy)
        yield from _often_misspelt(copy, self._known, quoted)
        for name, lints in found.items():
            for lint in lints:
                start, end = lint.span.start, lint.span.end
                if is_within((start, end), quoted) or PLACEHOLDER in copy.text[max(start - 1, 0) : end + 1]:
                    continue
                if name == _ARTICLE and not _is_sure_article(copy.text, start, end):
                    continue
                judge = self._word if name == _SPELL else self._phrase
                yield from judge(copy, (start, end), lint)

    def _phrase(self, copy: Copy, place: tuple[int, int], lint: Any) -> Iterator[Flag]:
        if "\n\n" in copy.text[slice(*place)] or len(lint.suggestions) != 1:
            return
        suggestion = lint.suggestions[0]
        if suggestion.kind != harper.SuggestionKind.REPLACE or any(
            map(str.isdigit, suggestion.replacement_text)
        ):
            return
        said = copy.text[slice(*place)]
        if len(said.split()) > 1 and said.split()[-1][:1].isupper() and not said[:1].isupper():
            return  # 'at the The Organization': the second word belongs to a name
        text = f"“{' '.join(said.split())}” should be “{suggestion.replacement_text}”"
        yield flag(
            copy, GRAMMAR, place, text, replacement=suggestion.replacement_text, certain=not _is_name(said)
        )

    def _word(self, copy: Copy, place: tuple[int, int], lint: Any) -> Iterator[Flag]:
        word = copy.text[slice(*place)]
        lower = word.lower()
        if lower in MISSPELT:
            return
        if (
            len(word) < _FEWEST_LETTERS
            or not word.isalpha()
            or word != lower
            or lower in self._known
            or not lint.suggestions
        ):
            return
        best = lint.suggestions[0].replacement_text
        if is_near(lower, best.lower()) and best.isalpha():
            yield flag(
                copy,
                SPELLING,
                place,
                f"“{word}” may be misspelt: “{best}”?",
                severity=Severity.MINOR,
                replacement=best,
            )


def _is_name(text: str) -> bool:
    """Return whether a repeated word may be a name, such as 'Duran Duran'."""
    words = text.split()
    return len(words) > 1 and all(word[:1].isupper() for word in words)


def is_near(one: str, other: str) -> bool:
    """Return whether two words differ by one letter left out, put in or doubled, or by two that changed places."""
    if one == other or abs(len(one) - len(other)) > 1:
        return False
    if len(one) == len(other):
        different = [index for index, pair in enumerate(zip(one, other, strict=True)) if pair[0] != pair[1]]
        return (
            len(different) == 2  # noqa: PLR2004 (two letters that changed places)
            and different[1] == different[0] + 1
            and one[different[0]] == other[different[1]]
            and one[different[1]] == other[different[0]]
        )
    short, long = sorted((one, other), key=len)
    return any(long[:index] + long[index + 1 :] == short for index in range(len(long)))


def _often_misspelt(copy: Copy, known: frozenset[str], quoted: tuple[tuple[int, int], ...]) -> Iterator[Flag]:
    for word in words(copy.text):
        right = MISSPELT.get(word.text.lower())
        place = (word.start, word.start + len(word.text))
        if right is None or word.text.lower() in known or word.text.isupper() or is_within(place, quoted):
            continue
        written = right[:1].upper() + right[1:] if word.text[:1].isupper() else right
        text = f"“{word.text}” should be “{written}”"
        yield flag(copy, SPELLING, place, text, replacement=written, certain=True)


def _is_sure_article(text: str, start: int, end: int) -> bool:
    """Return whether the word behind an article is one whose sound its first letter tells, which 'hour' and 'unit' are not."""
    following = _FOLLOWING.match(text, end)
    if following is None:
        return False
    first = following[1][0]
    return first in "aeio" if text[start:end].lower() == "a" else first in _CONSONANTS

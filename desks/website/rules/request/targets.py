"""Reads which place of a page some words name; words that say more than is understood name none."""

import re
from typing import Final

from desks.website.models.changes import How, Part, Target
from desks.website.rules.request.marks import AMOUNT, FILE, MARK, QUOTE, SELECTOR, URL, Marked

_PARTS: Final = (
    (r"(?:meta[- ]?)?(?:description|beschreibung)|meta[- ]?beschreibung|metabeschreibung", Part.DESCRIPTION),
    (r"(?:page |document |browser |html |meta )?title(?: tag)?|seitentitel|(?:meta-?)?titel", Part.TITLE),
    (r"(?:sub-?)?(?:heading|headline)s?|(?:zwischen|haupt)?überschrift", Part.HEADING),
    (r"paragraph|absatz|abschnitt", Part.PARAGRAPH),
    (r"hyperlink|link|verweis", Part.LINK),
    (r"image|picture|photo|photograph|graphic|icon|logo|bild|foto|grafik", Part.IMAGE),
    (r"button|schaltfläche|knopf", Part.BUTTON),
    (
        r"(?:list(?:ed)? |bullet )?(?:item|entry)|bullet(?: point)?|list point|listenpunkt|listeneintrag|aufzählungspunkt|eintrag",
        Part.LIST_ITEM,
    ),
    (r"element|selector|selektor", Part.SELECTOR),
    (
        r"text|words?|phrase|sentence|wording|passage|price|number|figure|date|line|label|name|wort|worte|wörter|satz|preis|zahl|datum|zeile|formulierung",
        Part.TEXT,
    ),
)
_NUMBERS: Final = (
    (r"first|1st|erste[nrsm]?", 1),
    (r"second|2nd|zweite[nrsm]?", 2),
    (r"third|3rd|dritte[nrsm]?", 3),
    (r"fourth|4th|vierte[nrsm]?", 4),
    (r"fifth|5th|fünfte[nrsm]?", 5),
    (r"last|letzte[nrsm]?", -1),
)
_HOWS: Final = (
    (
        r"(?:that |which |who )?(?:begins|starts|beginning|starting|begin|start) with|(?:(?:der|die|das) )?mit|beginnend mit",
        How.BEGINS,
    ),
    (r"(?:that |which )?(?:ends|ending|end) with", How.ENDS),
    (
        r"(?:that |which )?(?:contains|containing|mentions|mentioning|includes|including|has)(?: the)?(?: words?| text| phrase)?|(?:der|die|das) (?:den text )?enthält|mit dem text",
        How.CONTAINS,
    ),
    (
        r"(?:that |which )?(?:says|reads|saying|reading|is called|called|named|titled|labell?ed)|with the (?:text|words?|label|name)|namens",
        How.EQUALS,
    ),
)
_ATTRIBUTE: Final = (
    (r"(?:alt(?:ernative)?(?:[- ]?texte?s?)?(?: attribute)?|alternativtext|altattribut|alt-attribut)", "alt"),
    (r"(?:href|url|address|destination|link target|target|adresse|linkziel|ziel)(?: attribute)?", "href"),
    (r"(?:src|source|file|datei|quelle)(?: attribute)?", "src"),
    (r"(?:lang|language|sprache)(?: attribute)?", "lang"),
    (r"title attribute|tooltip", "title"),
    (r"aria-label", "aria-label"),
    (r"placeholder", "placeholder"),
)
_AREAS: Final = (
    (r"footer|fußzeile|seitenfuß", "footer"),
    (r"header|kopfzeile|seitenkopf", "header"),
    (r"nav|navigation|menu|menü", "nav"),
)
_FILLER: Final = re.compile(
    r"\b(?:the|a|an|our|your|this|that|of|for|in|on|from|inside|within|under|at|to|by|with|page|page's|site's|current|existing|old|whole|entire|"
    r"element|text|now|there|it|der|die|das|den|dem|des|im|in|auf|von|vom|für|unter|beim?|zum|zur|am|ein|eine[nr]?|unsere[rnms]?|ganze[nrs]?|seite|beginnt|"
    r"anfängt|steht|please|bitte|und|also|auch)\b|[,:]",
    re.IGNORECASE,
)
_LEVEL: Final = re.compile(
    r"\bh([1-6])(?:[- ](?:heading|headline|überschrift|tag|element))?\b", re.IGNORECASE
)
_MAIN: Final = re.compile(r"\b(?:main|top|page) (?:heading|headline)\b|\bhauptüberschrift\b", re.IGNORECASE)


_LINKED: Final = re.compile(r"\b(?:link|image|picture|photo|logo|bild|foto|hyperlink)\b", re.IGNORECASE)
_ENDS: Final = " .'\u2019-"


def target_of(words: str, text: Marked) -> Target | None:
    """Return the place that some words name; None where a word of them is not understood, or two places are named."""
    read = _Read(words, text)
    if not read.marks_are_clear():
        return None
    read.how()
    read.heading()
    read.attribute()
    read.number()
    if not read.part():
        return None
    read.area()
    return read.target()


class _Read:
    """The words of one target; each method takes out what it understands, and what is left over is not understood."""

    def __init__(self, words: str, text: Marked) -> None:
        self._rest, self._text = f" {words} ", text
        self._said = text.said(words).strip()
        self._quotes = re.findall(text.kinds(QUOTE, AMOUNT), self._rest)
        self._selectors = re.findall(text.kinds(SELECTOR), self._rest)
        self._files = re.findall(text.kinds(FILE, URL), self._rest)
        self._how, self._attribute, self._area = How.EQUALS, "", ""
        self._level: int | None = None
        self._number: int | None = None
        self._part: Part | None = None

    def marks_are_clear(self) -> bool:
        """Return whether at most one place is quoted or named, and one scope."""
        most = max(len(self._quotes), len(self._selectors), len(self._files))
        return most <= 1 and not (self._quotes and self._files)

    def how(self) -> None:
        """Take out how the quoted words must agree: 'that begins with'."""
        for quote in self._quotes:
            for pattern, how in _HOWS:
                found = re.search(rf"(?:,? )(?:{pattern}) (?={quote})", self._rest, re.IGNORECASE)
                german = found is not None and found[0].rstrip().endswith(" mit")
                if found and not (german and not re.search(rf"{quote} (?:beginnt|anfängt)", self._rest)):
                    self._how = how
                    self._drop(found)
                    return

    def heading(self) -> None:
        """Take out a heading's level: 'h2', 'the main heading'."""
        if found := _MAIN.search(self._rest):
            self._part, self._level = Part.HEADING, 1
            self._drop(found)
        elif found := _LEVEL.search(self._rest):
            self._part, self._level = Part.HEADING, int(found[1])
            self._drop(found)

    def attribute(self) -> None:
        """Take out the attribute that is meant; an address is one only of a link or a picture."""
        for pattern, name in _ATTRIBUTE:
            found = re.search(rf"\b{pattern}\b", self._rest, re.IGNORECASE)
            if found and (name not in ("href", "src") or self._selectors or _LINKED.search(self._rest)):
                self._attribute = name
                self._drop(found)
                return

    def number(self) -> None:
        """Take out the how-manyth is meant."""
        for pattern, value in _NUMBERS:
            if found := re.search(rf"\b(?:{pattern})\b", self._rest, re.IGNORECASE):
                self._number = value
                self._drop(found)
                return

    def part(self) -> bool:
        """Take out the kind of place; return whether there is no second kind beside it."""
        for pattern, kind in _PARTS:
            found = re.search(rf"\b(?:{pattern})\b", self._rest, re.IGNORECASE)
            if not found:
                continue
            if self._part is None or kind is Part.TEXT:
                self._part = self._part or kind
                self._drop(found)
            elif kind is not self._part:
                return False
        return True

    def area(self) -> None:
        """Take out a part of the page that has an element of its own: 'in the footer'."""
        if self._selectors:
            return
        for pattern, name in _AREAS:
            if found := re.search(rf"\b(?:{pattern})\b", self._rest, re.IGNORECASE):
                self._area = name
                self._drop(found)
                return

    def target(self) -> Target | None:
        """Return the target, if nothing is left over and it names a place."""
        if _FILLER.sub(" ", re.sub(MARK, " ", self._rest)).strip(_ENDS):
            return None
        quoted = (self._quotes or self._files)[:1]
        words = self._text.mark(quoted[0]).text if quoted else ""
        selector = self._text.mark(self._selectors[0]).text if self._selectors else self._area
        part = self._meant(words, selector)
        if part is None or (selector and part in (Part.TITLE, Part.DESCRIPTION)):
            return None
        if self._attribute == "lang" and part is Part.SELECTOR and not selector:
            selector = "html"
        return Target(
            part=part,
            words=words,
            how=self._how,
            selector=selector,
            level=self._level,
            number=self._number,
            attribute=self._attribute,
            said=self._said,
        )

    def _meant(self, words: str, selector: str) -> Part | None:
        """Return the kind of place, where none is named by what is quoted; None for no place at all."""
        part = None if self._part is Part.TEXT and not words else self._part
        if self._attribute == "alt" and part in (None, Part.TEXT):
            return Part.IMAGE
        if self._attribute == "lang" and part in (None, Part.TEXT):
            return Part.SELECTOR
        if part is not None:
            return part
        if self._files and self._text.mark(self._files[0]).kind == FILE:
            return Part.IMAGE
        if words:
            return Part.TEXT
        return Part.SELECTOR if selector else None

    def _drop(self, found: re.Match[str]) -> None:
        self._rest = f"{self._rest[: found.start()]} {self._rest[found.end() :]}"

"""Finds the places of a page that a target may mean; more than one is a question, never a guess."""

import hashlib
from collections.abc import Iterator
from functools import cached_property
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from desks.website.models.changes import How, Part, Target
from desks.website.rules.page.document import UNSEEN, Page, Placed
from desks.website.rules.page.words import Found, Words, excerpt, find, folded, words_of

_MOST: Final = 60
_TAGS: Final = {
    Part.HEADING: ("h1", "h2", "h3", "h4", "h5", "h6"),
    Part.PARAGRAPH: ("p", "blockquote", "dd", "figcaption"),
    Part.LINK: ("a",),
    Part.IMAGE: ("img",),
    Part.BUTTON: ("button", "a", "input"),
    Part.LIST_ITEM: ("li",),
    Part.TITLE: ("title",),
    Part.DESCRIPTION: ("meta",),
}
_LETTERS: Final = "abcdefghjkmnpqrstuvwxyz"
_SHOWN: Final = 90


class Place(NamedTuple):
    """One place: an element, or words in the text; `shown` quotes it for people."""

    line: int
    shown: str
    element: Placed | None = None
    found: Found | None = None
    sign: str = ""

    @property
    def reference(self) -> str:
        """Return how a person names it in an answer: its line, and letters that change when the page does."""
        return f"L{self.line}-{self.sign}"


class Reader:
    """A page with its words, read once for all changes of a request."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self._of: dict[int, Words] = {}

    @cached_property
    def words(self) -> Words:
        return words_of(self.page)

    def inside(self, element: Placed) -> Words:
        """Return the words inside one element."""
        if element.number not in self._of:
            self._of[element.number] = words_of(self.page, element)
        return self._of[element.number]

    def text(self, element: Placed) -> str:
        return " ".join(self.inside(element).text.replace("\0", " ").split())

    def of_element(self, element: Placed) -> Place:
        page = self.page
        shown = self.text(element) or element.attrs.get("alt", "") or page.text[element.start : element.inner]
        if element.tag == "meta":
            shown = element.attrs.get("content", "")
        elif element.tag == "a" and "href" in element.attrs:
            shown = f"{_short(shown)} ({_short(element.attrs['href'])})"
        line = page.line(element.start)
        return Place(
            line,
            shown if element.tag == "a" else _short(shown),
            element,
            None,
            _sign(page.text[element.start : element.end]),
        )

    def of_words(self, words: Words, found: Found) -> Place:
        begin, end = max(0, found.start - 60), found.stop + 60
        sign = _sign(self.page.text[begin:end])
        return Place(self.page.line(found.start), excerpt(words, found), None, found, sign)


def _sign(text: str) -> str:
    number = int.from_bytes(hashlib.sha256(text.encode("utf-8", "replace")).digest()[:4], "big")
    return _LETTERS[number % len(_LETTERS)] + _LETTERS[number // len(_LETTERS) % len(_LETTERS)]


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN else f"{line[: _SHOWN - 1]}…"


class Search(NamedTuple):
    """What a target was found to be: exact places, and near ones where there is no exact one."""

    exact: tuple[Place, ...]
    near: tuple[Place, ...] = ()
    problem: str = ""
    """A key of the desk's texts where the target itself cannot be used, such as a selector that is none."""
    words: Words | None = None
    """The words in which the places' `found` count."""


def search(reader: Reader, target: Target) -> Search:
    """Find a target. Words are found whole and in the same case; other cases and parts of words are near matches."""
    if target.part is Part.TEXT:
        return _text(reader, target)
    try:
        scope = _scope(reader, target)
    except ValueError:
        return Search((), problem="no_selector")
    if target.part is Part.SELECTOR:
        return _selected(reader, target)
    candidates = tuple(_of_part(reader, target, scope))
    exact = tuple(e for e in candidates if not target.words or _matches(reader, e, target, exactly=True))
    if exact or not target.words:
        return _numbered(tuple(reader.of_element(e) for e in exact), target)
    alike = tuple(reader.of_element(e) for e in candidates if _matches(reader, e, target, exactly=False))
    return Search((), alike or _near_text(reader, target.words))


def _selected(reader: Reader, target: Target) -> Search:
    found = reader.page.select(target.selector)
    if target.words:
        found = tuple(e for e in found if _agrees(reader.text(e), target.words, target.how))
    return _numbered(tuple(reader.of_element(e) for e in found), target)


def _scope(reader: Reader, target: Target) -> tuple[Placed, ...] | None:
    """Return the elements of the target's selector; None where it has none. Raises ValueError for what is no selector."""
    if not target.selector:
        return ()
    return reader.page.select(target.selector)


def _of_part(reader: Reader, target: Target, scope: tuple[Placed, ...] | None) -> Iterator[Placed]:
    tags = _TAGS[target.part]
    if target.part is Part.HEADING and target.level is not None:
        tags = (f"h{target.level}",)
    for element in reader.page.elements:
        if element.tag not in tags or not _is_meant(reader, element, target.part):
            continue
        if scope and not any(s.start <= element.start and element.end <= s.end for s in scope):
            continue
        if target.selector and not scope:
            continue
        yield element


def _is_meant(reader: Reader, element: Placed, part: Part) -> bool:
    if part is Part.TITLE:
        return all(around.tag != "svg" for around in reader.page.ancestors(element))
    if part is Part.DESCRIPTION:
        return element.attrs.get("name", "").strip().lower() == "description"
    if part is Part.LINK and "href" not in element.attrs:
        return False
    if part is Part.BUTTON:
        if element.tag == "input":
            return element.attrs.get("type", "").lower() in ("submit", "button", "reset")
        looks = f"{element.attrs.get('role', '')} {element.attrs.get('class', '')}".lower()
        if element.tag == "a" and not any(word in looks for word in ("button", "btn", "cta")):
            return False
    return not any(around.tag in UNSEEN for around in reader.page.ancestors(element))


def _matches(reader: Reader, element: Placed, target: Target, *, exactly: bool) -> bool:
    texts = [reader.text(element)]
    if element.tag == "img":
        address = element.attrs.get("src", "")
        texts = [element.attrs.get("alt", ""), address, _file_name(address)]
    elif element.tag == "input":
        texts = [element.attrs.get("value", "")]
    elif element.tag == "a":
        texts.append(element.attrs.get("href", ""))
    if exactly:
        return any(_agrees(text, target.words, target.how) for text in texts)
    wanted = folded(target.words).casefold()
    return any(wanted in folded(text).casefold() for text in texts)


def _file_name(address: str) -> str:
    try:
        return urlsplit(address).path.rsplit("/", 1)[-1]
    except ValueError:
        return ""


def _agrees(text: str, wanted: str, how: How) -> bool:
    here, there = folded(text), folded(wanted)
    if not there:
        return False
    if how is How.EQUALS:
        return here == there
    if how is How.BEGINS:
        return here.startswith(there.rstrip(".… "))
    if how is How.ENDS:
        return here.endswith(there.lstrip(".… "))
    return there in here


def _text(reader: Reader, target: Target) -> Search:
    """Find words in the whole page, or in the scope that names them."""
    exact = find(reader.words, target.words)
    if exact:
        return _numbered(tuple(reader.of_words(reader.words, f) for f in exact), target, reader.words)
    return Search((), _near_text(reader, target.words), words=reader.words)


def words_inside(reader: Reader, element: Placed, wanted: str) -> Search:
    """Find words inside one element."""
    words = reader.inside(element)
    found = tuple(reader.of_words(words, f) for f in find(words, wanted))
    near = () if found else tuple(reader.of_words(words, f) for f in find(words, wanted, any_case=True))
    return Search(found, near, words=words)


def _near_text(reader: Reader, wanted: str) -> tuple[Place, ...]:
    """Return where almost these words stand: in another case, inside a longer word, in an attribute or the title."""
    near = [reader.of_words(reader.words, f) for f in find(reader.words, wanted, any_case=True)]
    if not near:
        near = [reader.of_words(reader.words, f) for f in _parts(reader.words, wanted)]
    wanted_folded = folded(wanted).casefold()
    for element in reader.page.elements:
        named = (
            element.attrs.get(name, "")
            for name in ("alt", "title", "content", "value", "placeholder", "aria-label")
        )
        if any(wanted_folded in folded(value).casefold() for value in named if value) or (
            element.tag in ("title", "textarea", "option")
            and wanted_folded in reader.text(element).casefold()
        ):
            near.append(reader.of_element(element))
    return tuple(near[:_MOST])


def _parts(words: Words, wanted: str) -> Iterator[Found]:
    query, text = folded(wanted).casefold(), words.text.casefold()
    if len(text) != len(words.text) or not query:
        return
    at = text.find(query)
    while at >= 0:
        yield Found(at, at + len(query), words.starts[at], words.ends[at + len(query) - 1])
        at = text.find(query, at + 1)


def _numbered(places: tuple[Place, ...], target: Target, words: Words | None = None) -> Search:
    """Pick the one that was named by its number; a number that there is none of finds nothing."""
    if target.number is None or not places:
        return Search(places[:_MOST], words=words)
    index = len(places) - 1 if target.number < 0 else target.number - 1
    if index >= len(places):
        return Search((), places[:_MOST], words=words)
    return Search((places[index],), words=words)

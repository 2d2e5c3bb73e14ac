"""Turns one understood change into edits of the page's source, or into what must be asked first."""

from collections.abc import Callable
from typing import Final, NamedTuple

from desks.website.models.changes import Change, How, Kind, Part, Target
from desks.website.rules.change.adding import added
from desks.website.rules.change.attributes import attribute_edit, unsafe_address
from desks.website.rules.change.places import Place, Reader, Search, search, words_inside
from desks.website.rules.change.removing import enclosing_of_words, removed
from desks.website.rules.page.document import Placed
from desks.website.rules.page.source import Edit
from desks.website.rules.page.words import (
    AcrossMarkupError,
    Found,
    Words,
    escaped,
    escaped_value,
    folded,
    one_spaced,
    replaced,
)

_TEXT_ATTRIBUTES: Final = frozenset({"alt", "title", "aria-label", "placeholder", "content", "value", "lang"})


class Step(NamedTuple):
    """What a change does to a page: its edits, what they do to its elements, and how that is told."""

    edits: tuple[Edit, ...]
    line: int
    was: str
    becomes: str
    risk: str
    """'text', 'address', 'removal' or 'addition'."""
    attribute: tuple[int, str, str] | None = None
    """The element by its index, the attribute, and its new value."""
    dropped: tuple[int, int] | None = None
    """The places from and to which elements are gone."""
    inserted: tuple[int, str] | None = None
    """The place where an element comes in, and its tag; the place is that of its start tag in the old source."""
    part: str = ""


class Problem(NamedTuple):
    """Why a change cannot be made as it is worded; `why` is a key of the desk's texts."""

    why: str
    places: tuple[Place, ...] = ()


def steps_of(reader: Reader, change: Change, chosen: str = "") -> tuple[Step, ...] | Problem:
    """Return what a change does; `chosen` are references with which the requester told places apart."""
    if not change.target.said and change.target.words:
        change = change.model_copy(
            update={"target": change.target.model_copy(update={"said": change.target.words})}
        )
    if change.kind in (Kind.REPLACE, Kind.REMOVE) and not _attribute_of(change.target):
        return _of_words_or_elements(reader, change, chosen)
    found = search(reader, change.target)
    if not found.exact and change.kind is Kind.SET and (step := _missing(reader, change)) is not None:
        return (step,)
    places = _pick(found, chosen, everywhere=change.everywhere)
    if isinstance(places, Problem):
        return places
    return _each(places, lambda place: _step(reader, change, place, found.words))


def _of_words_or_elements(reader: Reader, change: Change, chosen: str) -> tuple[Step, ...] | Problem:
    target = change.target
    if target.part is Part.TEXT:
        found = search(reader, target)
    elif change.kind is Kind.REPLACE:
        found = _inside(reader, target)
    else:
        found = search(reader, target)
    places = _pick(found, chosen, everywhere=change.everywhere)
    if isinstance(places, Problem):
        return places
    return _each(places, lambda place: _step(reader, change, place, found.words))


def _each(places: tuple[Place, ...], make: Callable[[Place], Step | Problem]) -> tuple[Step, ...] | Problem:
    steps: list[Step] = []
    for place in places:
        step = make(place)
        if isinstance(step, Problem):
            return step
        steps.append(step)
    return tuple(steps)


def _pick(found: Search, chosen: str, *, everywhere: bool) -> tuple[Place, ...] | Problem:
    """Return the places that are meant, or why that is not clear."""
    if found.problem:
        return Problem(found.problem)
    named = tuple(place for place in (*found.exact, *found.near) if place.reference in chosen.split())
    if len(named) == 1 or (named and everywhere):
        return named
    if not found.exact:
        return Problem("near" if found.near else "nowhere", found.near)
    if len(found.exact) > 1 and not everywhere and "all" not in chosen.split():
        return Problem("several", found.exact)
    return found.exact


def _attribute_of(target: Target) -> str:
    return target.attribute or ("content" if target.part is Part.DESCRIPTION else "")


def _inside(reader: Reader, target: Target) -> Search:
    """Find words inside the place that is named around them."""
    around = target.model_copy(update={"words": target.around, "how": How.EQUALS})
    scopes = search(reader, around)
    if scopes.problem or not scopes.exact:
        return scopes
    inside = [
        (place, words_inside(reader, place.element, target.words)) for place in scopes.exact if place.element
    ]
    holding = [(place, found) for place, found in inside if found.exact]
    if len(holding) == 1:
        return holding[0][1]
    if holding:
        places = tuple(p for _, found in holding for p in found.exact)
        # Each is counted in its own element's words, so that none of them can be edited from here.
        return Search(places, words=None, problem="" if len(places) > 1 else "several")
    return Search((), tuple(p for _, found in inside for p in found.near))


def _step(reader: Reader, change: Change, place: Place, words: Words | None) -> Step | Problem:
    if change.kind is Kind.ADD:
        return _add(reader, change, place)
    if change.kind is Kind.REMOVE:
        return _remove(reader, place, words)
    attribute = _attribute_of(change.target)
    if place.element is not None and place.element.tag == "input" and not attribute:
        attribute = "value"
    if attribute and place.element is not None:
        return _set_attribute(reader, place.element, attribute, change)
    if change.kind is Kind.REPLACE and place.found is not None:
        return _replace(place, words or reader.words, place.found, change.value)
    if place.element is None:
        return Problem("several", (place,))
    return _set_text(reader, place, place.element, change.value)


def _replace(place: Place, words: Words, found: Found, new: str) -> Step | Problem:
    if words.text[found.begin : found.end] == one_spaced(new):
        return Problem("same", (place,))
    try:
        edits = replaced(words, found, new)
    except AcrossMarkupError:
        return Problem("across_markup", (place,))
    if not edits:
        return Problem("same", (place,))
    return Step(edits, place.line, words.text[found.begin : found.end], one_spaced(new), "text")


def _set_text(reader: Reader, place: Place, element: Placed, new: str) -> Step | Problem:
    if not element.sound or element.inner == element.end:
        return Problem("unsound", (place,))
    words = reader.inside(element)
    text = words.text.strip("\0 ")
    if "\0" in text or _holds_elements(reader, element):
        return Problem("holds_blocks", (place,))
    if not text:
        edit = Edit(element.inner, element.inner, escaped(one_spaced(new)))
        return Step((edit,), place.line, "", one_spaced(new), "text", part=element.tag)
    begin = words.text.index(text)
    found = Found(begin, begin + len(text), words.starts[begin], words.ends[begin + len(text) - 1])
    step = _replace(place, words, found, new)
    return step._replace(part=element.tag) if isinstance(step, Step) else step


def _holds_elements(reader: Reader, element: Placed) -> bool:
    """Return whether an element holds something that its new words would leave standing, such as an image or a field."""
    return any(
        element.inner <= other.start < element.inner_end
        and other.tag
        in {"img", "input", "select", "textarea", "video", "iframe", "table", "ul", "ol", "form"}
        for other in reader.page.elements[element.number + 1 :]
        if other.start < element.inner_end
    )


def _set_attribute(reader: Reader, element: Placed, name: str, change: Change) -> Step | Problem:
    place = reader.of_element(element)
    old = element.attrs.get(name, "")
    new = one_spaced(change.value)
    if change.kind is Kind.REPLACE:
        wanted = folded(change.target.words)
        if folded(old).count(wanted) != 1 or old.count(change.target.words) != 1:
            return Problem("near", (place,))
        new = old.replace(change.target.words, new)
    if name in ("href", "src") and unsafe_address(new):
        return Problem("unsafe_address", (place,))
    if name not in _TEXT_ATTRIBUTES and name not in ("href", "src"):
        return Problem("not_understood", (place,))
    if name in element.attrs and old == new:
        return Problem("same", (place,))
    risk = "address" if name in ("href", "src") else "text"
    edit = attribute_edit(reader, element, name, new)
    return Step(
        (edit,), place.line, old, new, risk, (element.number, name, new), part=f"{element.tag} {name}"
    )


def _missing(reader: Reader, change: Change) -> Step | None:
    """Make a title or a description that the page does not have; None for anything else, which must be there."""
    heads = [e for e in reader.page.elements if e.tag == "head" and e.sound]
    if (
        change.target.part not in (Part.TITLE, Part.DESCRIPTION)
        or len(heads) != 1
        or change.target.words
        or change.target.selector
    ):
        return None
    head, value = heads[0], one_spaced(change.value)
    titles = [e for e in reader.page.elements if e.tag == "title" and head.inner <= e.start < head.inner_end]
    at = titles[0].end if titles and change.target.part is Part.DESCRIPTION else head.inner
    charsets = [e for e in reader.page.elements if e.tag == "meta" and "charset" in e.attrs and e.start >= at]
    at = charsets[0].end if charsets and not titles else at
    tag = "title" if change.target.part is Part.TITLE else "meta"
    made = (
        f"<title>{escaped(value)}</title>"
        if tag == "title"
        else f'<meta name="description" content="{escaped_value(value, chr(34))}">'
    )
    return Step(
        (Edit(at, at, f"\n{made}"),), reader.page.line(at), "", value, "text", inserted=(at, tag), part=tag
    )


def _add(reader: Reader, change: Change, place: Place) -> Step | Problem:
    made = added(reader, change, place)
    if made is None:
        return Problem("cannot_add", (place,))
    edit, tag = made
    return Step(
        (edit,),
        place.line,
        "",
        one_spaced(change.value),
        "addition",
        inserted=(edit.start, tag) if tag else None,
        part=tag,
    )


def _remove(reader: Reader, place: Place, words: Words | None) -> Step | Problem:
    element = place.element
    if element is None and place.found is not None:
        inside = words or reader.words
        element = enclosing_of_words(reader, place.found, inside)
        if element is None:
            try:
                edits = replaced(inside, place.found, "")
            except AcrossMarkupError:
                return Problem("across_markup", (place,))
            was = inside.text[place.found.begin : place.found.end]
            return Step(edits, place.line, was, "", "removal")
    if (
        element is None
        or not element.sound
        or element.tag in ("html", "head", "body", "title", "meta", "main")
    ):
        return Problem("cannot_remove", (place,))
    edit = removed(reader, element)
    return Step(
        (edit,),
        place.line,
        place.shown,
        "",
        "removal",
        dropped=(element.start, element.end),
        part=element.tag,
    )

"""Puts new words into a page: as an element beside another one, or as words beside words."""

from typing import Final

from desks.website.models.changes import Change, Part, Where
from desks.website.rules.change.places import Place, Reader
from desks.website.rules.page.document import Placed
from desks.website.rules.page.source import Edit
from desks.website.rules.page.words import escaped, one_spaced

_TAGS: Final = {Part.PARAGRAPH: "p", Part.LIST_ITEM: "li", Part.HEADING: ""}
_HEADINGS: Final = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_BLOCKS: Final = frozenset(
    {"p", "li", "blockquote", "figure", "ul", "ol", "div", "section", "table", "pre", "dl"}
)


def added(reader: Reader, change: Change, place: Place) -> tuple[Edit, str] | None:
    """Return the edit that adds the words, with the tag of a new element, empty for words alone; None where it cannot.

    A paragraph goes beside a paragraph, a heading or a block; a list item beside a list item only.
    """
    element = place.element
    if element is None and place.found is not None:
        return _beside_words(reader, change, place)
    if element is None or not element.sound:
        return None
    tag = _tag(change.added, element)
    if not tag or (tag == "li") != (element.tag == "li"):
        return None
    return _beside(reader, element, tag, change)


def _tag(added_part: Part, element: Placed) -> str:
    if added_part is Part.HEADING:
        return element.tag if element.tag in _HEADINGS else "h2"
    if added_part is not Part.TEXT:
        return _TAGS[added_part]
    if element.tag == "li":
        return "li"
    return "p" if element.tag in _HEADINGS or element.tag in _BLOCKS else ""


def _beside(reader: Reader, element: Placed, tag: str, change: Change) -> tuple[Edit, str]:
    text = reader.page.text
    made = f"<{tag}>{escaped(one_spaced(change.value))}</{tag}>"
    begin = text.rfind("\n", 0, element.start) + 1
    indent = text[begin : element.start]
    own_line = not indent.strip()
    if change.where is Where.BEFORE:
        return Edit(element.start, element.start, f"{made}\n{indent}" if own_line else made), tag
    end = element.end
    if element.inner_end == element.end:
        # Without an end tag the element reaches to the next one; what is added comes before the white space there.
        end = element.inner + len(text[element.inner : element.end].rstrip())
    return Edit(end, end, f"\n{indent}{made}" if own_line else made), tag


def _beside_words(reader: Reader, change: Change, place: Place) -> tuple[Edit, str] | None:
    found = place.found
    if found is None:
        return None
    around = [e for e in reader.page.elements if e.inner <= found.start and found.stop <= e.inner_end]
    block = next((e for e in reversed(around) if e.tag in _BLOCKS | _HEADINGS), None)
    if change.added is not Part.TEXT:
        if block is None or not block.sound:
            return None
        tag = _tag(change.added, block)
        if not tag or (tag == "li") != (block.tag == "li"):
            return None
        return _beside(reader, block, tag, change)
    value = escaped(one_spaced(change.value))
    if change.where is Where.BEFORE:
        return Edit(found.start, found.start, f"{value} "), ""
    stop = found.stop
    # After 'the words' a full stop that ends them belongs to them.
    if reader.page.text[stop : stop + 1] in (".", "!", "?") and value[:1].isupper():
        stop += 1
    return Edit(stop, stop, f" {value}"), ""

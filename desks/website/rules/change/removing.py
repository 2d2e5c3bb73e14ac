"""Takes an element out of a page, with the line that it leaves empty."""

from typing import Final

from desks.website.rules.change.places import Reader
from desks.website.rules.page.document import Placed
from desks.website.rules.page.source import Edit
from desks.website.rules.page.words import Found, Words

_WHOLE: Final = frozenset(
    {
        *("p", "li", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "figcaption", "dd", "dt", "button"),
        *("a", "span", "strong", "em", "b", "i", "small", "mark"),
    }
)


def enclosing_of_words(reader: Reader, found: Found, words: Words) -> Placed | None:
    """Return the outermost element that holds these words and no others; None where others stand beside them."""
    wanted = " ".join(words.text[found.begin : found.end].split())
    holding = [
        e
        for e in reader.page.elements
        if e.inner <= found.start and found.stop <= e.inner_end and e.tag in _WHOLE
    ]
    return next((element for element in holding if element.sound and reader.text(element) == wanted), None)


def removed(reader: Reader, element: Placed) -> Edit:
    """Return the edit that takes an element out; where it has lines of its own, these go with it."""
    text = reader.page.text
    start, end = element.start, element.end
    begin = text.rfind("\n", 0, start) + 1
    after = text.find("\n", end)
    after = len(text) if after < 0 else after
    if not text[begin:start].strip() and not text[end:after].strip() and after < len(text):
        return Edit(begin, after + 1, "")
    return Edit(start, end, "")

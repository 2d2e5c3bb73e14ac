"""Makes all changes of one page at once, and proves on the result that nothing else changed."""

from collections.abc import Sequence
from typing import NamedTuple

from desks.website.models.changes import Change
from desks.website.rules.change.make import Problem, Step, steps_of
from desks.website.rules.change.places import Place, Reader
from desks.website.rules.page.document import Page, Placed
from desks.website.rules.page.source import PageError, read_source, spliced


class Made(NamedTuple):
    """One change as it was made: where, what stood there and what stands there now."""

    change: Change
    steps: tuple[Step, ...]


class Open(NamedTuple):
    """One change that cannot be made as it is worded."""

    change: Change
    why: str
    places: tuple[Place, ...]


class Edited(NamedTuple):
    """A page with its changes; `data` is the page as it was where any change is open."""

    data: bytes
    made: tuple[Made, ...]
    open: tuple[Open, ...]


def read_page(data: bytes) -> Page:
    """Parse a page; raises PageError for what cannot be edited safely."""
    page = Page(read_source(data))
    page.check_size()
    return page


def edited(data: bytes, changes: Sequence[Change], chosen: str = "") -> Edited:
    """Make the changes, each on the page as it was; `chosen` are references of places that the requester picked.

    Raises PageError where two changes touch one place, or where the result is not exactly what was meant.
    """
    reader = Reader(read_page(data))
    made: list[Made] = []
    left: list[Open] = []
    for change in changes:
        steps = steps_of(reader, change, chosen)
        if isinstance(steps, Problem):
            left.append(Open(change, steps.why, steps.places))
        else:
            made.append(Made(change, steps))
    if left:
        return Edited(data, tuple(made), tuple(left))
    steps_made = [step for one in made for step in one.steps]
    new = spliced(reader.page.source, [edit for step in steps_made for edit in step.edits])
    _prove(reader.page, steps_made, new)
    return Edited(new, tuple(made), ())


def _prove(before: Page, steps: Sequence[Step], data: bytes) -> None:
    """Raise PageError unless the elements of the new page are those of the old one, but for what the steps say."""
    after = read_page(data)
    expected = _expected(before, steps)
    seen = [(element.tag, element.attrs) for element in after.elements]
    if expected != seen:
        raise PageError(
            "the change would move or break other elements of the page, because its markup is not sound there; "
            "a person must edit it by hand"
        )


def _expected(before: Page, steps: Sequence[Step]) -> list[tuple[str, dict[str, str]]]:
    gone = [step.dropped for step in steps if step.dropped is not None]
    # Words that go take the inline elements that they stand in along only where an element is dropped as a whole.
    new = sorted(step.inserted for step in steps if step.inserted is not None)
    values = {
        (step.attribute[0], step.attribute[1]): step.attribute[2]
        for step in steps
        if step.attribute is not None
    }
    expected: list[tuple[str, dict[str, str]]] = []
    for element in before.elements:
        while new and new[0][0] <= element.start:
            expected.append(_made(new.pop(0)[1], steps))
        if any(start <= element.start < end for start, end in gone):
            continue
        expected.append((element.tag, _with(element, values)))
    expected += [_made(tag, steps) for _, tag in new]
    return expected


def _made(tag: str, steps: Sequence[Step]) -> tuple[str, dict[str, str]]:
    if tag != "meta":
        return tag, {}
    content = next(step.becomes for step in steps if step.inserted is not None and step.inserted[1] == "meta")
    return tag, {"name": "description", "content": content}


def _with(element: Placed, values: dict[tuple[int, str], str]) -> dict[str, str]:
    mine = {name: value for (index, name), value in values.items() if index == element.number}
    return {**element.attrs, **mine} if mine else element.attrs

"""Whether a page's markup is sound: what the HTML standard forbids, and tags that are never closed or never opened."""

from collections.abc import Iterator
from itertools import islice
from typing import Final

from turbohtml.conformance import check

from desks.website.rules.change.places import Reader
from desks.website.rules.checks.problem import Problem
from desks.website.rules.page.document import VOID, Tag
from dispatch.models.work.severity import Severity

_ELSEWHERE: Final = frozenset({"img-missing-alt", "missing-title", "missing-lang"})
"""What other checks of the desk say in words of their own."""
_MAY_STAY_OPEN: Final = frozenset(
    {
        *(
            "html",
            "head",
            "body",
            "p",
            "li",
            "dt",
            "dd",
            "option",
            "optgroup",
            "tr",
            "td",
            "th",
            "thead",
            "tbody",
        ),
        *("tfoot", "colgroup", "caption", "rt", "rp"),
    }
)
_FOREIGN: Final = frozenset({"svg", "math"})
_MOST: Final = 200


def conformance_problems(reader: Reader) -> tuple[Problem, ...]:
    """Return the breaches, at most 200."""
    return tuple(islice(_all(reader), _MOST))


def _all(reader: Reader) -> Iterator[Problem]:
    yield from _standard(reader)
    yield from _errors(reader)
    yield from _tags(reader)


def _standard(reader: Reader) -> Iterator[Problem]:
    for message in check(reader.page.document).messages:
        if message.severity != "error" or message.code in _ELSEWHERE:
            continue
        rule = f"conformance.{message.code.replace('-', '_')}"
        yield Problem(rule, Severity.MAJOR, message.line or 1, message.message, message.message)


def _errors(reader: Reader) -> Iterator[Problem]:
    for error in reader.page.document.errors:
        text = f"the markup breaks the standard: {error.code.replace('-', ' ')}"
        yield Problem("conformance.parse_error", Severity.MAJOR, error.line or 1, text, error.code)


def _tags(reader: Reader) -> Iterator[Problem]:
    """Match start and end tags as their author wrote them."""
    open_tags: list[Tag] = []
    counts: dict[str, int] = {}
    for token in _own_tags(reader):
        name = token.name
        if not token.closes:
            open_tags.append(token)
            counts[name] = counts.get(name, 0) + 1
        elif counts.get(name):
            yield from (_unclosed(reader, left) for left in _closed(name, open_tags, counts))
        elif name not in ("p", "br"):
            line = reader.page.line(token.start)
            yield Problem(
                "conformance.stray_end_tag", Severity.MAJOR, line, f"</{name}> closes nothing", name
            )
    yield from (_unclosed(reader, left) for left in open_tags if left.name not in _MAY_STAY_OPEN)


def _own_tags(reader: Reader) -> Iterator[Tag]:
    """Yield the tags of HTML that may hold something; drawings and formulas have rules of their own."""
    foreign = 0
    for token in reader.page.tokens:
        if not isinstance(token, Tag) or not token.name:
            continue
        if token.name in _FOREIGN:
            foreign = max(0, foreign + (-1 if token.closes else 1))
        if token.name in _FOREIGN or not (token.name in VOID or foreign):
            yield token


def _closed(name: str, open_tags: list[Tag], counts: dict[str, int]) -> Iterator[Tag]:
    """Close the last of these elements, and yield those inside of it that are open and must not be."""
    while open_tags:
        last = open_tags.pop()
        counts[last.name] -= 1
        if last.name == name:
            return
        if last.name not in _MAY_STAY_OPEN:
            yield last


def _unclosed(reader: Reader, tag: Tag) -> Problem:
    line = reader.page.line(tag.start)
    return Problem("conformance.unclosed", Severity.MAJOR, line, f"<{tag.name}> is never closed", tag.name)

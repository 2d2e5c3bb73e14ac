"""The checks that a request or the playbook sets: what the changed page must show, hold and link to."""

from collections.abc import Iterable, Iterator

from desks.website.models.changes import Check
from desks.website.rules.change.places import Reader
from desks.website.rules.checks.problem import Problem
from desks.website.rules.page.words import find, folded
from dispatch.models.work.severity import Severity


def acceptance_problems(reader: Reader, checks: Iterable[Check]) -> tuple[Problem, ...]:
    """Return the checks that do not hold; one that needs a browser is not judged here."""
    return tuple(problem for check in checks for problem in _judged(reader, check))


def _judged(reader: Reader, check: Check) -> Iterator[Problem]:
    why = _why_not(reader, check)
    if why:
        severity = Severity.CRITICAL if check.source == "request" else Severity.MAJOR
        yield Problem(
            f"acceptance.{check.kind}", severity, 1, why, f"{check.selector}|{check.value}|{check.count}"
        )


def _why_not(reader: Reader, check: Check) -> str:
    """Return why a check does not hold; empty where it does, and where a browser must tell."""
    if check.kind == "title":
        titles = [e for e in reader.page.elements if e.tag == "title"]
        shown = reader.text(titles[0]) if titles else ""
        return "" if folded(check.value) in folded(shown) else f"the title does not say “{check.value}”"
    if check.kind == "link":
        links = {e.attrs.get("href", "").strip() for e in reader.page.elements if e.tag == "a"}
        return "" if check.value in links else f"no link leads to {check.value}"
    try:
        if check.kind in ("shows", "absent"):
            return _words(reader, check)
        return _found(reader, check) if check.kind in ("selector", "count") else ""
    except ValueError:
        return f"“{check.selector}” is no CSS selector"


def _found(reader: Reader, check: Check) -> str:
    found = len(reader.page.select(check.selector))
    if check.kind == "selector":
        return "" if found else f"nothing is found by {check.selector}"
    return "" if found == check.count else f"{check.selector} finds {found}, not {check.count}"


def _words(reader: Reader, check: Check) -> str:
    if check.selector:
        places = reader.page.select(check.selector)
        there = any(folded(check.value) in folded(reader.text(place)) for place in places)
    else:
        blocks = reader.words.text.replace("\0", " \0 ")
        there = bool(find(reader.words, check.value)) or folded(check.value) in folded(blocks)
    if check.kind == "shows":
        return "" if there else f"the page does not show “{check.value}”"
    return f"the page still shows “{check.value}”" if there else ""

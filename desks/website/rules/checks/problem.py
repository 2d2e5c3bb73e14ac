"""One thing that is wrong with a page, and what of it a change made worse."""

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from dispatch.models.work.severity import Severity


class Problem(NamedTuple):
    """A broken rule; `key` tells it from others of its rule and stays the same when it moves to another line."""

    rule: str
    severity: Severity
    line: int
    text: str
    key: str = ""


class Compared(NamedTuple):
    """The problems of a changed page: those that the change brought, and those that were there before."""

    worse: tuple[Problem, ...]
    before: tuple[Problem, ...]


def compared(before: Iterable[Problem], after: Iterable[Problem]) -> Compared:
    """Tell the problems of the changed page apart; one more of a kind that was there is one more."""
    known = Counter((problem.rule, problem.key) for problem in before)
    worse: list[Problem] = []
    old: list[Problem] = []
    for problem in after:
        which = (problem.rule, problem.key)
        if known[which] > 0:
            known[which] -= 1
            old.append(problem)
        else:
            worse.append(problem)
    return Compared(tuple(worse), tuple(old))


def first_time(problems: Iterable[Problem]) -> Compared:
    """Tell the problems of a page apart that nothing was before: small ones are notes, for most pages have some."""
    found = tuple(problems)
    return Compared(
        tuple(one for one in found if one.severity is not Severity.MINOR),
        tuple(one for one in found if one.severity is Severity.MINOR),
    )


def by_rule(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Return one problem for each rule, the first, with how many more there are of it."""
    grouped: dict[str, list[Problem]] = {}
    for problem in problems:
        grouped.setdefault(problem.rule, []).append(problem)
    return tuple(
        of[0] if len(of) == 1 else of[0]._replace(text=f"{of[0].text} (and {len(of) - 1} more)")
        for of in grouped.values()
    )

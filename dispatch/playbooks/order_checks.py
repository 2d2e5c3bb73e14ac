"""Checks of what playbooks say of each other: in which order the parts of a request for several desks begin."""

from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from typing import NamedTuple

from dispatch.models.work.playbook import Playbook
from dispatch.playbooks.text_checks import one_of


class OrderProblem(NamedTuple):
    """One error in the playbook of `desk`; the others are parts of PlaybookError after the file."""

    desk: str
    path: str
    problem: str
    remedy: str


def order_problems(playbooks: Mapping[str, Playbook]) -> Iterator[OrderProblem]:
    """Yield each desk in a `routing.after` that does not exist, and the first circle: no part of it could ever begin."""
    unknown = False
    for desk, playbook in sorted(playbooks.items()):
        for index, other in enumerate(playbook.routing.after):
            if other not in playbooks:
                unknown = True
                yield OrderProblem(
                    desk,
                    f"routing.after[{index}]",
                    f"there is no desk {other!r}",
                    f"Name one of: {one_of(playbooks)}; or remove it.",
                )
    if unknown:
        return
    try:
        TopologicalSorter({desk: one.routing.after for desk, one in sorted(playbooks.items())}).prepare()
    except CycleError as error:
        circle = list(reversed(error.args[1]))
        yield OrderProblem(
            circle[0],
            "routing.after",
            f"the desks wait for each other: {' after '.join(circle)}",
            "Remove one of these names from the `after` of its playbook.",
        )

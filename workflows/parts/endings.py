"""Exceptions that end a request, or its history, before its last stage."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from dispatch.models.request.item import Item
    from dispatch.models.request.status import Ending


class HistoryFullError(Exception):
    """The history is so long that Temporal suggests a new one; raised only while the request waits.

    `items` are the items with the answers so far, if the wait was for an answer.
    """

    def __init__(self, items: tuple[Item, ...] | None = None) -> None:
        super().__init__("the request continues in a new history")
        self.items = items


def history_full() -> bool:
    """Check whether Temporal suggests continue-as-new."""
    return workflow.info().is_continue_as_new_suggested()


class EndedEarlyError(Exception):
    """The request ends here, not as `done`; the coordinator's `run` always catches it."""

    def __init__(self, ending: Ending, why: str) -> None:
        super().__init__(why)
        self.ending, self.why = ending, why

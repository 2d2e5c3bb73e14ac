"""How a request ends before its last stage."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from dispatch.models.request.item import Item
    from dispatch.models.request.status import Ending


class HistoryFullError(Exception):
    """The history has grown so long that Temporal asks for a new one; raised only while the request waits.

    `items` are those asked about, with the answers so far in them, where the wait was for an answer.
    """

    def __init__(self, items: tuple[Item, ...] | None = None) -> None:
        super().__init__("the request continues in a new history")
        self.items = items


def history_full() -> bool:
    """Check whether Temporal asks to continue in a new history."""
    return workflow.info().is_continue_as_new_suggested()


class EndedEarlyError(Exception):
    """The request ends here, and not as done; always caught by the coordinator's `run`."""

    def __init__(self, ending: Ending, why: str) -> None:
        super().__init__(why)
        self.ending, self.why = ending, why

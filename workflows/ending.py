"""How a request ends before its last stage."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from dispatch.models.status import Ending


class Ended(Exception):  # noqa: N818 (no error: the request has come to its end early)
    """The request ends here, and not as done; always caught by the coordinator's `run`."""

    def __init__(self, ending: Ending, why: str) -> None:
        super().__init__(why)
        self.ending, self.why = ending, why

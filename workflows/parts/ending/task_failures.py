"""When to stop trying a request whose workflow task fails again and again.

Temporal retries such a task indefinitely, which is right if a deployment is rolled back and wrong if a bug concerns one
request alone. Each process counts for itself, and no replay sees the count: its only consequence ends the history.
"""

from collections import OrderedDict
from typing import Final

MOST_TRIES: Final = 5
_REMEMBERED: Final = 10_000


class TaskFailures:
    """Counts the failures of each run in this process."""

    def __init__(self) -> None:
        self._seen: OrderedDict[str, int] = OrderedDict()

    def is_last_try(self, run_id: str) -> bool:
        """Count one more failure; returns True from the fifth on."""
        number = self._seen[run_id] = self._seen.pop(run_id, 0) + 1
        while len(self._seen) > _REMEMBERED:
            self._seen.popitem(last=False)
        return number >= MOST_TRIES


TASK_FAILURES: Final = TaskFailures()
"""The counter of all workflows in this process."""

"""When to stop trying a request whose workflow task fails again and again.

Temporal retries such a task indefinitely, which is right where a deployment is rolled back and wrong where one request alone
meets a bug. The count is this process's own and no replay sees it: what is decided by it ends the history.
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
        """Count one more failure; True where it is the fifth or a later one."""
        number = self._seen[run_id] = self._seen.pop(run_id, 0) + 1
        while len(self._seen) > _REMEMBERED:
            self._seen.popitem(last=False)
        return number >= MOST_TRIES


TASK_FAILURES: Final = TaskFailures()
"""Of all workflows in this process."""

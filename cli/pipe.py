"""How a command ends if its output is a pipe and the reader has closed it, as with `| head`."""

import os
import select
import sys
from collections.abc import Callable
from typing import Final

READ_ENOUGH: Final = 128 + 13
"""The exit code that a shell reports for a program that SIGPIPE ended."""


def while_somebody_reads(command: Callable[[], int]) -> int:
    """Run `command` and return its exit code, or READ_ENOUGH if nobody reads stdout any more.

    Another broken pipe, such as that of a connection, is raised as it is.
    """
    try:
        return command()
    except BrokenPipeError:
        if not _nobody_reads():
            raise
        return READ_ENOUGH


def _nobody_reads() -> bool:
    stdout = sys.stdout.fileno()
    poll = select.poll()
    poll.register(stdout, 0)
    if not any(events & select.POLLERR for _, events in poll.poll(0)):
        return False
    # Discard the rest of the output: the interpreter would fail on it again at its exit.
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stdout)
    os.close(nowhere)
    return True

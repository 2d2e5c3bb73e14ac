"""A command's end where its output is a pipe and the reader has gone, as with `| head`."""

import os
import select
import sys
from collections.abc import Callable
from typing import Final

READ_ENOUGH: Final = 128 + 13
"""What a shell says of a program that SIGPIPE ended."""


def while_somebody_reads(command: Callable[[], int]) -> int:
    """Run `command` and give its exit code, or READ_ENOUGH where nobody reads stdout any more.

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
    # What is left goes nowhere: the interpreter would fail on it once more at its exit.
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stdout)
    os.close(nowhere)
    return True

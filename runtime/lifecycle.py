"""Runs a program's coroutine to its end, and ends the process cleanly.

A process that ran a Temporal worker may crash while the interpreter exits (sdk-python issue 300), after its work
is done: objects of the core are freed after the loop that they need is closed. Collecting them before the loop
closes prevents that, as measured. Every program of ours starts through `run_to_end`.
"""

import asyncio
import gc
import io
import signal
import sys
from collections.abc import Callable, Coroutine
from functools import partial
from types import FrameType
from typing import Any

from temporalio.service import RPCError

from dispatch.models.errors import DispatchError
from dispatch.temporal_errors import temporal_unavailable


def run_to_end(main: Callable[[], Coroutine[Any, Any, int]]) -> int:
    """Run `main` and return its exit code; a person's mistake becomes one sentence and the code 2.

    SIGINT and SIGTERM cancel it, so that it ends what it started; codes 130 and 143.
    """
    say_line_by_line()
    with asyncio.Runner() as runner:
        try:
            return runner.run(_until_terminated(main))
        except DispatchError as error:
            return _say(str(error))
        except RPCError as error:
            return _say(str(temporal_unavailable(error)))
        except KeyboardInterrupt:
            return 130
        except asyncio.CancelledError:
            return 143
        finally:
            runner.run(_let_go())


def say_line_by_line() -> None:
    """Write each line immediately, even to a file or a pipe: a reader may wait for it."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(line_buffering=True)


async def _until_terminated(main: Callable[[], Coroutine[Any, Any, int]]) -> int:
    task = asyncio.current_task()
    if task is not None:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    return await main()


def _say(sentence: str) -> int:
    print(f"error: {sentence}", file=sys.stderr)  # noqa: T201 (the sentence for the person who started it)
    return 2


async def _let_go() -> None:
    gc.collect()
    await asyncio.sleep(0)


def stop_event(on_signal: Callable[[], None] | None = None) -> asyncio.Event:
    """Return an event that SIGINT and SIGTERM set; call it within the running loop.

    `on_signal` is called in the signal handler itself, even while the loop is stuck.
    """
    event = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, event.set)
        if on_signal is not None:
            # asyncio is notified through its wakeup descriptor; the handler that it sets itself does nothing.
            signal.signal(number, partial(_call, on_signal))
            signal.siginterrupt(number, False)  # noqa: FBT003 (as asyncio leaves it)
    return event


def _call(on_signal: Callable[[], None], _number: int, _frame: FrameType | None) -> None:
    on_signal()

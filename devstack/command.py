"""Runs an embedded service as a program until SIGTERM or Ctrl-C; prints one sentence if it cannot start."""

import argparse
import asyncio
import signal
import sys
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from devstack.settings import StackSettings, load_stack_settings
from dispatch.models.errors import DispatchError
from dispatch.storage.private_folders import tighten

Service = Callable[[StackSettings, bool], AbstractAsyncContextManager[object]]


def run(name: str, service: Service, where: Callable[[StackSettings], str]) -> int:
    """Run `service` until the process gets a signal to stop; return the exit code.

    `where` returns its address from the settings.
    """
    parser = argparse.ArgumentParser(prog=f"python -m embedded.{name.replace(' ', '_')}")
    parser.add_argument(
        "--faults",
        action="store_true",
        help="take orders to fail at POST /faults; for tests and the demo only",
    )
    arguments = parser.parse_args()

    async def until_stopped() -> None:
        settings = load_stack_settings()
        tighten(settings.private_folders)
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        async with service(settings, arguments.faults):
            faulty = " (fails on order)" if arguments.faults else ""
            print(f"{name}: {where(settings)}{faulty}", flush=True)
            await stop.wait()

    try:
        asyncio.run(until_stopped())
    except DispatchError as error:
        print(f"{name}: {error}", file=sys.stderr)
        return 1
    return 0

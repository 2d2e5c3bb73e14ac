"""The child process that reads strangers' text: without credentials, and with limits on memory and time.

Started by `dispatch.isolation.text_processes`. One frame on standard input is a call, one on standard output its result; both ends
are ours, and nothing that a stranger wrote is unpickled but as a string or as bytes.
"""

import importlib
import pickle
import resource
import signal
import struct
import sys
from collections.abc import Sequence
from typing import IO, Final

from dispatch.models.errors import DispatchError

_READY: Final = b"ready"
LENGTH: Final = struct.Struct(">Q")


def read_frame(stream: IO[bytes]) -> bytes:
    """Return the next frame. Raises EOFError where the other side has ended."""
    header = stream.read(LENGTH.size)
    if len(header) < LENGTH.size:
        raise EOFError
    (length,) = LENGTH.unpack(header)
    frame = stream.read(length)
    if len(frame) < length:
        raise EOFError
    return frame


def write_frame(stream: IO[bytes], frame: bytes) -> None:
    """Write a frame, with its length before it."""
    stream.write(LENGTH.pack(len(frame)) + frame)
    stream.flush()


def main(seconds: float, megabytes: int, readers: Sequence[str]) -> None:
    """Serve calls until the other side ends; `readers` are the modules that it will be asked to call."""
    most = megabytes * 2**20
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    calls, results = sys.stdin.buffer, sys.stdout.buffer
    # The readers are imported before the first text arrives, so that it need not wait.
    for module in readers:
        importlib.import_module(module)
    write_frame(results, _READY)
    while True:
        try:
            frame = read_frame(calls)
        except EOFError:
            return
        # The signal's default action ends the process at any point, even if its parent is gone.
        signal.setitimer(signal.ITIMER_REAL, seconds)
        write_frame(results, pickle.dumps(_result_of(frame)))
        signal.setitimer(signal.ITIMER_REAL, 0)


def _result_of(frame: bytes) -> tuple[bool, object]:
    try:
        function, arguments = pickle.loads(frame)  # noqa: S301 (written by our own process)
        return True, function(*arguments)
    except DispatchError as error:
        return False, error
    except Exception as error:  # noqa: BLE001 (whatever it is, the other side says so to a person)
        return False, type(error).__name__


if __name__ == "__main__":
    main(float(sys.argv[1]), int(sys.argv[2]), sys.argv[3:])

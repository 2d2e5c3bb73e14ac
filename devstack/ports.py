"""Ports on the loopback: find a free one for a test, and name the process that uses one."""

import secrets
import socket
from contextlib import suppress
from pathlib import Path

from dispatch.models.errors import DevStackError

LOOPBACK = "127.0.0.1"
_LOWEST, _HIGHEST = 10_000, 32_000
_LISTEN = "0A"  # the state column of /proc/net/tcp


def free_port() -> int:
    """Return a free port, for tests, where a fixed one would collide.

    It is below the range of outgoing connections, one of which could take it before it is used. And it is random, so
    that processes that search at the same time do not find the same.
    """
    while True:
        port = _LOWEST + secrets.randbelow(_HIGHEST - _LOWEST)
        with socket.socket() as probe, suppress(OSError):
            probe.bind((LOOPBACK, port))
            return port


def require_free(port: int, *, purpose: str, setting: str) -> None:
    """Raise DevStackError, naming the holder and the remedy, if `port` cannot be listened on."""
    with socket.socket() as probe:
        # Without it a server stopped a moment ago, its connections in TIME_WAIT, would look like a running one.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError as error:
            who = holder(port)
            taken = f"taken by {who}" if who else f"unusable ({error.strerror or error})"
            raise DevStackError(
                f"port {port} for {purpose} is {taken}; stop that program or set {setting} to a free port."
            ) from None


def holder(port: int) -> str | None:
    """Return the process that listens on `port` as 'name (pid N)', or None if it is unknown."""
    inodes = _listening_inodes(port)
    if not inodes:
        return None
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if any(_link(descriptor) in inodes for descriptor in (process / "fd").iterdir()):
                return f"{(process / 'comm').read_text().strip()} (pid {process.name})"
        except OSError:
            continue  # another user's process, or one that ended meanwhile
    return None


def _link(descriptor: Path) -> str:
    try:
        return str(descriptor.readlink())
    except OSError:
        return ""  # closed meanwhile, as is always the descriptor through which this folder is read


def _listening_inodes(port: int) -> set[str]:
    inodes: set[str] = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            rows = Path(table).read_text().splitlines()[1:]
        except OSError:
            continue  # not Linux: the message has no name
        for row in rows:
            columns = row.split()
            if columns[3] == _LISTEN and int(columns[1].rsplit(":", 1)[1], 16) == port:
                inodes.add(f"socket:[{columns[9]}]")
    return inodes

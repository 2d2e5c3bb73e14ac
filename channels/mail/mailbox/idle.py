"""IDLE (RFC 2177): waits until the server reports a change.

The library's own wait checks only the socket. Data that arrived in one packet with the server's "idling" is already in
the reader's buffer, and would be seen only at the next look.
"""

import select
import threading
import time
from imaplib import IMAP4
from typing import Final

from imap_tools import BaseMailBox

_HALT_SECONDS: Final = 0.25
"""The interval in which it checks whether it must end."""


def idle(box: BaseMailBox, seconds: float, halt: threading.Event) -> None:
    """Return when the server sends anything, when the time is over, or when `halt` is set.

    Raises IMAP4.error if the server refuses it, IMAP4.abort and OSError if the connection ends.
    """
    client = box.client
    tag: bytes = client._command("IDLE")  # noqa: SLF001 (imaplib has no public IDLE before Python 3.14)
    while client._get_response() is not None:  # noqa: SLF001
        # An answer before it idles is a change, or the end of the command, which is a refusal.
        if client.tagged_commands.get(tag):
            raise IMAP4.error(f"IDLE is refused: {client.tagged_commands.pop(tag)!r}")
    end = time.monotonic() + seconds
    poller = select.poll()
    poller.register(client.sock.fileno(), select.POLLIN)
    while not _has_buffered(client) and not halt.is_set():
        left = end - time.monotonic()
        if left <= 0 or poller.poll(1000 * min(left, _HALT_SECONDS)):
            break
    client.send(b"DONE\r\n")
    box.consume_until_tagged_response(tag)


def _has_buffered(client: IMAP4) -> bool:
    """Check whether the buffer holds data that is not processed yet."""
    reader = getattr(client, "_file", None)
    sock = client.sock
    before = sock.gettimeout()
    sock.settimeout(0)
    try:
        return bool(reader is not None and reader.peek(1))
    except OSError:
        return False
    finally:
        sock.settimeout(before)

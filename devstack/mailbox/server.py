"""Runs pymap inside this process: an IMAP server with its mails in memory. Its folders on disk copy mails without content."""

import asyncio
import socket
from argparse import Namespace
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Final

from proxyprotocol.reader import ProxyProtocolReader
from pymap.backend.dict import Config, Identity, Login
from pymap.imap import IMAPServer
from pymap.user import Passwords, UserMetadata
from pysasl.hashing import BuiltinHash

_ROUNDS: Final = 1_000
"""Rounds of the password hash; few, because the passwords are no secrets here and the default takes half a second."""


class _Config(Config):
    """The server's settings; `without` are capabilities that it does not announce."""

    without: frozenset[bytes] = frozenset()

    @property
    def greeting(self) -> bytes:
        # The package's default looks up this machine's name in the network.
        return b"IMAP server of the demo"

    @property
    def login_capability(self) -> Sequence[bytes]:
        return [one for one in super().login_capability if one not in self.without]


@asynccontextmanager
async def mailbox_server(
    listener: socket.socket, users: Mapping[str, str], *, without: Iterable[str] = ()
) -> AsyncIterator[None]:
    """Serve the mailboxes of `users`, passwords by name, without TLS; the listener is on the loopback."""
    # The package answers in small pieces, each of which would wait for the acknowledgement of the previous one.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    config = _Config(
        Namespace(proxy_protocol=None, passlib_cfg=None),
        demo_data=False,
        demo_user="",
        demo_password="",
        host=None,
        port=0,
        tls_enabled=False,
        hash_context=BuiltinHash(rounds=_ROUNDS),
    )
    config.without = frozenset(name.encode() for name in without)
    config.apply_context()
    login = Login(config)
    for name, password in users.items():
        user = UserMetadata(config, name, password=await Passwords(config).hash_password(password))
        await Identity(name, login, None, frozenset()).set(user)
    connected = ProxyProtocolReader(config.proxy_protocol).get_callback(IMAPServer(login, config))
    async with await asyncio.start_server(connected, sock=listener):
        yield

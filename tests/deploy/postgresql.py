"""Servers for the desk on PostgreSQL, as processes of this machine on free ports."""

import os
import pwd
import random
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from devstack.ports import LOOPBACK

_GRACE_SECONDS: Final = 90


def low_port() -> int:
    """Return a free port below 32768: the schema for PostgreSQL keeps the server's own in a smallint."""
    while True:
        port = random.randint(20_000, 32_000)  # noqa: S311 (a port is no secret)
        with closing(socket.socket()) as tried:
            if tried.connect_ex((LOOPBACK, port)) != 0:
                return port


@contextmanager
def running(
    command: Sequence[str | Path], log: Path, told: Mapping[str, str], account: str | None
) -> Iterator[None]:
    """Run a server until the end of the block, and wait for its own end."""
    with log.open("wb") as written:
        process = subprocess.Popen(
            command, stdout=written, stderr=written, env={**os.environ, **told}, user=account
        )
    try:
        yield
    finally:
        process.terminate()
        process.wait(_GRACE_SECONDS)


@contextmanager
def postgresql(password: str) -> Iterator[int]:
    """Run PostgreSQL with the user that the compose file names; returns its port."""
    # It refuses to run as root, and nobody else may enter the folders of pytest.
    account = pwd.getpwuid(65534).pw_name if os.getuid() == 0 else None
    port = low_port()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        data, secret = Path(folder, "data"), Path(folder, "password")
        secret.write_text(password)
        if account is not None:
            shutil.chown(folder, account)
            shutil.chown(secret, account)
        subprocess.run(
            ["initdb", "-D", data, "-U", "temporal", "--auth=scram-sha-256", f"--pwfile={secret}"],
            check=True,
            capture_output=True,
            user=account,
        )
        serve: Sequence[str | Path] = ["postgres", "-D", data, "-p", str(port), "-h", LOOPBACK, "-k", folder]
        with running(serve, Path(folder, "log"), {}, account):
            yield port

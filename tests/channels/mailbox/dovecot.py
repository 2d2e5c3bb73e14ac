"""Dovecot as a process of the tests: ports of the loopback, a folder of its own, any user with one password."""

import asyncio
import getpass
import os
import shutil
import signal
import socket
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Final

from devstack.ports import LOOPBACK, free_port

PASSWORD: Final = 'a pass"word \\ of tests'  # noqa: S105 (of a server that a test starts)
USERS: Final = tuple(f"desk{number}" for number in range(40))
MISSING: Final = "no dovecot on PATH; 'make mailbox' installs it"
_PATIENCE_SECONDS: Final = 20

_CONFIGURATION: Final = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/dovecot.log
protocols = imap
listen = 127.0.0.1
mail_location = maildir:~/Maildir
disable_plaintext_auth = no
auth_mechanisms = plain login
auth_failure_delay = 0
ssl = {ssl}
{certificate}
default_internal_user = {internal}
default_internal_group = {group}
default_login_user = {login}
first_valid_uid = 1
first_valid_gid = 1
mail_max_userip_connections = 200
{capability}
namespace inbox {{
  inbox = yes
  prefix = INBOX.
  separator = .
}}
passdb {{
  driver = passwd-file
  args = scheme=PLAIN {folder}/users
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/mail/%u
}}
service imap-login {{
  chroot =
  service_count = 0
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service stats {{
  chroot =
}}
"""


def is_there() -> bool:
    return shutil.which("dovecot") is not None


class Dovecot:
    """One server; with a `certificate`, a PEM file of both key and certificate, it speaks TLS too."""

    def __init__(self, *, certificate: Path | None = None, capability: str = "") -> None:
        # Not the test's own folder: names of Unix sockets are short.
        self.folder = Path(tempfile.mkdtemp(prefix="dovecot-"))
        self.port, self.tls_port = free_port(), free_port()
        self._certificate, self._capability = certificate, capability
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start it and return once it answers."""
        await asyncio.to_thread(self._write)
        program = shutil.which("dovecot") or "dovecot"
        self._process = await asyncio.create_subprocess_exec(
            program, "-F", "-c", str(self.folder / "dovecot.conf"), start_new_session=True
        )
        async with asyncio.timeout(_PATIENCE_SECONDS):
            while not await asyncio.to_thread(self._answers):
                assert self._process.returncode is None, (self.folder / "dovecot.log").read_text()
                await asyncio.sleep(0.05)

    async def stop(self, *, kill: bool = False) -> None:
        """End it with all its processes, by the group that it was started in."""
        process, self._process = self._process, None
        if process is None:
            return
        with suppress(ProcessLookupError):
            if kill:
                os.killpg(process.pid, signal.SIGKILL)
            else:
                process.terminate()
        async with asyncio.timeout(_PATIENCE_SECONDS):
            await process.wait()

    async def remove(self) -> None:
        await self.stop()
        await asyncio.to_thread(shutil.rmtree, self.folder, ignore_errors=True)

    def _answers(self) -> bool:
        try:
            with socket.create_connection((LOOPBACK, self.port), timeout=2) as connection:
                return connection.recv(4) == b"* OK"
        except OSError:
            return False

    def _write(self) -> None:
        root = os.geteuid() == 0
        # Mail is never delivered as root.
        uid, gid = (65534, 65534) if root else (os.getuid(), os.getgid())
        user = getpass.getuser()
        (self.folder / "mail").mkdir(exist_ok=True)
        if root:
            self.folder.chmod(0o755)
            os.chown(self.folder / "mail", uid, gid)
        (self.folder / "users").write_text("".join(f"{name}:{{PLAIN}}{PASSWORD}\n" for name in USERS))
        text = _CONFIGURATION.format(
            folder=self.folder,
            port=self.port,
            tls_port=self.tls_port,
            ssl="yes" if self._certificate else "no",
            certificate=f"ssl_cert = <{self._certificate}\nssl_key = <{self._certificate}"
            if self._certificate
            else "",
            capability=f"imap_capability = {self._capability}" if self._capability else "",
            internal="dovecot" if root else user,
            group="dovecot" if root else "",
            login="dovenull" if root else user,
            uid=uid,
            gid=gid,
        )
        if not self._certificate:
            text = text.replace("    ssl = yes\n", "")
        (self.folder / "dovecot.conf").write_text(text)

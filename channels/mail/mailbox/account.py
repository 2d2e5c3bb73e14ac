"""The configuration of one watched mailbox: its server, its sign-in, and the desk of its mails."""

from ipaddress import ip_address
from pathlib import Path
from typing import Final, Literal, Self

from pydantic import Field, SecretStr, model_validator

from dispatch.models.contract import Contract
from dispatch.models.work.playbook import DeskName

Security = Literal["tls", "starttls", "none"]
PORTS: Final[dict[Security, int]] = {"tls": 993, "starttls": 143, "none": 143}


class MailboxAccount(Contract):
    """One mailbox, as its entry in the file of mailboxes says."""

    name: str = Field(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._@\-]{0,59}$", description="for the log and for people"
    )
    host: str = Field(min_length=1, max_length=253)
    port: int = Field(default=0, ge=0, le=65535, description="0: the usual one of `security`")
    security: Security = Field(default="tls", description="TLS from the start, after STARTTLS, or none")
    allow_plain: bool = Field(
        default=False, description="permit `security: none` to a host other than this machine"
    )
    ca_file: Path | None = Field(
        default=None, description="the certificates to trust in place of the system's"
    )
    user: str = Field(min_length=1, max_length=320)
    password: SecretStr
    folder: str = Field(default="INBOX", min_length=1, max_length=200)
    desk: DeskName | None = Field(default=None, description="whose work it is; without it, triage decides")
    poll_seconds: float = Field(
        default=60, ge=1, le=1500, description="how long it waits at most before it looks again"
    )

    @model_validator(mode="after")
    def _is_safe(self) -> Self:
        if self.security == "none" and not self.allow_plain and not _is_this_machine(self.host):
            raise ValueError(
                f"the password would go to {self.host} unencrypted; write 'security: tls' or 'starttls', "
                "or 'allow_plain: true' where the network is trusted"
            )
        if self.security == "starttls" and self.port == PORTS["tls"]:
            raise ValueError(f"port {self.port} speaks TLS from the start; write 'security: tls'")
        return self

    @property
    def port_in_use(self) -> int:
        return self.port or PORTS[self.security]

    @property
    def where(self) -> str:
        """Return its name for messages."""
        return f"the mailbox {self.name!r} ({self.user} at {self.host}:{self.port_in_use})"


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"

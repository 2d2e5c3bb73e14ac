"""The calls to outside systems that the sample's activities make, so that the baseline can make the same.

tests/bench/test_calls.py holds them against what the activities do.
"""

import asyncio
import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Final, NamedTuple

import aiosmtplib
import httpx
from pydantic import SecretStr

from devstack.settings import StackSettings
from dispatch.http import http_client

RECORDS, ARCHIVE, SMTP = "records", "archive", "smtp"


class Outside(NamedTuple):
    """One call: to which system, of which path and query; a mail has neither."""

    system: str
    path: str = ""
    query: Mapping[str, str] = {}


_CUSTOMER: Final = Outside(RECORDS, "/customers", {"email": "chloe.lefevre@courriel.example"})
_MAIL: Final = Outside(ARCHIVE, "/messages", {"message_id": "<none@bench.example>"})

CALLS: Final[Mapping[str, tuple[tuple[Outside, ...], ...]]] = {
    "specialist.order_history": (
        (_CUSTOMER,),
        (Outside(RECORDS, "/customers/CU-1007/orders"),),
        (
            Outside(RECORDS, "/refunds", {"customer_id": "CU-1007", "since": "2026-01-01T00:00:00Z"}),
            Outside(RECORDS, "/orders/DD-10008/payments"),
        ),
    ),
    "guardian.inspect": ((_CUSTOMER,),),
    "action.send_reply": ((_MAIL,), (Outside(SMTP),)),
    "verifier.read_back": ((_MAIL,),),
}
"""By activity: groups in order, each in parallel."""


class Caller:
    """Makes the calls, with the libraries that the desk's clients use and nothing of theirs on top."""

    def __init__(self, settings: StackSettings, systems: Mapping[str, httpx.AsyncClient]) -> None:
        self._settings, self._systems = settings, systems

    async def make(self, activity: str) -> None:
        """Make an activity's calls; raises what the libraries raise where one is not answered with success."""
        for group in CALLS.get(activity, ()):
            await asyncio.gather(*(self._mail() if one.system == SMTP else self._get(one) for one in group))

    async def _get(self, one: Outside) -> None:
        response = await self._systems[one.system].get(one.path, params=dict(one.query))
        response.raise_for_status().json()

    async def _mail(self) -> None:
        """Send a mail of about the size of the sample's answer."""
        head = f"Message-ID: <{uuid.uuid4()}@bench.example>\r\nSubject: Re: an order\r\n\r\n"
        smtp = aiosmtplib.SMTP(hostname=self._settings.smtp_host, port=self._settings.smtp_port)
        await smtp.connect()
        await smtp.mail(self._settings.mail_from)
        await smtp.rcpt("bench@courriel.example")
        await smtp.data((head + "It is on its way to you.\r\n" * 20).encode())
        smtp.close()


@asynccontextmanager
async def calling(settings: StackSettings) -> AsyncIterator[Caller]:
    """Open the connections."""

    def to(url: str, key: SecretStr) -> httpx.AsyncClient:
        return http_client(
            base_url=url, key=key.get_secret_value(), timeout_seconds=settings.client_timeout_seconds
        )

    async with (
        to(settings.back_office_url, settings.back_office_read_key) as records,
        to(settings.mail_archive_url, settings.mail_archive_key) as archive,
    ):
        yield Caller(settings, {RECORDS: records, ARCHIVE: archive})

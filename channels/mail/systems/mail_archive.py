"""Reads back, from the mail system's archive, what was sent."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import ClassVar, Self

import httpx
from pydantic import Field, SecretStr, TypeAdapter

from activities.contracts import SystemSettings
from channels.mail.models import ArchivedMail
from dispatch.http import Listing, exchange, http_client

_ARCHIVE = "mail archive"
_ARCHIVED = TypeAdapter(Listing[ArchivedMail])


class MailArchive:
    """Reads the mail system's archive; takes an httpx client with base URL and archive key (see http_client)."""

    acting: ClassVar[bool] = False

    class Settings(SystemSettings):
        """Where it is, and what opens it."""

        mail_archive_url: str = Field(
            default="http://127.0.0.1:8811", description="reads back what the mail system sent"
        )
        mail_archive_key: SecretStr = Field(
            default=SecretStr("embedded-archive"), description="may read the mail archive"
        )

    @classmethod
    @asynccontextmanager
    async def open(cls, settings: Settings) -> AsyncIterator[Self]:
        """Open the connection, for the length of the block."""
        async with http_client(
            base_url=settings.mail_archive_url,
            key=settings.mail_archive_key.get_secret_value(),
            timeout_seconds=settings.client_timeout_seconds,
        ) as http:
            yield cls(http)

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    async def find(self, message_id: str) -> ArchivedMail | None:
        """Return the first delivery of a mail, None if it was never received; raises Unavailable or Refused."""
        deliveries = await self.deliveries(message_id)
        return deliveries[0] if deliveries else None

    async def deliveries(self, message_id: str) -> tuple[ArchivedMail, ...]:
        """Return every delivery of a mail, oldest first: more than one where it was sent twice."""
        return await self._messages({"message_id": message_id})

    async def sent_to(self, recipient: str) -> tuple[ArchivedMail, ...]:
        """Return all that was delivered to an address, oldest first."""
        return await self._messages({"recipient": recipient})

    async def close(self) -> None:
        await self._http.aclose()

    async def _messages(self, params: dict[str, str]) -> tuple[ArchivedMail, ...]:
        listing = await exchange(
            self._http, "GET", "/messages", system=_ARCHIVE, answer=_ARCHIVED, params=params
        )
        return listing.data

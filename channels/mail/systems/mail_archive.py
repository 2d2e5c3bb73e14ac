"""Reads sent mails from the mail system's archive."""

from typing import ClassVar

from pydantic import Field, SecretStr, TypeAdapter

from activities.contracts import SystemSettings
from channels.mail.models import ArchivedMail
from dispatch.http import Access, HttpSystem, Listing

_ARCHIVED = TypeAdapter(Listing[ArchivedMail])


class MailArchive(HttpSystem):
    """Reads the mail system's archive."""

    called: ClassVar[str] = "mail archive"
    acting: ClassVar[bool] = False

    class Settings(SystemSettings):
        """Its address and key."""

        mail_archive_url: str = Field(
            default="http://127.0.0.1:8811", description="reads back what the mail system sent"
        )
        mail_archive_key: SecretStr = Field(
            default=SecretStr("embedded-archive"), description="may read the mail archive"
        )

    @staticmethod
    def access(settings: Settings) -> Access:
        """Return its address and key."""
        return Access(settings.mail_archive_url, settings.mail_archive_key)

    async def find(self, message_id: str) -> ArchivedMail | None:
        """Return the first delivery of a mail, None if it was never received; raises Unavailable or Refused."""
        deliveries = await self.deliveries(message_id)
        return deliveries[0] if deliveries else None

    async def deliveries(self, message_id: str) -> tuple[ArchivedMail, ...]:
        """Return every delivery of a mail, oldest first: more than one where it was sent twice."""
        return await self._messages({"message_id": message_id})

    async def sent_to(self, recipient: str) -> tuple[ArchivedMail, ...]:
        """Return all deliveries to an address, oldest first."""
        return await self._messages({"recipient": recipient})

    async def _messages(self, params: dict[str, str]) -> tuple[ArchivedMail, ...]:
        return (await self._get("/messages", _ARCHIVED, params)).data

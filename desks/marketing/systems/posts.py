"""Reads what is published, with a read-only key."""

from typing import ClassVar, Final

from pydantic import Field, SecretStr, TypeAdapter

from activities.contracts import SystemSettings
from desks.marketing.models.publication import Publication
from dispatch.http import Access, HttpSystem, Listing

SYSTEM: Final = "publishing system"
LISTING: Final = TypeAdapter(Listing[Publication])


class Posts(HttpSystem):
    """Publications as they are now; every method raises Unavailable or Refused."""

    called: ClassVar[str] = SYSTEM
    acting: ClassVar[bool] = False

    class Settings(SystemSettings):
        """Its address and key."""

        posts_url: str = Field(default="http://127.0.0.1:8813", description="where posts are published")
        posts_read_key: SecretStr = Field(default=SecretStr("embedded-read"), description="may only read")

    @staticmethod
    def access(settings: Settings) -> Access:
        """Return its address and the read-only key."""
        return Access(settings.posts_url, settings.posts_read_key)

    async def by_key(self, idempotency_key: str) -> tuple[Publication, ...]:
        """Return what was published under a key, taken down or not: () or one."""
        return (await self._get("/posts", LISTING, {"idempotency_key": idempotency_key})).data

"""Publishes and takes down; the only client with the write key."""

import re
from typing import ClassVar, Final

from pydantic import Field, JsonValue, SecretStr, TypeAdapter

from activities.contracts import SystemSettings
from desks.marketing.models.publication import Publication
from desks.marketing.systems.posts import LISTING, SYSTEM
from dispatch.http import Access, HttpSystem
from dispatch.models.errors import RefusedError

_PUBLICATION: Final = TypeAdapter(Publication)
_ID: Final = re.compile(r"[A-Za-z0-9-]{1,40}")


class Publishing(HttpSystem):
    """Publications, at most one for each idempotency key; after OutcomeUnknown `find` tells whether one was made."""

    called: ClassVar[str] = SYSTEM
    acting: ClassVar[bool] = True

    class Settings(SystemSettings):
        """Its address and key."""

        posts_url: str = Field(default="http://127.0.0.1:8813", description="where posts are published")
        posts_write_key: SecretStr = Field(default=SecretStr("embedded-write"), description="may publish")

    @staticmethod
    def access(settings: Settings) -> Access:
        """Return its address and the write key."""
        return Access(settings.posts_url, settings.posts_write_key)

    async def publish(self, body: dict[str, JsonValue], idempotency_key: str) -> Publication:
        """Publish; raises Refused with the system's code (channel_not_found, text_too_long), Unavailable or OutcomeUnknown."""
        return await self._post("/posts", _PUBLICATION, {"Idempotency-Key": idempotency_key}, body)

    async def take_down(self, post_id: str, idempotency_key: str) -> Publication:
        """Take a publication down; one that is down stays so. Raises as `publish` does."""
        if not _ID.fullmatch(post_id):
            raise RefusedError(f"{SYSTEM}: {post_id[:64]!r} cannot be an id", "invalid_id")
        headers = {"Idempotency-Key": idempotency_key}
        return await self._post(f"/posts/{post_id}/takedown", _PUBLICATION, headers)

    async def find(self, idempotency_key: str) -> Publication | None:
        """Return what was published under a key (taken down or not), or None. Raises Unavailable or Refused."""
        found = (await self._get("/posts", LISTING, {"idempotency_key": idempotency_key})).data
        return found[0] if found else None

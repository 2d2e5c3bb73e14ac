"""The base of systems over HTTP: each is one connection to the address, and with the key, that its settings name."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, ClassVar, NamedTuple, Self, TypeVar

import httpx
from pydantic import JsonValue, SecretStr, TypeAdapter

from dispatch.http import exchange, http_client

Answer = TypeVar("Answer")


class Access(NamedTuple):
    """Where a system is, and what opens it."""

    url: str
    key: SecretStr


class HttpSystem:
    """Says `called`, as errors name it, and `access`; takes an httpx client with base URL and key (see http_client)."""

    called: ClassVar[str]

    @staticmethod
    def access(settings: Any) -> Access:
        """Return what the system's own Settings say."""
        raise NotImplementedError

    @classmethod
    @asynccontextmanager
    async def open(cls, settings: Any) -> AsyncIterator[Self]:
        """Open the connection, for the length of the block."""
        url, key = cls.access(settings)
        async with http_client(
            base_url=url, key=key.get_secret_value(), timeout_seconds=settings.client_timeout_seconds
        ) as http:
            yield cls(http)

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    async def close(self) -> None:
        await self._http.aclose()

    async def _get(
        self, path: str, answer: TypeAdapter[Answer], params: Mapping[str, str] | None = None
    ) -> Answer:
        """Read; raises Unavailable or Refused."""
        return await exchange(self._http, "GET", path, system=self.called, answer=answer, params=params)

    async def _post(
        self, path: str, answer: TypeAdapter[Answer], headers: Mapping[str, str], body: JsonValue = None
    ) -> Answer:
        """Change something; raises Unavailable, Refused or OutcomeUnknown."""
        return await exchange(
            self._http, "POST", path, system=self.called, answer=answer, headers=headers, body=body
        )

"""A declared system over HTTP."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Final

import httpx
from pydantic import JsonValue

from activities.declared_systems.contracts import UNFIT_VALUE, Values
from dispatch.http import Limits, exchange_json, http_client
from dispatch.models.declared.actions import Change
from dispatch.models.declared.json_pointer import part_or_null
from dispatch.models.declared.reads import Read
from dispatch.models.declared.systems import HttpSystem
from dispatch.models.declared.templates import UnfitValueError, fill_json, fill_path, fill_query
from dispatch.models.errors import RefusedError, SettingsError

MOST_KEY: Final = 255


class HttpConnection:
    """Sends requests whose path, query and body are filled templates."""

    def __init__(self, name: str, spec: HttpSystem, http: httpx.AsyncClient) -> None:
        self._name, self._http, self._book = name, http, spec.address_book
        self._limits = Limits(spec.timeout_seconds, spec.max_bytes)

    async def read(self, read: Read, values: Values) -> JsonValue:
        """Send one GET; a declared status for "nothing found" returns null."""
        if read.get is None:
            raise RefusedError(f"{self._name}: an HTTP system answers get alone", "invalid_request")
        reply = await exchange_json(
            self._http,
            "GET",
            self._path(read.get.path, values),
            system=self._name,
            limits=self._limits,
            expected={200, *read.get.nothing},
            params=fill_query(read.get.query, values),
        )
        return None if reply.status in read.get.nothing else reply.content

    async def change(self, change: Change, values: Values, key: str) -> JsonValue:
        """Send one request that changes something, under its key."""
        if not (0 < len(key) <= MOST_KEY and key.isascii() and key.isprintable() and key == key.strip()):
            raise RefusedError(
                f"{self._name}: an idempotency key is 1 to {MOST_KEY} printable ASCII characters",
                "invalid_idempotency_key",
            )
        reply = await exchange_json(
            self._http,
            change.method,
            self._path(change.path, values),
            system=self._name,
            limits=self._limits,
            expected=change.expected,
            params=fill_query(change.query, values),
            body=fill_json(change.body, values),
            headers={change.idempotency_header: key},
        )
        return reply.content

    async def addresses_of(self, address: str) -> tuple[str, ...]:
        """Return every address on record of the person with this one; () for nobody."""
        book = self._book
        if book is None:
            raise RefusedError(
                f"{self._name} is no address book; give it address_book in systems.yaml", "not_set_up"
            )
        values = {"address": address}
        reply = await exchange_json(
            self._http,
            "GET",
            self._path(book.path, values),
            system=self._name,
            limits=self._limits,
            expected={200, 404},
            params=fill_query(book.query, values),
        )
        part = part_or_null(reply.content, book.at) if reply.status == HTTPStatus.OK else None
        rows = part if isinstance(part, list) else [part]
        found = (part_or_null(row, pointer) for row in rows for pointer in book.addresses)
        return tuple(dict.fromkeys(one for one in found if isinstance(one, str)))

    def _path(self, template: str, values: Values) -> str:
        try:
            # Without the slash httpx appends it to the path of the base URL, which may have its own path.
            return fill_path(template, values).removeprefix("/")
        except UnfitValueError as error:
            raise RefusedError(f"{self._name}: {error}", UNFIT_VALUE) from None


@asynccontextmanager
async def open_http(name: str, spec: HttpSystem, url: str, key: str) -> AsyncIterator[HttpConnection]:
    """Open the connection, for the length of the block; raises SettingsError for a forbidden address."""
    check_address(name, url, spec.hosts, spec.base_url_variable)
    async with http_client(
        base_url=url.rstrip("/") + "/", key="", timeout_seconds=spec.timeout_seconds
    ) as http:
        del http.headers["Authorization"]
        if key:
            http.headers[spec.key_header] = f"{spec.key_prefix}{key}"
        yield HttpConnection(name, spec, http)


def check_address(name: str, url: str, hosts: tuple[str, ...], variable: str) -> None:
    """Raise SettingsError unless an address is one of HTTP, without a user or query, on a host that is allowed."""
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL:
        parsed = httpx.URL("")
    if parsed.scheme not in {"http", "https"} or not parsed.host or parsed.userinfo or parsed.query:
        raise SettingsError(
            f"{variable}: the system {name} needs an address such as https://tickets.example/api, without user and query"
        )
    if hosts and parsed.host not in hosts:
        raise SettingsError(
            f"{variable}: the system {name} may be on {', '.join(hosts)} and not on {parsed.host}; correct the variable, "
            "or the hosts in systems.yaml"
        )

"""A declared server of the Model Context Protocol: tools of the allow-list, each call in a separate session."""

import asyncio
import importlib
import json
import shlex
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from pydantic import JsonValue

from activities.declared_systems.contracts import Values
from activities.declared_systems.http import check_address
from dispatch.models.declared.reads import Read
from dispatch.models.declared.systems import McpSystem
from dispatch.models.declared.templates import fill_json
from dispatch.models.errors import RefusedError, SettingsError, UnavailableError


class McpServer:
    """Calls tools; the client features that a server may request (sampling, elicitation, roots) are not offered."""

    def __init__(self, name: str, spec: McpSystem, place: str, key: str) -> None:
        self._name, self._spec, self._place, self._key = name, spec, place, key

    async def read(self, read: Read, values: Values) -> JsonValue:
        """Call one tool: its structured content, else its text, as JSON where it is JSON."""
        if read.tool not in self._spec.tools:
            raise RefusedError(
                f"{self._name}: the tool {read.tool!r} is not in its list of tools", "not_allowed"
            )
        arguments = {name: fill_json(template, values) for name, template in read.arguments.items()}
        # The import takes seconds and must not block other requests.
        client_module = await asyncio.to_thread(importlib.import_module, "mcp.client.client")
        errors = await asyncio.to_thread(importlib.import_module, "mcp.shared.exceptions")
        try:
            async with asyncio.timeout(self._spec.timeout_seconds):
                result = await self._called(client_module, read.tool, arguments)
        except TimeoutError:
            raise UnavailableError(
                f"{self._name} did not answer within {self._spec.timeout_seconds:g} s"
            ) from None
        except errors.MCPError as error:
            raise RefusedError(
                f"{self._name} refused the call ({error.error.code})", "tool_refused"
            ) from None
        except Exception as error:  # noqa: BLE001 - a transport fails in groups of errors, of several packages
            raise UnavailableError(f"{self._name} was not reached ({_innermost(error)})") from None
        return self._content(result)

    async def _called(self, client_module: Any, tool: str, arguments: dict[str, JsonValue]) -> Any:
        async with self._server() as server, client_module.Client(server) as client:
            return await client.call_tool(tool, arguments)

    @asynccontextmanager
    async def _server(self) -> AsyncIterator[Any]:
        if self._spec.command_variable is not None:
            stdio = importlib.import_module("mcp.client.stdio")
            command, *arguments = shlex.split(self._place)
            yield stdio.StdioServerParameters(command=command, args=arguments)
            return
        http, streamable = (
            importlib.import_module(name) for name in ("httpx2", "mcp.client.streamable_http")
        )
        headers = {"Authorization": f"Bearer {self._key}"} if self._key else {}
        # The machine's proxy or .netrc must not see these calls or replace the key.
        async with http.AsyncClient(
            headers=headers, timeout=self._spec.timeout_seconds, trust_env=False
        ) as client:
            yield streamable.streamable_http_client(
                self._place, http_client=client, max_sse_event_size=self._spec.max_bytes
            )

    def _content(self, result: Any) -> JsonValue:
        if result.is_error:
            raise RefusedError(f"{self._name}: the tool failed", "tool_failed")
        if result.structured_content is not None:
            text, content = json.dumps(result.structured_content), result.structured_content
        else:
            text = "\n".join(part.text for part in result.content if part.type == "text")
            try:
                content = json.loads(text) if text.strip() else None
            except (ValueError, RecursionError):
                content = {"text": text}
        if len(text) > self._spec.max_bytes:
            raise RefusedError(f"{self._name} answered more than {self._spec.max_bytes:,} bytes", "too_large")
        answer: JsonValue = content
        return answer


@asynccontextmanager
async def open_mcp(name: str, spec: McpSystem, place: str, key: str) -> AsyncIterator[McpServer]:
    """Check its address, for the length of the block; nothing runs before a tool is called. Raises SettingsError."""
    if spec.url_variable is not None:
        check_address(name, place, spec.hosts, spec.url_variable)
    else:
        try:
            shlex.split(place)
        except ValueError as error:
            raise SettingsError(f"{spec.command_variable}: it cannot be split into words: {error}") from None
    yield McpServer(name, spec, place, key)


def _innermost(error: BaseException) -> str:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return type(error).__name__

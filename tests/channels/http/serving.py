"""The HTTP door as tests run it: on a free port of the loopback, against the real Temporal server."""

import asyncio
import json
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from standardwebhooks.webhooks import Webhook

from devstack.ports import free_port
from dispatch.storage.api_keys import ApiKeys, Scope
from dispatch.storage.not_taken_in import RefusedFile
from runtime.doors.http import serve_http
from runtime.doors.refusals import not_taken_in
from runtime.gateway import Gateway
from runtime.settings import Settings

BOTH = (Scope.WRITE, Scope.READ)
MAIL = (
    b"From: Kai Lund <kai@lund.example>\r\nMessage-ID: <%s@lund.example>\r\nSubject: Opening hours\r\n\r\n"
    b"When do you open on Saturday?\r\n"
)


@dataclass
class Served:
    """A door that runs, its callers' key, and each answer that it gave, by method and route."""

    url: str
    settings: Settings
    http: httpx.AsyncClient
    key: str
    answers: list[tuple[str, str, httpx.Response]] = field(default_factory=list)

    @property
    def keys(self) -> ApiKeys:
        return ApiKeys(self.settings.api_keys_dir)

    def make_key(self, *scopes: Scope, name: str = "", desk: str | None = None, signed: bool = False) -> str:
        made = self.keys.add(
            name or f"k{uuid.uuid4().hex[:8]}", scopes or BOTH, desk, datetime.now(UTC), signed=signed
        )
        return made.secret

    async def call(
        self,
        method: str,
        path: str,
        *,
        key: str | None = "",
        headers: dict[str, str] | None = None,
        **more: Any,
    ) -> httpx.Response:
        shown = {} if key is None else {"Authorization": f"Bearer {key or self.key}"}
        answer = await self.http.request(method, path, headers=shown | (headers or {}), **more)
        route = "/requests/{request_id}" if path.startswith("/requests/") else path.partition("?")[0]
        self.answers.append((method.lower(), route, answer))
        return answer

    async def post(self, body: object = None, query: str = "", **more: Any) -> httpx.Response:
        """Send a JSON request; bytes are sent as they are."""
        headers = {"Content-Type": "application/json"} | more.pop("headers", {})
        content = body if isinstance(body, bytes) else json.dumps(body or written()).encode()
        return await self.call("POST", f"/requests{query}", content=content, headers=headers, **more)

    async def post_mail(self, raw: bytes, **more: Any) -> httpx.Response:
        return await self.post(
            raw, headers={"Content-Type": "message/rfc822"} | more.pop("headers", {}), **more
        )

    async def post_signed(
        self, body: bytes, secret: str, *, at: datetime | None = None, webhook_id: str = ""
    ) -> httpx.Response:
        moment, webhook_id = at or datetime.now(UTC), webhook_id or f"msg_{uuid.uuid4().hex}"
        headers = {
            "webhook-id": webhook_id,
            "webhook-timestamp": str(int(moment.timestamp())),
            "webhook-signature": Webhook(secret).sign(webhook_id, moment, body.decode()),
        }
        return await self.post(body, headers=headers, key=None)

    def kept(self) -> list[RefusedFile]:
        return not_taken_in(self.settings).waiting()


def written(**more: object) -> dict[str, object]:
    """Return a JSON request that nobody sent before."""
    return {"from": "jane@mail.example", "text": f"When do you open? {uuid.uuid4()}"} | more


def mail() -> bytes:
    return MAIL % uuid.uuid4().hex.encode()


def problem(answer: httpx.Response, status: int, *words: str) -> dict[str, Any]:
    """Return the problem of an answer, which has all of `words` in its detail."""
    assert answer.status_code == status, (answer.status_code, answer.text)
    assert answer.headers["content-type"] == "application/problem+json"
    told: dict[str, Any] = answer.json()
    assert told["status"] == status
    for word in words:
        assert word in told["detail"], told
    return told


@asynccontextmanager
async def served(gateway: Gateway, tmp_path: Path, **settings: Any) -> AsyncIterator[Served]:
    """Serve a door for the length of the block; `body_seconds` and `head_seconds` bound a slow caller."""
    seconds = {name: settings.pop(name) for name in ("body_seconds", "head_seconds") if name in settings}
    port = free_port()
    usual = {
        "var_dir": tmp_path / "var",
        "task_queue": f"http-{uuid.uuid4().hex[:8]}",
        "http_port": port,
        "http_url": f"http://127.0.0.1:{port}",
    }
    chosen = Settings.model_validate(usual | settings)
    stop = asyncio.Event()
    serving = asyncio.create_task(serve_http(gateway, chosen, stop, **seconds))
    async with httpx.AsyncClient(base_url=chosen.http_url, trust_env=False, timeout=30) as http:
        door = Served(chosen.http_url, chosen, http, "")
        door.key = door.make_key(name="tests")
        async with asyncio.timeout(20):
            while not serving.done():
                with suppress(httpx.TransportError):
                    if (await http.get("/health")).is_success:
                        break
                await asyncio.sleep(0.01)
        try:
            yield door
        finally:
            stop.set()
            await asyncio.wait_for(serving, 20)

"""A receiver of webhooks on the loopback, which checks every signature, and a desk that tells it."""

import asyncio
import base64
import json
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml
from standardwebhooks.webhooks import Webhook
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from temporalio.client import Client

from devstack.ports import LOOPBACK, free_port
from devstack.web import listen, serving
from runtime.webhooks import ensure_webhooks
from tests.desk import Desk, quick, resting_desk

PATIENCE_SECONDS: Final = 60
ALL: Final = ("request.waiting", "request.decided", "request.closed", "request.refused")


@dataclass
class Received:
    """One message that came, by its id."""

    webhook_id: str
    body: dict[str, Any]

    @property
    def event(self) -> str:
        return str(self.body["type"])


@dataclass
class Receiver:
    """Answers as `answers` says, one after the other, then with 204; what it took is in `taken`."""

    url: str
    secret: str
    answers: list[Response] = field(default_factory=list)
    came: list[Received] = field(default_factory=list)
    taken: list[Received] = field(default_factory=list)

    async def take(self, request: Request) -> Response:
        raw = await request.body()
        Webhook(self.secret).verify(raw, dict(request.headers))
        one = Received(request.headers["webhook-id"], json.loads(raw))
        self.came.append(one)
        if self.answers:
            return self.answers.pop(0)
        self.taken.append(one)
        return Response(status_code=204)

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not condition():  # noqa: ASYNC110 (a worker works)
                await asyncio.sleep(0.05)

    async def until_taken(self, request_id: str, *events: str) -> list[Received]:
        """Wait for the events of a request, and return all that came of it so far in their own order."""

        def taken() -> list[Received]:
            mine = [one for one in self.taken if one.body["data"]["id"] == request_id]
            return sorted(mine, key=lambda one: str(one.body["timestamp"]))

        await self.until(lambda: {one.event for one in taken()} >= set(events))
        return taken()


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    """Run a receiver."""
    port = free_port()
    secret = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
    receiver = Receiver(f"http://{LOOPBACK}:{port}/hook", secret)
    app = Starlette(routes=[Route("/{path:path}", receiver.take, methods=["POST", "GET"])])
    async with serving(app, listen(LOOPBACK, port, purpose="a receiver", setting="none")):
        yield receiver


def configured(tmp_path: Path, receiver: Receiver, **more: object) -> Path:
    """Write a file of webhooks with one entry."""
    secret = tmp_path / "crm.secret"
    secret.touch(mode=0o600)
    secret.write_text(receiver.secret + "\n", encoding="ascii")
    entry = {"name": "crm", "url": receiver.url, "secret_file": "crm.secret", "events": list(ALL)} | more
    path = tmp_path / "webhooks.yaml"
    path.write_text(yaml.safe_dump([entry]), encoding="utf-8")
    return path


@asynccontextmanager
async def telling_desk(
    client: Client, tmp_path: Path, receiver: Receiver, *, give_up_hours: float = 1, **entry: object
) -> AsyncIterator[Desk]:
    """Rest a desk whose worker, when it comes, tells the receiver."""
    async with resting_desk(
        client,
        tmp_path,
        quick,
        webhooks=configured(tmp_path, receiver, **entry),
        webhook_look_seconds=0.2,
        webhook_give_up_hours=give_up_hours,
    ) as desk:
        await ensure_webhooks(client, desk.settings)
        try:
            yield desk
        finally:
            await ensure_webhooks(client, desk.settings.model_copy(update={"webhooks": None}))

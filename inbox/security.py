"""Security headers of every answer, and a limit on the size of requests."""

from typing import Final

import structlog
from starlette.datastructures import MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = structlog.get_logger("inbox")

# No inline script or style, nothing from other sites, no frame around the page; forms only to this site.
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS: Final = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    # With no-referrer a browser sends "null" as the origin of a form, and the inbox checks that origin.
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=(), payment=()",
}
MOST_BYTES: Final = 512 * 1024
"""The most bytes of a form: more than the longest editable text."""


class SecurityMiddleware:
    """Sets the headers, and refuses a body that is too large before reading it."""

    def __init__(self, app: ASGIApp, *, https: bool) -> None:
        self._app, self._https = app, https

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        taken, begun = 0, False

        async def send_guarded(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                self._put_headers(MutableHeaders(scope=message), scope["path"])
            await send(message)

        async def receive_bounded() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > MOST_BYTES:
                raise TooLargeError
            return message

        try:
            await self._app(scope, receive_bounded, send_guarded)
        except TooLargeError:
            answer = PlainTextResponse(
                f"A form may hold {MOST_BYTES // 1024} KB; nothing was sent. Shorten it and send it again.",
                413,
            )
            await answer(scope, receive, send_guarded)
        except Exception:
            log.exception("a page failed", path=scope["path"])
            if begun:
                raise
            answer = PlainTextResponse(
                "This page failed; the reason is in the inbox's log. Nothing was lost.", 500
            )
            await answer(scope, receive, send_guarded)

    def _put_headers(self, headers: MutableHeaders, path: str) -> None:
        for name, value in HEADERS.items():
            headers[name] = value
        headers["cache-control"] = "no-cache" if "/static/" in path else "no-store"
        if self._https:
            headers["strict-transport-security"] = "max-age=31536000"


class TooLargeError(Exception):
    """The body is larger than MOST_BYTES."""

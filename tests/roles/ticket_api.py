"""A ticket system over real HTTP for tests, which can be told to fail in every way that one does."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import parse_qs, unquote, urlsplit

READ_KEY: Final = "may-read"
WRITE_KEY: Final = "may-write"


@dataclass
class Tickets:
    """What it holds, what was asked of it, and how the next requests fail."""

    accounts: dict[str, dict[str, Any]] = field(default_factory=dict)
    grants: list[dict[str, Any]] = field(default_factory=list)
    asked: list[tuple[str, str, Any]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    """Of the next changes: 'lost' (after it was done), '500' (before), '409', '404', '429', 'slow'."""
    reads: list[str] = field(default_factory=list)
    """Of the next reads: '500', 'huge', 'slow', 'drip', 'html', 'redirect', 'list', 'text'."""
    before_change: Callable[[], None] | None = None
    """Called once, before the next change is answered."""
    headers: list[tuple[str, str]] = field(default_factory=list)
    """Of the last read."""
    url: str = ""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def changes(self) -> list[str]:
        """Return the changes that were asked for."""
        return [f"{method} {target}" for method, target, _ in self.asked if method != "GET"]


@contextmanager
def ticket_api() -> Iterator[Tickets]:
    """Run it on a free port of this machine."""
    tickets = Tickets()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            """Print nothing."""

        def do_GET(self) -> None:
            _get(self, tickets)

        def do_POST(self) -> None:
            _change(self, tickets)

        def do_DELETE(self) -> None:
            _change(self, tickets)

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_: object) -> None:
            """Print nothing of clients that went away."""

    server = Server(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    tickets.url = f"http://127.0.0.1:{server.server_port}/api"
    try:
        yield tickets
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


def _answer(
    handler: BaseHTTPRequestHandler, status: int, content: Any, kind: str = "application/json"
) -> None:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    handler.send_response(status)
    handler.send_header("Content-Type", kind)
    handler.send_header("Content-Length", str(len(body)))
    if status == 302:
        handler.send_header("Location", "http://127.0.0.1:9/elsewhere")
    handler.end_headers()
    handler.wfile.write(body)


def _get(handler: BaseHTTPRequestHandler, tickets: Tickets) -> None:
    tickets.asked.append(("GET", handler.path, None))
    tickets.headers = list(handler.headers.items())
    if handler.headers["Authorization"] not in {f"Bearer {READ_KEY}", f"Bearer {WRITE_KEY}"}:
        return _answer(handler, 401, {"error": {"code": "no_key", "message": "who are you?"}})
    fault = tickets.reads.pop(0) if tickets.reads else ""
    if fault:
        return _faulty(handler, fault)
    place = urlsplit(handler.path)
    query = {name: values[0] for name, values in parse_qs(place.query, keep_blank_values=True).items()}
    segments = [unquote(part) for part in place.path.removeprefix("/api/").split("/")]
    with tickets.lock:
        if segments[0] == "accounts" and len(segments) == 1:
            mail = query.get("email", "").lower()
            return _answer(
                handler, 200, {"data": [a for a in tickets.accounts.values() if a["email"].lower() == mail]}
            )
        if segments[0] == "accounts" and segments[-1] in tickets.accounts:
            return _answer(handler, 200, tickets.accounts[segments[-1]])
        if segments[0] == "grants":
            found = [grant for grant in tickets.grants if grant["key"] == query.get("key")]
            return _answer(handler, 200, {"data": found})
    return _answer(handler, 404, {"error": {"code": "not_found", "message": "there is none"}})


def _faulty(handler: BaseHTTPRequestHandler, fault: str) -> None:
    if fault == "slow":
        time.sleep(3)
    if fault == "drip":
        handler.send_response(200)
        handler.send_header("Content-Length", "1000000")
        handler.end_headers()
        for _ in range(40):
            handler.wfile.write(b" ")
            handler.wfile.flush()
            time.sleep(0.1)
        handler.close_connection = True
        return None
    answers: dict[str, tuple[int, Any, str]] = {
        "500": (500, {"error": {"code": "broken", "message": "sorry"}}, "application/json"),
        "huge": (200, b'{"data": "' + b"x" * 3_000_000 + b'"}', "application/json"),
        "slow": (200, {"data": []}, "application/json"),
        "html": (200, b"<html>a proxy's page</html>", "text/html"),
        "redirect": (302, {}, "application/json"),
        "list": (200, {"data": ["a text", 3]}, "application/json"),
        "text": (200, {"data": "a text"}, "application/json"),
        "deep": (200, b"[" * 100_000, "application/json"),
    }
    return _answer(handler, *answers[fault])


def _change(handler: BaseHTTPRequestHandler, tickets: Tickets) -> None:
    length = int(handler.headers.get("Content-Length") or 0)
    body = json.loads(handler.rfile.read(length)) if length else None
    key = handler.headers.get("Idempotency-Key")
    tickets.asked.append((handler.command, handler.path, {"body": body, "key": key}))
    if handler.headers["Authorization"] != f"Bearer {WRITE_KEY}":
        return _answer(handler, 403, {"error": {"code": "may_not_write", "message": "read only"}})
    fault = tickets.faults.pop(0) if tickets.faults else ""
    if tickets.before_change is not None:
        tickets.before_change()
        tickets.before_change = None
    if fault in {"500", "404", "409", "429"}:
        return _answer(handler, int(fault), {"error": {"code": f"fault_{fault}", "message": "no"}})
    with tickets.lock:
        result = _revoke(handler.path, tickets) if handler.command == "DELETE" else _grant(tickets, key, body)
    if fault == "lost":
        handler.close_connection = True
        handler.connection.close()
        return None
    if fault == "slow":
        time.sleep(3)
    return _answer(handler, *result)


def _revoke(target: str, tickets: Tickets) -> tuple[int, Any]:
    wanted = unquote(urlsplit(target).path.rpartition("/")[2])
    for grant in tickets.grants:
        if grant["id"] == wanted:
            grant["state"] = "revoked"
    return 204, b""


def _grant(tickets: Tickets, key: str | None, body: Any) -> tuple[int, Any]:
    standing = [grant for grant in tickets.grants if grant["key"] == key]
    if standing:
        return 201, standing[0]
    grant = {"id": f"g-{len(tickets.grants) + 1}", "key": key, "state": "active", **(body or {})}
    tickets.grants.append(grant)
    return 201, grant

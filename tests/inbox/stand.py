"""An inbox on a port of the loopback, people who may decide, and a browser without scripts to drive it with."""

import html
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import httpx
from argon2 import PasswordHasher
from starlette.applications import Starlette
from temporalio.client import Client

from devstack.ports import LOOPBACK, free_port
from devstack.web import listen, serving
from dispatch.models.people.approvers import Approver, Approvers
from dispatch.rate_limits import Lockout
from dispatch.storage.approvers_file import ApproversFile
from dispatch.storage.private_keys import KeyStore
from inbox.app import USERS_FILE, create_app
from inbox.context import Context
from inbox.passwords import Users
from runtime.settings import Settings

PASSPHRASE = "correct horse battery"  # noqa: S105 (of people who exist in tests alone)
ROLES = {
    "dora": ("refunds", "refunds-lead", "support-lead", "head-of-support", "reception"),
    "emil": ("refunds", "refunds-lead", "support-lead"),
    "nobody": (),
}
WORKER_TIMEOUT = timedelta(seconds=2)


@dataclass
class Clock:
    """The time of day, which a test may move."""

    ahead: timedelta = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@dataclass
class Inbox:
    url: str
    settings: Settings
    clock: Clock
    app: Starlette
    browsers: list[httpx.AsyncClient] = field(default_factory=list)

    @property
    def context(self) -> Context:
        context: Context = self.app.state.context
        return context

    def fresh(self) -> None:
        self.clock.ahead = timedelta()
        for limit in vars(self.context.limits).values():
            (limit._failures if isinstance(limit, Lockout) else limit._counts).clear()

    def browser(self, address: str | None = None) -> "Browser":
        """Open a browser; `address` is another of the loopback's that it comes from."""
        way = httpx.AsyncHTTPTransport(local_address=address)
        http = httpx.AsyncClient(base_url=self.url, trust_env=False, timeout=20, transport=way)
        self.browsers.append(http)
        return Browser(self, http)

    async def close_browsers(self) -> None:
        while self.browsers:
            await self.browsers.pop().aclose()


@dataclass(frozen=True)
class Form:
    """A form as a page holds it: hidden fields and all."""

    action: str
    fields: Mapping[str, str]


@dataclass
class Page:
    """What a browser shows, and what it would send."""

    browser: "Browser"
    response: httpx.Response

    @property
    def status(self) -> int:
        return self.response.status_code

    @property
    def path(self) -> str:
        return self.response.url.path

    @property
    def text(self) -> str:
        """Return the page's words, without its tags."""
        bare = re.sub(r"<(script|style|head)\b.*?</\1>", " ", self.response.text, flags=re.DOTALL)
        return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", bare)).split())

    @property
    def said(self) -> str:
        found = re.search(r'<div class="said.*?</div>', self.response.text, flags=re.DOTALL)
        return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", found[0])).split()) if found else ""

    def forms(self, action_ends: str) -> list[Form]:
        reader = _Forms()
        reader.feed(self.response.text)
        return [form for form in reader.forms if form.action.endswith(action_ends)]

    def form(self, action_ends: str) -> Form:
        return self.forms(action_ends)[0]

    async def send(self, action_ends: str, number: int = 0, **fields: str) -> "Page":
        """Fill in and send a form; a field given as None is left out. Dots in names are written as two underscores."""
        form = self.forms(action_ends)[number]
        data = {**form.fields, **{name.replace("__", "."): value for name, value in fields.items()}}
        return await self.browser.post(form.action, data)


@dataclass
class Browser:
    """Cookies, redirects, no scripts."""

    inbox: Inbox
    http: httpx.AsyncClient

    async def get(self, path: str, **more: Any) -> Page:
        return Page(self, await self.http.get(path, follow_redirects=True, **more))

    async def post(self, path: str, data: Mapping[str, Any], **more: Any) -> Page:
        return Page(self, await self.http.post(path, data=data, follow_redirects=True, **more))

    async def sign_in(self, name: str, passphrase: str = PASSPHRASE) -> Page:
        page = await self.get("/sign-in")
        return await page.send("/sign-in", name=name, passphrase=passphrase)

    async def request(self, request_id: str) -> Page:
        return await self.get(f"/requests/{request_id}")


def with_people(settings: Settings, folder: Path) -> Settings:
    """Return settings whose files know the people of ROLES, each with a passphrase and a key that the inbox holds."""
    settings = settings.model_copy(
        update={
            "var_dir": folder,
            "approvers_file": folder / "approvers.yaml",
            "keys_dir": folder / "keys",
            "answer_link_secret": None,
            "inbox_secret": None,
        }
    )
    keys, users = KeyStore(settings.keys_path), users_of(folder)
    people = []
    for name, roles in ROLES.items():
        key = keys.create(name, PASSPHRASE)
        people.append(
            Approver(
                name=name,
                full_name=name.capitalize(),
                roles=roles,
                addresses=(f"{name}@desk.example",),
                keys=(key,),
                notify="never",
            )
        )
        users.write(name, PASSPHRASE)
    ApproversFile(settings.approvers_path).write(Approvers(approvers=tuple(people)))
    return settings


def users_of(folder: Path) -> Users:
    """Return the users of a folder, with hashes that are cheap to make and to check."""
    return Users(folder / USERS_FILE, PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))


@asynccontextmanager
async def running_inbox(
    client: Client | Callable[[], Awaitable[Client]], settings: Settings, base: str = "", **more: Any
) -> AsyncIterator[Inbox]:
    """Serve an inbox in this loop; `client` may be a way to connect, `base` a folder that it is reached under."""

    async def connected() -> Client:
        return client if isinstance(client, Client) else await client()

    port, clock = free_port(), Clock()
    url = f"http://{LOOPBACK}:{port}"
    settings = settings.model_copy(update={"inbox_url": f"{url}{base}", "inbox_port": port, **more})
    app = create_app(
        settings, connected, users=users_of(settings.var_dir), now=clock, worker_timeout=WORKER_TIMEOUT
    )
    listener = listen(LOOPBACK, port, purpose="the inbox", setting="DISPATCH_INBOX_PORT")
    inbox = Inbox(url, settings, clock, app)
    try:
        async with serving(app, listener):
            yield inbox
    finally:
        await inbox.close_browsers()
        await inbox.context.waiting.close()
        listener.close()


class _Forms(HTMLParser):
    """Reads forms with what their fields hold: hidden and typed inputs, text areas, the first or chosen option."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._fields: dict[str, str] | None = None
        self._area: str | None = None
        self._select: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._fields = {}
            self.forms.append(Form(given.get("action", ""), self._fields))
        if self._fields is None:
            return
        if tag == "input" and given.get("type") != "checkbox" and "name" in given:
            self._fields[given["name"]] = given.get("value", "")
        elif tag == "textarea":
            self._area = given["name"]
            self._fields[self._area] = ""
        elif tag == "select":
            self._select = given["name"]
        elif tag == "option" and self._select and (self._select not in self._fields or "selected" in given):
            self._fields[self._select] = given.get("value", "")

    def handle_data(self, data: str) -> None:
        if self._fields is not None and self._area is not None:
            # A browser drops the line end that follows the tag.
            self._fields[self._area] += data if self._fields[self._area] else data.removeprefix("\n")
        elif self._fields is not None and self._select is not None and not self._fields.get(self._select):
            self._fields[self._select] = data.strip()

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._fields = None
        elif tag == "textarea":
            self._area = None
        elif tag == "select":
            self._select = None

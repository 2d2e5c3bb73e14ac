"""Two running desks for tests of requests that concern both: support and helpdesk, with the systems of each."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml
from temporalio.client import Client

from dispatch.models.trail import Outcome
from runtime.settings import SHIPPED_DESKS
from tests.desk import (
    PATIENCE_SECONDS,
    Case,
    Change,
    Desk,
    Looks,
    at_work,
    quick,
    resting_desk,
    role_names_decide,
)
from tests.desk_workers import tried_again_soon
from tests.servers import HelpdeskService, running_helpdesk

SOFIA: Final = {"sender": "s.valente@kestrel.example", "name": "Sofia Valente", "desk": None}
JONAS: Final = {"sender": "j.brandt@kestrel.example", "name": "Jonas Brandt", "desk": None}
LIVIA: Final = {"sender": "l.ferrero@kestrel.example", "name": "Livia Ferrero", "desk": None}
"""Employees whom the helpdesk's directory knows, and customers of the shop."""


@dataclass
class TwoDesks:
    """The desks; a request that names none is divided where both surely have a part."""

    desk: Desk
    systems: HelpdeskService

    async def submit(self, text: str, **sender: Any) -> Case:
        return await self.desk.submit(text, **sender)

    def part(self, whole: Case, name: str) -> Case:
        """Return a part of a request by its desk's name, `reception` where it has none."""
        return self.desk.case(f"{name}-part-{whole.id.rpartition('-')[2]}")

    def letters_to(self, sender: dict[str, Any]) -> list[dict[str, Any]]:
        return [mail for mail in self.desk.mail_sink.messages() if mail["recipient"] == sender["sender"]]

    async def letters(self, sender: dict[str, Any], number: int) -> list[dict[str, Any]]:
        """Wait until so many letters went to somebody."""
        looks = Looks()
        async with asyncio.timeout(PATIENCE_SECONDS):
            while len(found := self.letters_to(sender)) < number:
                await looks.pause()
        return found

    async def begun(self, whole: Case, name: str) -> Case:
        """Wait until a part exists."""
        case = self.part(whole, name)
        looks = Looks()
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                detail = await whole.handle.query("detail")
                if any(p["request_id"] == case.id and p["begun"] for p in detail.get("parts", ())):
                    return case
                await looks.pause()


def patience(seconds: int) -> Change:
    """Shorten how long an answer waits for the parts."""

    def change(reception: dict[str, Any]) -> None:
        reception["answer_after"] = f"{seconds} seconds"

    return change


@asynccontextmanager
async def resting_two_desks(
    client: Client,
    tmp_path: Path,
    *,
    support: tuple[Change, ...] = (),
    helpdesk: tuple[Change, ...] = (),
    reception: tuple[Change, ...] = (),
    **settings: object,
) -> AsyncIterator[TwoDesks]:
    """Run all of two desks but their workers; changes are made to the shipped playbooks and the reception's file."""
    folder = tmp_path / "playbooks"
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder, "helpdesk", SHIPPED_DESKS / "helpdesk" / "playbook.yaml", (quick, *helpdesk))
    async with running_helpdesk(tmp_path) as systems:
        environment = {
            name.removeprefix("DISPATCH_").lower(): value
            for name, value in systems.environment.items()
            if "HELPDESK" in name
        }

        async with resting_desk(
            client, tmp_path, quick, *support, reception=reception, **environment, **settings
        ) as desk:
            yield TwoDesks(desk, systems)


@asynccontextmanager
async def running_two_desks(
    client: Client, tmp_path: Path, *, workflow_cache: int = 500, **changes: Any
) -> AsyncIterator[TwoDesks]:
    """Run two desks with their workers."""
    client = client if workflow_cache else tried_again_soon(client)
    async with (
        resting_two_desks(client, tmp_path, **changes) as desks,
        at_work(desks.desk, workflow_cache=workflow_cache),
    ):
        yield desks


def _write(folder: Path, name: str, shipped: Path, changes: tuple[Change, ...]) -> None:
    document = yaml.load(shipped.read_text(encoding="utf-8"), yaml.CSafeLoader)
    for change in (role_names_decide, *changes):
        change(document)
    text = yaml.dump(document, Dumper=yaml.CSafeDumper, allow_unicode=True, sort_keys=False)
    (folder / f"{name}.yaml").write_text(text, encoding="utf-8")


async def outcomes(*cases: Case) -> list[Outcome]:
    return list(await asyncio.gather(*(case.outcome() for case in cases)))

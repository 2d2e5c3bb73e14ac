"""`make demo`: the whole desk on one machine, on real requests.

At a terminal the person decides, and everything stays up until Ctrl-C. Without one the script in
examples/script.yaml plays the people's part; the exit code is 0 if every sample ended as it must.
"""

import argparse
import asyncio
import json
import sys
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.live import Live
from temporalio.client import Client

from devstack.approvers import DEMO_PASSPHRASE, demo_signer, make_people
from devstack.board import Board
from devstack.demo_ports import require_free_ports
from devstack.local_model.demo import PATIENCE_SECONDS as SLOW_PATIENCE_SECONDS
from devstack.local_model.demo import POLL_SECONDS as SLOW_POLL_SECONDS
from devstack.local_model.demo import LocalModel, table_of
from devstack.mailbox.service import HOW_TO_MAIL, mailbox_programs, put_into_mailbox, until_begun
from devstack.processes import (
    ROOT,
    Program,
    desk_programs,
    helpdesk_environment,
    helpdesk_program,
    http_program,
    inbox_program,
    marketing_environment,
    marketing_program,
    website_environment,
    website_program,
)
from devstack.script import QUICK, Sample, arm, load_script, play, summary_of, write_playbooks
from devstack.settings import StackSettings, load_stack_settings
from devstack.temporal_server import TemporalServer
from dispatch.models.errors import DevStackError, DispatchError, KeysError
from dispatch.models.request.status import Status
from dispatch.models.trail import Outcome
from dispatch.playbooks.desk_folders import desk_folders, files_in_force
from dispatch.storage.api_keys import ApiKeys, Scope
from dispatch.storage.approvers_file import ApproversFile
from dispatch.storage.private_folders import tighten
from inbox.app import USERS_FILE
from inbox.passwords import Users
from runtime.connection import connect
from runtime.doors.starting import read_request_file, submit_file
from runtime.gateway import Gateway
from runtime.gateway_types import request_id_of
from runtime.lifecycle import run_to_end, stop_event
from runtime.settings import SHIPPED_DESKS

SCRIPT = ROOT / "examples" / "script.yaml"
REQUESTS = ROOT / "examples" / "requests"
DESK_SCRIPT = Path("samples", "script.yaml")
"""Of a shipped desk's folder: its samples are beside it, as those that concern several desks are beside FAMILIES."""
FAMILIES = ROOT / "examples" / "families" / "script.yaml"
PATIENCE_SECONDS = 240
AT_ONCE = 16
"""So many samples are under way at a time: with all of them two cores are so busy that systems seem not to answer."""
AT_ONCE_WITH_MODEL = 3
"""So many samples are under way where one small model does their roles: more would only wait for it, and give up."""
MAILED = frozenset({"01-order-status.eml", "02-small-refund.eml", "05-refund-approved.eml"})
"""The samples that arrive through the mailbox."""
QUIET_LOOKS = 3
"""Readings of the board without a change after which the desk counts as idle."""

CALLED = {"from": "anna.mueller@post.example", "text": "Where is my order DD-10001?"}
"""The request in the call that the demo prints; the sample data has its customer and order."""
_DEMO_KEY = "demo"


class Demo:
    """One run: starts the servers, submits the samples, and lets a person or the script decide."""

    def __init__(self, settings: StackSettings, console: Console, *, with_model: bool = False) -> None:
        """Raise DevStackError where the local model is wanted and not installed."""
        self._settings, self._console = settings, console
        self._folders = desk_folders(settings.desk_roots)
        self._model = LocalModel(settings, self._folders) if with_model else None
        self._patience = SLOW_PATIENCE_SECONDS if with_model else PATIENCE_SECONDS
        self._board = Board()
        self._users = Users(settings.var_dir / USERS_FILE)
        self._samples = tuple((REQUESTS / sample.file, sample) for sample in load_script(SCRIPT))
        shipped = (folder for folder in self._folders.values() if folder.parent == SHIPPED_DESKS)
        scripts = [*(folder / DESK_SCRIPT for folder in shipped), FAMILIES]
        self._samples += tuple(
            (script.parent / sample.file, sample)
            for script in scripts
            if script.is_file()
            for sample in load_script(script)
        )

    async def run(self) -> int:
        """Run the demo; returns 0 if every sample ended as expected, with a person always."""
        require_free_ports(self._settings)
        async with AsyncExitStack() as stack:
            server = await stack.enter_async_context(TemporalServer(self._settings))
            self._console.print(f"Temporal: {server.address}, UI {server.ui_url}")
            environment = {
                "TEMPORAL_ADDRESS": server.address,
                "DISPATCH_PLAYBOOKS_DIR": str(self._quick_playbooks()),
                "DISPATCH_VAR_DIR": str(self._settings.var_dir.absolute()),
                **helpdesk_environment(self._settings),
                **marketing_environment(self._settings),
                **website_environment(self._settings),
                **(self._model.environment() if self._model else {}),
            }
            if people := make_people(self._settings):
                self._console.print(people, markup=False, highlight=False)
                self._let_them_sign_in()
            programs = (
                *((self._model.program(),) if self._model else ()),
                helpdesk_program(self._settings, environment, faults=True),
                marketing_program(self._settings, environment, faults=True),
                website_program(self._settings, environment, faults=True),
                *desk_programs(self._settings, environment, faults=True),
                inbox_program(self._settings, environment),
                http_program(self._settings, environment),
                *mailbox_programs(self._settings, environment),
            )
            for program in programs:
                await stack.enter_async_context(program)
                self._console.print(f"{program.name}: process {program.pid}")
            url = self._settings.inbox_url or f"port {self._settings.inbox_port}"
            self._console.print(f"inbox: {url}; {await self._how_to_sign_in()}", highlight=False)
            self._console.print(f"HTTP: {self._settings.http_url}; a call that works, in another terminal:")
            self._console.print(self._call(), soft_wrap=True, markup=False, highlight=False)
            self._console.print(HOW_TO_MAIL.format(port=self._settings.imap_port), highlight=False)
            client = await connect("demo", server.address)
            mailed = await self._mail(client)
            if self._has_a_person():
                for file, sample in self._samples:
                    await self._submit(client, file, sample, mailed)
                return await self._with_a_person(client, server, programs)
            return await self._with_the_script(client, mailed)

    def _has_a_person(self) -> bool:
        return self._console.is_terminal and sys.stdin.isatty()

    def _quick_playbooks(self) -> Path:
        """Copy the playbooks with the demo's shorter waits; their digests differ, which history shows."""
        folder = self._settings.var_dir / "demo-playbooks"
        files = files_in_force(self._folders, SHIPPED_DESKS, self._settings.playbooks_dir)
        more = {"change": self._model.change} if self._model else {}
        write_playbooks(folder, files, played=not self._has_a_person(), **more)
        shortened = ", ".join(f"{name} {length}" for name, length in QUICK.items())
        self._console.print(f"playbooks: as shipped but for {shortened} ({folder})")
        for desk, roles in (self._model.given if self._model else {}).items():
            self._console.print(f"the local model does at {desk}: {', '.join(roles)}", highlight=False)
        return folder.absolute()

    def _let_them_sign_in(self) -> None:
        """Set the demo people's passphrase in the inbox; people of an existing approvers file never get a public one."""
        for person in ApproversFile(self._settings.approvers_path).read().approvers:
            self._users.write(person.name, DEMO_PASSPHRASE)

    async def _how_to_sign_in(self) -> str:
        people = ApproversFile(self._settings.approvers_path).read().approvers
        known = [p.name for p in people if await self._users.check(p.name, DEMO_PASSPHRASE)]
        if known:
            return f"sign in as {', '.join(known)} with the passphrase '{DEMO_PASSPHRASE}'"
        return "a person signs in with the passphrase that '.venv/bin/python -m inbox user NAME' sets"

    def _call(self) -> str:
        """Return a call for a shell, with a key created for this run."""
        keys = ApiKeys(self._settings.api_keys_dir)
        with suppress(KeysError):
            keys.remove(_DEMO_KEY)
        made = keys.add(_DEMO_KEY, tuple(Scope), None, datetime.now(UTC).replace(microsecond=0))
        return (
            f"curl {self._settings.http_url}/requests -H 'Authorization: Bearer {made.secret}' -H 'Content-Type: "
            f"application/json' -d '{json.dumps(CALLED)}'"
        )

    async def _mail(self, client: Client) -> dict[Path, str]:
        """Put samples into the mailbox; once the watcher has taken them in, return their requests by file."""
        files = [file for file, sample in self._samples if sample.file in MAILED]
        await put_into_mailbox(self._settings, files)
        expected = {file: request_id_of(read_request_file(self._settings, file)) for file in files}
        for file, request_id in expected.items():
            await until_begun(client, request_id)
            self._console.print(f"{file.name}: came by the mailbox", highlight=False)
        return expected

    async def _submit(self, client: Client, file: Path, sample: Sample, mailed: Mapping[Path, str]) -> str:
        """Submit a sample, unless it came by mail, and return its request's id."""
        request_id = mailed.get(file)
        if request_id is None:
            submitted = await submit_file(Gateway.over(client), self._settings, file)
            request_id = submitted.request_id
            if not submitted.new:
                self._console.print(f"{sample.file}: submitted before, it is the same request")
        self._board.files[request_id] = sample.file
        return request_id

    async def _arm(self, fault: Mapping[str, Any]) -> None:
        """Arm one of the faults that the script names, in the stand-in that it names as `at`; by default the back office."""
        await arm(self._settings, fault)

    async def _with_a_person(
        self, client: Client, server: TemporalServer, programs: Sequence[Program]
    ) -> int:
        """Show the board until Ctrl-C, with the commands to type once the desk is idle; nothing else ends it."""
        stop = stop_event()
        quiet = 0
        gone = asyncio.ensure_future(server.ended())
        gateway = Gateway.over(client)
        with Live(console=self._console, refresh_per_second=2) as live:
            while not stop.is_set():
                if gone.done():
                    raise DevStackError(
                        f"the Temporal server has ended: {server.last_words()[-300:]}. Start the demo again."
                    )
                changed = await self._board.refresh(gateway)
                quiet = 0 if changed else quiet + 1
                live.update(self._board.table())
                if quiet == QUIET_LOOKS:
                    for line in self._board.commands(server, self._settings):
                        self._console.print(line, soft_wrap=True, markup=False, highlight=False)
                with suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), timeout=1)
                for program in programs:
                    if program.ended() is not None:
                        raise DevStackError(
                            f"the {program.name} has ended; its log is in {self._settings.var_dir / 'logs'}"
                        )
        gone.cancel()
        self._console.print("stopping; the worker finishes what is under way")
        return 0

    async def _with_the_script(self, client: Client, mailed: Mapping[Path, str]) -> int:
        """Play the samples, some at a time, with a model fewer; print each change of state, then the summary."""
        self._console.print("no terminal: the people's part is played from examples/script.yaml")
        sign = demo_signer(self._settings)

        under_way = asyncio.Semaphore(AT_ONCE_WITH_MODEL if self._model else AT_ONCE)

        async def one(file: Path, sample: Sample) -> Outcome | str:
            try:
                async with under_way, asyncio.timeout(self._patience):
                    request_id = await self._submit(client, file, sample, mailed)
                    return await play(
                        client,
                        request_id,
                        sample,
                        arm=self._arm,
                        sign=sign,
                        seen=lambda status: self._say(request_id, status),
                        **({"poll_seconds": SLOW_POLL_SECONDS} if self._model else {}),
                    )
            except TimeoutError:
                return f"did not end within {self._patience} s"
            except DispatchError as error:
                return str(error)

        outcomes = await asyncio.gather(*(one(file, sample) for file, sample in self._samples))
        return self._summary(
            [(sample, outcome) for (_, sample), outcome in zip(self._samples, outcomes, strict=True)]
        )

    def _say(self, request_id: str, status: Status) -> None:
        before = self._board.status.get(request_id)
        if before is None or before.state != status.state:
            point = status.review_point
            self._console.print(
                f"{self._board.files[request_id]}: {status.state} (next owner {point.owner})", highlight=False
            )
        self._board.status[request_id] = status

    def _summary(self, results: list[tuple[Sample, Outcome | str]]) -> int:
        table, wrong = summary_of(results)
        self._console.print(table)
        if self._model:
            self._console.print(table_of(one for _, one in results if not isinstance(one, str)))
        self._console.print(f"{len(results) - wrong} of {len(results)} requests ended as they must")
        return 1 if wrong else 0


async def main(*, with_model: bool = False) -> int:
    """Run the demo with the settings of the environment, and the local model where it is wanted."""
    settings = load_stack_settings()
    tighten(settings.private_folders)
    return await Demo(settings, Console(), with_model=with_model).run()


if __name__ == "__main__":
    typed = argparse.ArgumentParser(description="The desk at work on sample requests")
    typed.add_argument(
        "--model", choices=["local"], help="a language model that does what it can of the roles"
    )
    wanted = typed.parse_args().model is not None
    sys.exit(run_to_end(lambda: main(with_model=wanted)))

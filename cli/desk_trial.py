"""One request through one desk on a server of its own, with nothing sent: `dispatch desk try`.

Nobody listens on the action queue, so that no action can be carried out, whatever it is and whichever system it would
reach. The trial ends where the first one is ordered, where a person is asked, or where the request has ended. What is
read, is read from the stand-ins for back office and mail archive with their sample data; a system of the desk's own is
read as its settings say.
"""

import asyncio
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from temporalio.client import Client, WorkflowExecutionStatus

from cli.trail import show_trail
from devstack.ports import LOOPBACK, free_port
from devstack.processes import desk_programs
from devstack.settings import load_stack_settings
from devstack.temporal_server import TemporalServer
from dispatch.models.errors import DevStackError, WorkerUnavailableError
from dispatch.models.request.request_detail import RequestDetail
from dispatch.models.request.status import WAITING_STATES, Status
from runtime.connection import connect
from runtime.desks import LoadedDesks
from runtime.gateway import Gateway
from runtime.histories import trail_of_history
from runtime.submissions import read_request_file
from runtime.systems import open_systems
from runtime.worker_parts.shutdown import running_workers
from runtime.workers import desk_worker, quota_worker

PATIENCE_SECONDS: Final = 120
_LOOK_SECONDS: Final = 0.2
_ACTION: Final = "action."
"""How the activities of actions begin."""


@dataclass(frozen=True)
class Rest:
    """Where the trial ended: `ordered` are the actions that were due next, by the names of their activities."""

    running: bool
    ordered: tuple[str, ...] = ()
    status: Status | None = None


async def try_desk(name: str, loaded: LoadedDesks, file: Path) -> int:
    """Run the request of a file and print what would have been done, and the trail; gives the exit code.

    Raises SubmissionError for a file that is no request, DevStackError where the servers do not start.
    """
    with tempfile.TemporaryDirectory(prefix="dispatch-desk-try-") as here, _environment(Path(here)):
        apart = load_stack_settings()
        submission = read_request_file(apart, file, name)
        async with AsyncExitStack() as stack:
            print("a trial: a server of its own, sample data to read, and no action is carried out")
            server = await stack.enter_async_context(
                TemporalServer(apart, in_memory=True, headless=True, port=free_port(), ui_port=free_port())
            )
            back_office, mail_sink, _ = desk_programs(apart, {})
            await stack.enter_async_context(back_office)
            await stack.enter_async_context(mail_sink)
            client = await connect("desk-try", server.address)
            reading = await stack.enter_async_context(open_systems(loaded.catalogue.systems(acting=False)))
            workers = (
                quota_worker(client, apart),
                desk_worker(client, apart, *loaded, reading),
            )
            await stack.enter_async_context(running_workers(*workers))
            submitted = await Gateway.over(client).submit(apart, submission)
            rest = await _until_rest(client, submitted.request_id)
            await _print(client, submitted.request_id, rest)
    return 0


@contextmanager
def _environment(here: Path) -> Iterator[None]:
    """Set this process's settings, and those of the programs it starts, to ports and folders of the trial alone."""
    back_office, archive, smtp = free_port(), free_port(), free_port()
    own: Mapping[str, str] = {
        "DISPATCH_VAR_DIR": str(here / "var"),
        "DISPATCH_TASK_QUEUE": "desk-try",
        "DISPATCH_AUDIT_STORE": "",
        "DISPATCH_BACK_OFFICE_URL": f"http://{LOOPBACK}:{back_office}",
        "DISPATCH_MAIL_ARCHIVE_URL": f"http://{LOOPBACK}:{archive}",
        "DISPATCH_SMTP_HOST": LOOPBACK,
        "DISPATCH_SMTP_PORT": str(smtp),
    }
    before = {name: os.environ.get(name) for name in own}
    os.environ.update(own)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


async def _until_rest(client: Client, request_id: str) -> Rest:
    """Wait until an action is ordered, a person or the requester is awaited, or the request has ended."""
    gateway, handle = Gateway.over(client), client.get_workflow_handle(request_id)
    deadline = asyncio.get_running_loop().time() + PATIENCE_SECONDS
    while asyncio.get_running_loop().time() < deadline:
        described = await handle.describe()
        rest = Rest(running=described.status is WorkflowExecutionStatus.RUNNING)
        if not rest.running:
            return rest
        pending = [one.activity_type.name for one in described.raw_description.pending_activities]
        ordered = tuple(name.removeprefix(_ACTION) for name in pending if name.startswith(_ACTION))
        try:
            status = await gateway.status(request_id)
        except WorkerUnavailableError:
            continue
        if ordered or status.state in WAITING_STATES:
            return replace(rest, ordered=ordered, status=status)
        await asyncio.sleep(_LOOK_SECONDS)
    raise DevStackError(
        f"the request has come to no rest within {PATIENCE_SECONDS} s; see what its specialists wait for"
    )


async def _print(client: Client, request_id: str, rest: Rest) -> None:
    detail = await Gateway.over(client).detail(request_id) if rest.running else None
    print()
    show_trail(await trail_of_history(client, request_id), everything=False)
    print()
    if rest.status is not None and not rest.ordered:
        point = rest.status.review_point
        print(f"stops here: it awaits {point.awaiting} from {point.owner}")
    for name in rest.ordered:
        print(f"stops here: {name} is ordered, and would be carried out now")
    proposal = detail.proposal if isinstance(detail, RequestDetail) else None
    for bound in proposal.actions if proposal is not None else ():
        action = bound.action
        print(
            f"would be done, once nothing holds it: {action.name} on {action.subject}, because {action.why}"
        )
        for key, value in sorted(action.parameters.items()):
            print(f"    {key}: {_indented(value)}")
    print("nothing was sent and nothing was done")


def _indented(value: object) -> str:
    """Return a parameter as text, each further line below the first; what a stranger wrote commands no terminal."""
    lines = str(value).splitlines() or [""]
    return "\n        ".join("".join(mark if mark.isprintable() else " " for mark in line) for line in lines)

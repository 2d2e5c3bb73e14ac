"""Records requests for two desks: the whole and a part of each; `record.py` writes them beside the others.

`python -m tests.replay.record_families` adds these alone to this version's histories and leaves the others as they are.
"""

import asyncio
import sys
import tempfile
from pathlib import Path
from typing import Final

from rich.console import Console
from temporalio.client import Client, WorkflowFailureError, WorkflowHistory

from devstack.ports import free_port
from devstack.temporal_server import TemporalServer
from dispatch.models.errors import DevStackError
from runtime.connection import connect
from runtime.lifecycle import run_to_end
from runtime.logs import set_up_logs
from runtime.settings import Settings
from tests.desk import Case
from tests.replay import recorded
from tests.replay.trails import write_trails
from tests.two_desks import JONAS, SOFIA, TwoDesks, patience, running_two_desks

Histories = dict[str, WorkflowHistory]

_BOTH_DONE: Final = "I forgot my password, please reset my password.\n\nAlso, where is my order DD-10036?"
_REFUND_AND_ACCESS: Final = "Please refund order DD-10037, I send the bag back.\n\nAnd could I get write access to the Design Library?"
_REFUND_AND_RESET: Final = (
    "I forgot my password, please reset it.\n\nPlease refund order DD-10037, I send the bag back."
)


async def record_families(client: Client, folder: Path) -> Histories:
    """Run every recording on desks with data of their own; raises DevStackError where one ends otherwise."""
    histories: Histories = {}
    async with running_two_desks(client, folder / "done") as desks:
        await _done(desks, histories)
        await _withdrawn(desks, histories)
        await _cancelled(desks, histories)
    async with running_two_desks(client, folder / "rejected") as desks:
        await _rejected(desks, histories)
    async with running_two_desks(client, folder / "waiting", reception=(patience(3),)) as desks:
        await _told_as_waiting(desks, histories)
    return histories


async def _keep(histories: Histories, ending: str, **cases: Case) -> None:
    for name, case in cases.items():
        try:
            async with asyncio.timeout(90):
                await case.handle.result()
        except WorkflowFailureError:
            pass  # a cancelled one; its last event says so
        history = await case.handle.fetch_history()
        if (really := recorded.ended_as(history)) != ending:
            raise DevStackError(f"{name} ended as {really} and must end as {ending}; nothing is added")
        histories[name.replace("_", "-")] = history


async def _done(desks: TwoDesks, histories: Histories) -> None:
    whole = await desks.submit(_BOTH_DONE, **SOFIA)
    support = await desks.begun(whole, "support")
    await _keep(histories, "done", family_done=whole, family_done_part=support)


async def _both_wait(desks: TwoDesks) -> tuple[Case, Case, Case]:
    whole = await desks.submit(_REFUND_AND_ACCESS, **JONAS)
    support, helpdesk = await desks.begun(whole, "support"), await desks.begun(whole, "helpdesk")
    await support.until("waiting_for_approval")
    await helpdesk.until("waiting_for_approval")
    return whole, support, helpdesk


async def _withdrawn(desks: TwoDesks, histories: Histories) -> None:
    whole, support, _ = await _both_wait(desks)
    await whole.signal("withdraw", {})
    await _keep(histories, "withdrawn", family_withdrawn=whole, family_withdrawn_part=support)


async def _cancelled(desks: TwoDesks, histories: Histories) -> None:
    whole, _, _ = await _both_wait(desks)
    await whole.handle.cancel()
    await _keep(histories, "cancelled", family_cancelled=whole)


async def _rejected(desks: TwoDesks, histories: Histories) -> None:
    whole, support, helpdesk = await _both_wait(desks)
    await support.decide("reject", reason="used for weeks", reason_for_requester="It was used.")
    await helpdesk.decide("approve", by="design-systems")
    await _keep(histories, "rejected", family_rejected=whole, family_rejected_part=support)


async def _told_as_waiting(desks: TwoDesks, histories: Histories) -> None:
    whole = await desks.submit(_REFUND_AND_RESET, **JONAS)
    support = await desks.begun(whole, "support")
    await desks.letters(JONAS, 1)
    await support.decide("approve")
    await _keep(histories, "done", family_told_as_waiting=whole)


async def main() -> int:
    """Record, then add."""
    set_up_logs("console", "error")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        async with TemporalServer(
            Settings(var_dir=folder), in_memory=True, headless=True, port=free_port()
        ) as server:
            histories = await record_families(await connect("dispatch-record", server.address), folder)
    for each, history in sorted(histories.items()):
        path = recorded.write(recorded.HISTORIES / recorded.version(), each, history)
        Console(highlight=False).print(f"{path.name}: {len(history.events)} events")
    write_trails()
    return 0


if __name__ == "__main__":
    sys.exit(run_to_end(main))

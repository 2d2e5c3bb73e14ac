"""The demo's display: every request in a table, and the commands to type."""

import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.table import Table

from devstack.processes import ROOT
from devstack.temporal_server import TemporalServer
from dispatch.models.errors import DispatchError
from dispatch.models.request.status import Status
from runtime.connection import DEFAULT_ADDRESS
from runtime.gateway import Gateway
from runtime.rows import Row
from runtime.settings import Settings


@dataclass
class Board:
    """The known data of each request, for the table."""

    files: dict[str, str] = field(default_factory=dict)
    status: dict[str, Status] = field(default_factory=dict)
    rows: dict[str, Row] = field(default_factory=dict)
    since: datetime = field(default_factory=lambda: datetime.now(UTC))

    def table(self) -> Table:
        table = Table(box=SIMPLE_HEAD, pad_edge=False, expand=True)
        for column in ("trigger", "state", "next owner", "by"):
            table.add_column(column, no_wrap=True)
        # The only column that may be cut gets the remaining width.
        table.add_column("review point", no_wrap=True, overflow="ellipsis", ratio=1)
        for request_id, file in self.files.items():
            status = self.status.get(request_id)
            if status is None:
                table.add_row(file, "submitted", "coordinator", "", "")
                continue
            point = status.review_point
            by = f"{point.by:%d %b %H:%M}" if point.by else ""
            awaiting = (point.about or point.awaiting) if point.by else ""
            table.add_row(file, status.state, point.owner, by, awaiting)
        return table

    async def refresh(self, gateway: Gateway) -> bool:
        """Query the requests whose row in the list has changed; returns whether any had. A slow one is queried again later."""
        changed = False
        try:
            listed = [row async for row in gateway.rows(limit=1000)]
        except DispatchError:
            return False
        for row in listed:
            if row.started > self.since:
                # Requests that a person put into the mailbox, or submitted.
                self.files.setdefault(row.request_id, row.request_id)
            if row.request_id in self.files and self.rows.get(row.request_id) != row:
                try:
                    self.status[row.request_id] = await gateway.status(row.request_id)
                except DispatchError:
                    continue
                self.rows[row.request_id] = row
                changed = True
        return changed

    def commands(self, server: TemporalServer, settings: Settings) -> list[str]:
        """Return the commands that a person could type next; each is a separate line, so that it can be pasted."""
        lines = [
            f"Temporal's UI: {server.ui_url}",
            "",
            "# What waits for a person; type in another terminal, here:",
        ]
        lines += [f"cd {ROOT}", f'export PATH="{Path(sys.executable).parent}:$PATH"']
        if server.address != DEFAULT_ADDRESS:
            lines.append(f"export TEMPORAL_ADDRESS={server.address}")
        if "var_dir" in settings.model_fields_set:
            lines.append(f"export DISPATCH_VAR_DIR={settings.var_dir.absolute()}")
        for request_id in self.files:
            status = self.status.get(request_id)
            if status is not None and status.next_command:
                lines += [
                    "",
                    f"# {self.files[request_id]}: {status.review_point.awaiting}",
                    status.next_command,
                ]
        some = next(iter(self.files), "ID")
        lines += [
            "",
            "# instead of approve: reject ID --as WHO --reason ..., respond ID --as WHO --reason 'what to change',",
            "# edit ID --as WHO amount_minor=2000 (a new proposal, with an approval of its own)",
            "dispatch inbox",
            f"dispatch trail {some}",
            "",
            "# Ctrl-C ends everything; waiting requests continue at the next start",
        ]
        return lines

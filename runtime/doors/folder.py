"""The door of a watched folder: how its files are read, started and refused."""

import asyncio
from functools import partial
from pathlib import Path

from channels.folder.watch import FolderWatch
from dispatch.models.request.submission import Submission
from runtime.doors.faults import read_or_refuse
from runtime.doors.reading import check_desk_name
from runtime.doors.refusals import keep_refused_file
from runtime.doors.starting import read_request_file, start
from runtime.gateway import Gateway
from runtime.gateway_types import Submitted
from runtime.settings import Settings


async def watch_folder(
    gateway: Gateway, settings: Settings, folder: Path, desk: str | None, stop: asyncio.Event
) -> None:
    """Take in the files of a folder until `stop` is set; raises DispatchError if it cannot be watched."""
    check_desk_name(desk)
    await FolderWatch(folder, FolderDoor(gateway, settings, desk)).run(stop)


class FolderDoor:
    """How a watched folder reads, starts and refuses (channels/folder/watch.py)."""

    def __init__(self, gateway: Gateway, settings: Settings, desk: str | None) -> None:
        self._gateway, self._settings, self._desk = gateway, settings, desk

    async def read(self, path: Path) -> Submission:
        """Return the request of a file; an internal error refuses only this file."""
        return await read_or_refuse(
            str(path), partial(read_request_file, self._settings, path, self._desk), path.read_bytes
        )

    async def start(self, path: Path, submission: Submission) -> Submitted:
        return await start(self._gateway, self._settings, str(path), submission)

    async def refuse(self, path: Path, reason: str, sha256: str) -> None:
        await asyncio.to_thread(
            keep_refused_file, self._settings, path, reason, sha256, door="folder", desk=self._desk
        )

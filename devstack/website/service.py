"""The running web server, in a process of its own or inside a test."""

import shutil
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import httpx

from devstack.faults import Faults
from devstack.settings import StackSettings
from devstack.web import listening, serving
from devstack.website.app import create_app
from dispatch.models.errors import DevStackError

SAMPLE: Final = Path(__file__).with_name("site")
_SETTING: Final = "DISPATCH_SITE_URL"


@asynccontextmanager
async def website(settings: StackSettings, *, faults: bool = False) -> AsyncIterator[Path]:
    """Serve settings.site_dir at settings.site_url for the length of the block; yields the folder.

    Raises DevStackError, one sentence, if the port is taken or the folder cannot be filled.
    """
    fill(settings.site_dir)
    with listening(settings.site_url, purpose="the website", setting=_SETTING) as listener:
        async with serving(create_app(settings.site_dir, faults=Faults() if faults else None), listener):
            yield settings.site_dir


def fill(folder: Path) -> None:
    """Copy the sample site into a folder that is not there; one that is there is left as it is."""
    if folder.exists():
        return
    try:
        shutil.copytree(SAMPLE, folder)
    except OSError as error:
        raise DevStackError(f"cannot fill {folder} with the sample site: {error}") from None


async def arm(url: str, fault: Mapping[str, Any]) -> None:
    """Arm a fault of the demo's script: `edit` is a colleague's change of a page, anything else a fault of the server."""
    edit, rule = fault.get("edit"), {name: value for name, value in fault.items() if name != "at"}
    async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=10) as http:
        answer = await (http.post("/edits", json=edit) if edit else http.post("/faults", json=rule))
        answer.raise_for_status()

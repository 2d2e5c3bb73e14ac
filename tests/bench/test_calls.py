"""The baseline's calls are the ones that a request makes: no fewer, no more, from the same steps."""

from collections import Counter
from pathlib import Path
from typing import Any
from unittest.mock import patch

import aiosmtplib
import httpx
from temporalio import activity
from temporalio.client import Client

from bench.calls import CALLS, SMTP
from bench.requests import AUTOMATIC, REQUESTS
from tests.desk import running_desk


async def test_the_baseline_calls_what_the_sample_calls(client: Client, tmp_path: Path) -> None:
    """What the activities of a real request send is what is written for them."""
    made = Counter[tuple[str, str]]()
    send, data = httpx.AsyncClient.send, aiosmtplib.SMTP.data

    def note(path: str) -> None:
        if activity.in_activity():
            made[activity.info().activity_type, path] += 1

    async def sending(self: httpx.AsyncClient, request: httpx.Request, **more: Any) -> httpx.Response:
        note(request.url.path)
        return await send(self, request, **more)

    async def mailing(self: aiosmtplib.SMTP, message: str | bytes, **more: Any) -> Any:
        note(SMTP)
        return await data(self, message, **more)

    with patch.object(httpx.AsyncClient, "send", sending), patch.object(aiosmtplib.SMTP, "data", mailing):
        async with running_desk(client, tmp_path) as desk:
            case = await desk.submit_file(REQUESTS / AUTOMATIC)
            await case.outcome()
    written = Counter(
        (name, one.path or one.system) for name, groups in CALLS.items() for group in groups for one in group
    )
    assert made == written

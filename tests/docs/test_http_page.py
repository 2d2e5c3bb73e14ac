"""The calls of docs/http.md, made as they stand on the page."""

import asyncio
import os
import shutil
from pathlib import Path

import pytest
from temporalio.client import Client

from runtime.gateway import Gateway
from tests.channels.http.serving import mail, served
from tests.docs.markdown import blocks_of

PAGE = Path(__file__).parents[2] / "docs" / "http.md"
ADDRESS = "http://127.0.0.1:8830"


@pytest.mark.skipif(shutil.which("curl") is None, reason="no curl on this machine")
async def test_the_calls_of_the_page_work(client: Client, tmp_path: Path) -> None:
    """Each is answered with a success, and the first two with a request of the key's desk."""
    calls = [
        line
        for block in blocks_of(PAGE)
        if "needs-desk" in block.attributes
        for line in block.source.splitlines()
    ]
    assert len(calls) == 4
    (tmp_path / "my-mail.eml").write_bytes(mail())
    async with served(Gateway.over(client), tmp_path) as door:
        environment = os.environ | {"KEY": door.make_key(desk="support")}
        request_id = ""
        for call in calls:
            line = call.replace(ADDRESS, door.url).replace("/requests/ID", f"/requests/{request_id}")
            process = await asyncio.create_subprocess_exec(
                *("bash", "-euc", line.replace("curl ", "curl --silent --fail-with-body --noproxy '*' ", 1)),
                cwd=tmp_path,
                env=environment,
                stdout=asyncio.subprocess.PIPE,
            )
            out, _ = await asyncio.wait_for(process.communicate(), 30)
            assert process.returncode == 0, out.decode()
            request_id = request_id or out.decode().partition('"id":"')[2].partition('"')[0]
    assert request_id.startswith("support-json-")

"""The inbox's list while many requests wait, as `make bench-waiting` measures it: the real program, over HTTP on the loopback.

A figure is the time from sending a request to the last byte of its answer. The program is a process of its own, and the
person who signs in looks at everything that waits, page by page, as anybody may.
"""

import asyncio
import html
import os
import re
import secrets
import subprocess
import sys
import time
from collections.abc import Awaitable
from typing import Any, Final

import httpx

from bench.environment import BenchEnvironment
from bench.figures import looks, resident_mb
from devstack.ports import LOOPBACK, free_port
from devstack.processes import ROOT, Program

PATIENCE_SECONDS: Final = 300
_NAME: Final = "bench"
_TOKEN: Final = re.compile(r'name="form_token" value="([^"]+)"')
_TIER: Final = re.compile(r'<span class="tier (\w+)">')
_READ_AT: Final = re.compile(r'Read from Temporal at <time datetime="([^"]+)"')
_PAGES: Final = re.compile(r"Page \d+ of (\d+)")
_READING: Final = "The list is still being read"
_ROW: Final = re.compile(r'<a href="[^"]*/requests/([^"]+)">')


async def measure_inbox(environment: BenchEnvironment, waiting: int) -> dict[str, Any]:
    """Return the figures of the list; `waiting` requests wait, and all of them must be on it.

    Raises RuntimeError where a page is not what it must be: such a figure would mean nothing.
    """
    url = f"http://{LOOPBACK}:{free_port()}"
    variables = {
        **environment.worker_variables,
        "DISPATCH_INBOX_PORT": url.rpartition(":")[2],
        "DISPATCH_INBOX_URL": url,
        "INBOX_PASSPHRASE": secrets.token_hex(16),
    }
    await _make_person(variables)
    log = environment.settings.var_dir / "inbox.log"
    program = Program("inbox", ["-m", "inbox"], log, variables, health=f"{url}/health")
    async with program, httpx.AsyncClient(base_url=url, trust_env=False, timeout=PATIENCE_SECONDS) as http:
        await _sign_in(http, variables["INBOX_PASSPHRASE"])
        await _whole(http, waiting)
        first = await _page(http, "/?whose=all")
        pages = int(found[1]) if (found := _PAGES.search(first)) else 1
        request_id, tier = html.unescape(_ROW.findall(first)[0]), _TIER.search(first)
        if tier is None:
            raise RuntimeError("no row of the list says its tier, so there is nothing to filter by")

        def pages_of(path: str) -> Awaitable[dict[str, float]]:
            return looks(lambda: _page(http, path))

        figures = {
            "inbox_pages": pages,
            "inbox_page_ms": await pages_of("/?whose=all"),
            "inbox_middle_page_ms": await pages_of(f"/?whose=all&page={max(1, pages // 2)}"),
            "inbox_last_page_ms": await pages_of(f"/?whose=all&page={pages}"),
            "inbox_search_ms": await pages_of(f"/?whose=all&search={request_id[-8:]}"),
            "inbox_search_for_many_ms": await pages_of("/?whose=all&search=-mail-"),
            "inbox_tier_ms": await pages_of(f"/?whose=all&tier={tier[1]}"),
            "inbox_renewed_after_seconds": await _renewed_after(http),
            "inbox_rss_mb": resident_mb(program),
        }
        cookies = http.cookies
    # The session outlives the program: the same person looks again the moment that a new one answers.
    async with (
        program,
        httpx.AsyncClient(base_url=url, trust_env=False, timeout=PATIENCE_SECONDS, cookies=cookies) as http,
    ):
        begin = time.perf_counter()
        await _page(http, "/?whose=all")
        figures["inbox_cold_first_page_ms"] = round((time.perf_counter() - begin) * 1000, 1)
        await _whole(http, waiting)
        figures["inbox_cold_until_whole_seconds"] = round(time.perf_counter() - begin, 3)
    return figures


async def _make_person(environment: dict[str, str]) -> None:
    """Set the passphrase as whoever runs a desk does."""
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "inbox", "user", _NAME],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"nobody can sign in to the inbox: {done.stdout}{done.stderr}")


async def _sign_in(http: httpx.AsyncClient, passphrase: str) -> None:
    token = _TOKEN.search((await http.get("/sign-in")).text)
    form = {"form_token": token[1] if token else "", "name": _NAME, "passphrase": passphrase}
    answer = await http.post("/sign-in", data=form, headers={"origin": str(http.base_url).rstrip("/")})
    if answer.status_code != httpx.codes.SEE_OTHER:
        raise RuntimeError(f"the inbox let nobody in: {answer.status_code}")


async def _whole(http: httpx.AsyncClient, waiting: int) -> None:
    """Wait until the list has been read to its end and holds all that waits."""
    heading = f'<span class="count">{waiting}</span>'
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            page = await _page(http, "/?whose=all")
            if _READING not in page and heading in page:
                return
            await asyncio.sleep(0.05)


async def _renewed_after(http: httpx.AsyncClient) -> float:
    """Return how long the list stands before it is read again while somebody looks: what is new shows after that at last."""
    changes = list[float]()
    before = _READ_AT.findall(await _page(http, "/?whose=all"))
    async with asyncio.timeout(PATIENCE_SECONDS):
        while len(changes) < 2:  # noqa: PLR2004 (from one to the next)
            await asyncio.sleep(0.2)  # it is renewed after seconds, and each look costs it something
            now = _READ_AT.findall(await _page(http, "/?whose=all"))
            if now != before:
                before = now
                changes.append(time.perf_counter())
    return round(changes[1] - changes[0], 2)


async def _page(http: httpx.AsyncClient, path: str) -> str:
    answer = await http.get(path)
    if answer.status_code != httpx.codes.OK or _ROW.search(answer.text) is None:
        raise RuntimeError(f"{path} gave no page with rows: {answer.status_code} {answer.text[:200]}")
    return answer.text

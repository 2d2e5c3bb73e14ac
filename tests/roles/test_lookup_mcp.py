"""The generic role `lookup` on a real server of the Model Context Protocol, over stdio."""

import asyncio
import shlex
import sys
from pathlib import Path
from typing import Any, Final

import pytest

from devstack.ports import free_port
from dispatch.models.errors import ClientError, RefusedError, UnavailableError
from dispatch.models.work.finding import FindingStatus
from tests.roles.looking_up import brief, item_facts, look_up

SERVER: Final = Path(__file__).with_name("status_server.py")
HERE: Final = {"DISPATCH_STATUS_COMMAND": shlex.join([sys.executable, str(SERVER)])}
CONFIG: Final[dict[str, Any]] = {
    "system": "status",
    "read": {"tool": "service_status", "arguments": {"service": "{service}"}},
    "values": {"service": {"field": "service"}},
    "at": "/services",
    "facts": {"state": "/state", "named": "/name"},
    "evidence": "{service} is {state}",
}


def systems(seconds: float = 20) -> dict[str, Any]:
    return {
        "status": {
            "kind": "mcp",
            "command_variable": "DISPATCH_STATUS_COMMAND",
            "tools": ["service_status", "slow", "large", "failing", "unknown"],
            "timeout_seconds": seconds,
            "max_bytes": 10_000,
        }
    }


def calling(tool: str) -> dict[str, Any]:
    return CONFIG | {"read": {"tool": tool, "arguments": {"service": "{service}"}}, "at": ""}


async def test_it_calls_a_listed_tool() -> None:
    """The tool's structured content is the answer."""
    finding = await look_up(systems(), HERE, brief(CONFIG, {"service": "vpn"}))
    assert finding.status is FindingStatus.FOUND
    assert item_facts(finding)["state"] == "down"
    assert finding.evidence[0].text == "vpn is down"


async def test_a_value_stays_one_argument() -> None:
    """Quotes, braces and JSON in a value are its letters."""
    value = '", "service": "vpn", "x": "{service}'
    finding = await look_up(systems(), HERE, brief(CONFIG, {"service": value}))
    assert item_facts(finding)["named"] == value


@pytest.mark.parametrize(
    ("tool", "error", "told"),
    [
        ("restart", RefusedError, "not in its list"),
        ("unknown", RefusedError, "refused the call|the tool failed"),
        ("failing", RefusedError, "the tool failed"),
        ("large", RefusedError, "more than 10,000 bytes"),
    ],
)
async def test_what_is_refused(tool: str, error: type[ClientError], told: str) -> None:
    """A tool that the system does not list is never called; one that fails, or answers too much, is a refusal."""
    with pytest.raises(error, match=told):
        await look_up(systems(), HERE, brief(calling(tool), {"service": "mail"}))


async def test_a_slow_or_missing_server_is_unavailable() -> None:
    """Another attempt may be answered."""
    with pytest.raises(UnavailableError, match="within 8 s"):
        await look_up(systems(8), HERE, brief(calling("slow"), {"service": "mail"}))
    nowhere = {"DISPATCH_STATUS_COMMAND": "/nowhere/at-all"}
    with pytest.raises(UnavailableError, match="was not reached"):
        await look_up(systems(), nowhere, brief(CONFIG, {"service": "mail"}))


async def test_it_calls_a_tool_over_http() -> None:
    """A server at an address, on a host that is allowed, is asked the same way."""
    port = free_port()
    over_http = systems()
    over_http["status"] |= {"url_variable": "DISPATCH_STATUS_URL", "hosts": ["127.0.0.1"]}
    del over_http["status"]["command_variable"]
    here = {"DISPATCH_STATUS_URL": f"http://127.0.0.1:{port}/mcp"}
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(SERVER), str(port), stderr=asyncio.subprocess.DEVNULL
    )
    try:
        async with asyncio.timeout(60):
            while True:
                try:
                    finding = await look_up(over_http, here, brief(CONFIG, {"service": "vpn"}))
                    break
                except UnavailableError:
                    await asyncio.sleep(0.3)
    finally:
        process.terminate()
        await process.wait()
    assert item_facts(finding)["state"] == "down"

"""A server of the Model Context Protocol over stdio for tests: tells what it was asked, and misbehaves on demand."""

import asyncio
import sys

from mcp.server import MCPServer

server = MCPServer("status")


@server.tool()
def service_status(service: str) -> dict[str, object]:
    """Return how a service is."""
    return {"services": [{"name": service, "state": "down" if service == "vpn" else "up"}]}


@server.tool()
async def slow(service: str) -> str:
    """Take a while."""
    await asyncio.sleep(30)
    return service


@server.tool()
def large(service: str) -> str:
    """Answer more than anybody asked for."""
    return service * 100_000


@server.tool()
def failing(service: str) -> str:
    """Fail."""
    raise ValueError(service)


@server.tool()
def restart(service: str) -> str:
    """Change something: no playbook lists it."""
    del service
    return "restarted"


if __name__ == "__main__":
    if len(sys.argv) > 1:
        server.run("streamable-http", host="127.0.0.1", port=int(sys.argv[1]))
    else:
        server.run("stdio")

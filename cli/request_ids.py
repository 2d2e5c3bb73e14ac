"""Request ids as people type them: the whole id, its beginning, or `last`."""

import argparse
import re
import sys
from typing import Final

from dispatch.models.errors import SubmissionError
from runtime.gateway import Gateway
from runtime.rows import ALL, COORDINATOR

LAST: Final = "last"
_WHOLE: Final = re.compile(r"-[0-9a-f]{16}(\.follow-up-[0-9]+)?$")
_PLAIN: Final = re.compile(r"[A-Za-z0-9._-]+")
_MOST_NAMED: Final = 5


def add_id(command: argparse.ArgumentParser, nargs: str | None = None) -> None:
    """Add the argument that names the request."""
    text = f"the request's id, the beginning of one, or '{LAST}': the newest"
    command.add_argument("id", metavar="ID", nargs=nargs, help=text)


async def resolved(gateway: Gateway, typed: str) -> str:
    """Return the id of the request that was typed; if it was not typed whole, print the whole id on stderr.

    A text with which no known id begins is returned unchanged, because lists lag behind; the caller reports it. Raises
    SubmissionError if several ids begin with it, or if there is no request, and TemporalUnavailableError.
    """
    if typed == LAST:
        newest = await _ids(gateway, f"WorkflowType = '{COORDINATOR}'", 1)
        if not newest:
            raise SubmissionError("there is no request yet; start one with 'dispatch submit FILE'")
        return _told(typed, newest[0])
    if _WHOLE.search(typed) or not _PLAIN.fullmatch(typed):
        return typed
    found = await _ids(gateway, f"{ALL} AND WorkflowId STARTS_WITH '{typed}'", 1000)
    if typed in found or not found:
        return typed
    # The ids of a request's follow-ups begin with its id.
    requests = [one for one in found if ".follow-up-" not in one] or found
    if len(requests) > 1:
        more = f" and {len(requests) - _MOST_NAMED} more" if len(requests) > _MOST_NAMED else ""
        raise SubmissionError(
            f"{typed} begins {', '.join(requests[:_MOST_NAMED])}{more}; type more of the one that you mean"
        )
    return _told(typed, requests[0])


async def _ids(gateway: Gateway, query: str, most: int) -> list[str]:
    found, _ = await gateway.page(query, most)
    return list(dict.fromkeys(one.execution.workflow_id for one in found))


def _told(typed: str, request_id: str) -> str:
    print(f"{typed}: {request_id}", file=sys.stderr)
    return request_id

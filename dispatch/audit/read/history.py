"""Reads exported histories event by event, so that long ones need little memory.

Taken are Temporal's own JSON (`temporal workflow show --output json`, the SDKs' `to_json`, the desk's export), plain
or gzipped: an object with a list `events`, or several of them one after the other for a request that went on in a new
history.
"""

import gzip
import json
import re
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import IO, Any, Final

from google.protobuf.json_format import ParseDict, ParseError
from temporalio.api.history.v1 import HistoryEvent

from dispatch.models.errors import DispatchError

_CHUNK: Final = 1 << 18
_LARGEST_EVENT: Final = 64 << 20
_EVENTS: Final = re.compile(r'"events"\s*:\s*\[')
_BETWEEN: Final = re.compile(r"[\s,]*")
_LOOK_BACK: Final = 100
"""Characters kept when a chunk ends, for a key that the next one completes."""


class HistoryError(DispatchError):
    """A file is no exported history; the text names the file, the place and the remedy."""


def events_in(*paths: Path) -> Iterator[HistoryEvent]:
    """Yield the events of exported histories, in order; several files are one request's histories, oldest first.

    Raises HistoryError naming the file, for one that cannot be read or holds no events.
    """
    for path in paths:
        try:
            with path.open("rb") as raw, _unpacked(raw, path) as text:
                yield from _events(text, path)
        except (OSError, EOFError, UnicodeDecodeError) as error:
            raise HistoryError(f"{path}: cannot be read ({error}); give an exported history") from None


def _unpacked(raw: IO[bytes], path: Path) -> IO[str]:
    packed = raw.read(2) == b"\x1f\x8b"
    raw.seek(0)
    return gzip.open(path, "rt", encoding="utf-8") if packed else path.open(encoding="utf-8")


def _events(text: IO[str], path: Path) -> Iterator[HistoryEvent]:
    number = 0
    for number, event in enumerate(_objects(text, path), start=1):
        yield _parsed(event, path, number)
    if not number:
        raise HistoryError(
            f"{path}: holds no list of events; give what 'temporal workflow show --output json' wrote"
        )


def _parsed(event: Any, path: Path, number: int) -> HistoryEvent:
    if not isinstance(event, dict):
        raise HistoryError(f"{path}: event {number} is no object; give an exported history")
    kind = event.get("eventType")
    if isinstance(kind, str) and not kind.startswith("EVENT_TYPE_"):
        # Older exports name types as 'WorkflowExecutionStarted'.
        event["eventType"] = "EVENT_TYPE" + re.sub(r"(?=[A-Z])", "_", kind).upper()
    try:
        # Unknown fields of a newer server are ignored.
        return ParseDict(event, HistoryEvent(), ignore_unknown_fields=True)
    except (ParseError, ValueError, TypeError) as error:
        raise HistoryError(f"{path}: event {number} is no event of a history: {str(error)[:200]}") from None


def _objects(text: IO[str], path: Path) -> Iterator[Any]:
    """Yield the members of every list under a key "events", reading on as needed.

    The key cannot be mistaken inside a text, for quotation marks are escaped there.
    """
    held = ""
    while True:
        if (start := _EVENTS.search(held)) is not None:
            held = yield from _members(text, path, held[start.end() :])
        elif chunk := text.read(_CHUNK):
            held = held[-_LOOK_BACK:] + chunk
        else:
            return


def _members(text: IO[str], path: Path, held: str) -> Generator[Any, None, str]:
    """Yield the members of the list that `held` begins within; returns what follows the list."""
    decoder, at, want = json.JSONDecoder(), 0, _CHUNK
    while True:
        at = _BETWEEN.match(held, at).end()  # type: ignore[union-attr]  # it matches nothing, too
        if held.startswith("]", at):
            return held[at:]
        try:
            value, at = decoder.raw_decode(held, at)
        except ValueError as error:
            # Each read is twice as large, so that a large event is not scanned again for every chunk.
            held, at = held[at:], 0
            chunk = text.read(want) if len(held) <= _LARGEST_EVENT else ""
            if not chunk:
                raise HistoryError(f"{path}: is cut off or no JSON ({error}); export it again") from None
            held, want = held + chunk, want * 2
        else:
            want = _CHUNK
            yield value

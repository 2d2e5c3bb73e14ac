"""What reads strangers' texts is ended from outside when it takes too long or too much."""

import asyncio
import os
import time
from collections.abc import Iterator
from contextlib import closing

import pytest

from dispatch.isolation.text_processes import SHORT, TextProcesses
from dispatch.models.errors import UnreadableTextError
from dispatch.text.normalise import fold


@pytest.fixture(scope="module")
def texts() -> Iterator[TextProcesses]:
    with closing(TextProcesses(1, 512)) as texts:
        yield texts


def test_a_call_gives_what_the_function_gives(texts: TextProcesses) -> None:
    """The process is another one, and it is kept for the next call."""
    assert texts.call(fold, "ÄB") == "ab"
    first, second = texts.call(os.getpid), texts.call(os.getpid)
    assert first == second != os.getpid()


def test_what_takes_too_long_is_ended(texts: TextProcesses) -> None:
    """A sentence for people says so, and the next text is read."""
    before = texts.call(os.getpid)
    with pytest.raises(UnreadableTextError, match="could not be read automatically within 1 seconds"):
        texts.call(time.sleep, 60)
    assert texts.call(os.getpid) != before


def test_what_takes_too_much_memory_fails_alone(texts: TextProcesses) -> None:
    """The limit is the process's own, and this one goes on."""
    with pytest.raises(UnreadableTextError, match="could not be read automatically: MemoryError"):
        texts.call(bytearray, 2**30)
    assert texts.call(fold, "A") == "a"


def test_a_process_that_dies_fails_its_text_alone(texts: TextProcesses) -> None:
    """Whatever ends it, the sentence says that it ended."""
    with pytest.raises(UnreadableTextError, match="the process that read it ended \\(exit code 3\\)"):
        texts.call(os._exit, 3)
    assert texts.call(fold, "A") == "a"


def test_it_has_no_credentials(texts: TextProcesses, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of this process's environment it knows nothing."""
    monkeypatch.setenv("DISPATCH_BACK_OFFICE_WRITE_KEY", "secret")
    with closing(TextProcesses(5, 512)) as fresh:
        assert fresh.call(os.getenv, "DISPATCH_BACK_OFFICE_WRITE_KEY") is None


async def test_others_go_on_while_a_text_takes_its_time(texts: TextProcesses) -> None:
    """The event loop is free meanwhile; a short text is read in place."""
    slow = asyncio.ensure_future(texts.read(SHORT + 1, time.sleep, 60))
    await asyncio.sleep(0)
    assert not slow.done()
    assert await texts.read(SHORT, os.getpid) == os.getpid()
    assert await texts.read(SHORT + 1, fold, "A") == "a"
    with pytest.raises(UnreadableTextError, match="within 1 seconds"):
        await slow

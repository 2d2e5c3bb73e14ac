"""The servers that tests share: one Temporal for each process of a run, a back office and a mail sink for each test.

`make test` runs them in several processes (pytest-xdist). Tests that share what only one process has, such as a
fixture that begins all of a module's cases at once, name one group: `pytest.mark.xdist_group("chaos")`. Each process
must find the same tests: a parameter that chance or the clock decides needs an id of its own.
"""

import asyncio
import faulthandler
import gc
import os
import sys
from collections.abc import AsyncIterator, Generator, Iterator
from pathlib import Path

import hypothesis
import pytest
from temporalio.client import Client

from activities.contracts import Systems
from activities.permits import Permits
from channels.mail.systems.mail_archive import MailArchive
from channels.mail.systems.mail_server import MailServer
from desks.support.systems.payments import Payments
from desks.support.systems.records import Records
from devstack.ports import free_port
from devstack.temporal_server import TemporalServer
from dispatch.storage.approvers_file import ApproversFile
from runtime.connection import connect
from runtime.settings import Settings
from runtime.worker_parts.shutdown import waiting_tasks
from tests.desk_workers import prepared_once
from tests.servers import BackOfficeService, MailSinkService, running_back_office, running_mail_sink
from tests.sizes import rounds

# No deadline: these machines are shared, and speed belongs into bench/. In CI the same examples each time, so that a
# new one is met by the person who can mend what it shows.
hypothesis.settings.register_profile(
    "desk", deadline=None, derandomize="CI" in os.environ, max_examples=rounds(40, 400)
)
hypothesis.settings.load_profile("desk")


MOST_PROCESSES = 8
ENDS_WITHIN_SECONDS = 60
_LOOP = pytest.StashKey[asyncio.AbstractEventLoop]()


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """One process more than there are cores, for a test of the desk also waits for timers and servers.

    Two for each core took no less time on two cores, and made more tests lose their patience.
    """
    return min(1 + (os.cpu_count() or 1), MOST_PROCESSES)


def pytest_collection_finish() -> None:
    """Leave modules and tests out of every later collection of garbage: 300,000 objects that live to the end."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add to the report of a test that ran out of time where each task waits; stacks of threads do not show it."""
    report = yield
    loop = item.config.stash.get(_LOOP, None)
    if loop is not None and call.excinfo is not None and "Timeout (>" in str(call.excinfo.value):
        report.sections.append(("tasks that wait", "\n".join(waiting_tasks(loop))))
    return report


def pytest_unconfigure() -> None:
    """End a process that does not end after its last test, with the stacks: a worker left behind may keep it."""
    faulthandler.dump_traceback_later(ENDS_WITHIN_SECONDS, exit=True, file=sys.__stderr__ or 2)


@pytest.fixture(scope="session", autouse=True)
async def _loop_is_known(pytestconfig: pytest.Config) -> None:
    pytestconfig.stash[_LOOP] = asyncio.get_running_loop()


@pytest.fixture(scope="session", autouse=True)
def _prepared_once() -> Iterator[None]:
    with prepared_once():
        yield


@pytest.fixture(scope="session")
def _collected_before_the_end() -> Iterator[None]:
    """Free what ran workers while the loop still lives; see runtime/lifecycle.py."""
    yield
    gc.collect()


@pytest.fixture(scope="session")
async def temporal(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[TemporalServer]:
    settings = Settings(var_dir=Path(tmp_path_factory.mktemp("temporal")))
    async with TemporalServer(settings, in_memory=True, headless=True, port=free_port()) as server:
        yield server


@pytest.fixture(scope="session")
async def client(temporal: TemporalServer, _collected_before_the_end: None) -> Client:
    return await connect("tests", temporal.address)


@pytest.fixture
async def back_office(tmp_path: Path) -> AsyncIterator[BackOfficeService]:
    async with running_back_office(tmp_path) as service:
        yield service


@pytest.fixture
async def mail_sink(tmp_path: Path) -> AsyncIterator[MailSinkService]:
    async with running_mail_sink(tmp_path) as service:
        yield service


@pytest.fixture(scope="session")
async def standing_back_office(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[BackOfficeService]:
    async with running_back_office(tmp_path_factory.mktemp("standing")) as service:
        yield service


@pytest.fixture
async def read_only(standing_back_office: BackOfficeService) -> AsyncIterator[BackOfficeService]:
    """Not to be changed by a test; its faults are cleared after each."""
    yield standing_back_office
    await standing_back_office.disarm()


@pytest.fixture
def reading(back_office: BackOfficeService, mail_sink: MailSinkService) -> Systems:
    """Return the systems that readers are given, of this test's back office and mail sink."""
    return Systems({Records: back_office.records(), MailArchive: mail_sink.archive()})


@pytest.fixture
def acting(back_office: BackOfficeService, mail_sink: MailSinkService, tmp_path: Path) -> Systems:
    """Return the systems that actions are given, with leave by an approvers file of the test's folder."""
    opened = {
        Records: back_office.records(),
        Payments: back_office.payments(),
        MailServer: mail_sink.mail(timeout_seconds=1),
        MailArchive: mail_sink.archive(),
    }
    return Systems(opened).beside(Permits(ApproversFile(tmp_path / "approvers.yaml")))

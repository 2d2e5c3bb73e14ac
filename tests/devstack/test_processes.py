"""The services as programs: started from the environment, killed, started again, stopped."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from channels.mail.models import OutgoingMail
from dispatch.models.money import Money
from tests.servers import ROOT, back_office_process, mail_sink_process, running_back_office


async def test_a_killed_back_office_comes_back_with_its_refunds(tmp_path: Path) -> None:
    """Kill -9 after an answered refund loses nothing: the same order gets the same refund from the next process."""
    async with back_office_process(tmp_path) as first:
        made = await first.payments().refund(
            "PAY-10001", Money(amount_minor=4990, currency="EUR"), "r", "CU-1001", "k1"
        )
        await first.kill()
    async with back_office_process(tmp_path, again=first) as second:
        assert await second.payments().find_refund("k1") == made
        assert second.url == first.url


async def test_a_killed_mail_sink_keeps_what_it_took(tmp_path: Path) -> None:
    """What was answered with 250 survives kill -9."""
    mail = OutgoingMail(
        message_id="<k@desk.example>",
        sender="desk@desk.example",
        recipient="anna@post.example",
        subject="s",
        text="t",
    )
    async with mail_sink_process(tmp_path) as first:
        await first.mail().send(mail)
        await first.kill()
    async with mail_sink_process(tmp_path, again=first) as second:
        assert len(await second.archive().deliveries("<k@desk.example>")) == 1


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
async def test_a_service_stops_when_told(tmp_path: Path, how: signal.Signals) -> None:
    """Both the container's and the terminal's way of stopping end it with code 0."""
    async with back_office_process(tmp_path) as service:
        assert service.process is not None
        service.process.send_signal(how)
        assert await service.process.wait() == 0
    assert "back office: http://127.0.0.1:" in (tmp_path / "back_office.log").read_text()


@pytest.mark.parametrize("module", ["devstack.back_office", "devstack.mail_sink"])
async def test_a_taken_port_ends_the_program_with_one_sentence(tmp_path: Path, module: str) -> None:
    """No traceback: one line on stderr and exit code 1."""
    async with running_back_office(tmp_path) as taken:
        environment = {**os.environ, **taken.environment, "DISPATCH_MAIL_ARCHIVE_URL": taken.url}
        environment["DISPATCH_SMTP_PORT"] = taken.url.rpartition(":")[2]
        done = await asyncio.to_thread(
            subprocess.run,
            [sys.executable, "-m", module],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )
    assert done.returncode == 1
    assert len(done.stderr.strip().splitlines()) == 1
    assert "set DISPATCH_" in done.stderr

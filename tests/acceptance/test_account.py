"""The command line typed by an account that has only a number, as `docker run --user 5000` makes one."""

import os

import pytest

from cli.commands import run
from devstack.ports import free_port


@pytest.fixture
def _nameless(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of such an account the system's own list of users knows nothing, and no variable tells its name."""
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(os, "getuid", lambda: 3_999_999_999)
    monkeypatch.setenv("TEMPORAL_ADDRESS", f"127.0.0.1:{free_port()}")


@pytest.mark.usefixtures("_nameless")
def test_a_command_that_needs_no_name_runs(capsys: pytest.CaptureFixture[str]) -> None:
    """It comes as far as Temporal, of which there is none here, and says so in a sentence."""
    assert run(["inbox"]) == 2
    assert "Temporal does not answer" in capsys.readouterr().err


@pytest.mark.usefixtures("_nameless")
@pytest.mark.parametrize(
    "typed",
    [
        ["approve", "support-mail-1"],
        ["extend", "support-mail-1", "--until", "2026-12-01T12:00:00Z"],
        ["audit", "erase", "--request", "support-mail-1", "--reason", "asked to"],
    ],
    ids=lambda typed: typed[0],
)
def test_who_decides_is_asked_for_where_the_account_has_no_name(
    typed: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Nobody decides as a number: the one thing missing is named."""
    with pytest.raises(SystemExit) as ended:
        run(typed)
    assert ended.value.code == 2
    assert "the following arguments are required: --as" in capsys.readouterr().err

"""The command line in a pipe whose reader leaves early."""

import os
import subprocess
import sys

from tests.acceptance.shell import ROOT
from tests.replay.recorded import all_recorded

HISTORY = next(recorded.path for recorded in all_recorded() if recorded.name == "03-five-asks")


def test_a_reader_that_has_read_enough_ends_a_command_quietly() -> None:
    """As with `starter.py trail --from FILE | head -1`: nothing on stderr, and the code that shells know for it."""
    reading, writing = os.pipe()
    os.close(reading)
    try:
        said = subprocess.run(
            [sys.executable, "-m", "cli", "trail", "--from", HISTORY],
            cwd=ROOT,
            stdout=writing,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    finally:
        os.close(writing)
    assert said.stderr == ""
    assert said.returncode == 141

"""How large files and folders may grow before they are split."""

import subprocess
from collections import Counter
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
MOST_LINES: Final = 300
MOST_LINES_OF_TESTS: Final = 450
MOST_FILES: Final = 20
FIRST_LINES: Final = 10
REASON: Final = "Longer than other files"
"""How a file's first lines begin the reason why it is not split."""


def _tracked() -> list[str]:
    listed = subprocess.run(
        ["git", "ls-files", "*.py"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    return [name for name in sorted(set(listed)) if (ROOT / name).exists()]


def test_a_long_file_gives_its_reason_in_its_first_lines() -> None:
    """What is longer than a few screens is read by nobody as a whole, unless there is a reason to."""
    for name in _tracked():
        lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
        most = MOST_LINES_OF_TESTS if name.startswith("tests/") else MOST_LINES
        given = REASON in "\n".join(lines[:FIRST_LINES])
        assert len(lines) <= most or given, (
            f"{name} has {len(lines)} lines; split it by what belongs together, or write '{REASON}: why' on top"
        )


def test_no_folder_has_too_many_files() -> None:
    """A folder is seen at a glance."""
    sizes = Counter(str(Path(name).parent) for name in _tracked())
    for folder, number in sizes.items():
        assert number <= MOST_FILES, (
            f"{folder} has {number} files; split it into folders by what belongs together"
        )

"""The build id that workers write into every history: it identifies the code that made the decisions."""

import hashlib
from functools import cache
from pathlib import Path
from typing import Final

_ROOT: Final = Path(__file__).parents[1]
_DECIDES: Final = ("workflows", "dispatch", "channels", "desks")
"""The sources that a replay runs. A change elsewhere cannot break a replay."""


@cache
def build_id() -> str:
    """Return the id of the current code: a digest over the sources that a replay runs."""
    digest = hashlib.sha256()
    for room in _DECIDES:
        for file in sorted((_ROOT / room).rglob("*.py")):
            digest.update(f"{file.relative_to(_ROOT).as_posix()}\n".encode())
            digest.update(hashlib.sha256(file.read_bytes()).digest())
    return f"dispatch-{digest.hexdigest()[:16]}"

"""Desks as Python packages: those that are shipped, and those of a business's own, all under the name `desks`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import desks

CHANNELS: Final = ("channels.mail",)
"""Whose actions any desk may name in its playbook."""


def import_desks(folders: Mapping[str, Path]) -> tuple[str, ...]:
    """Return the dotted name of each desk's package, and make those outside this checkout importable under it."""
    for root in {folder.parent for folder in folders.values()}:
        if str(root) not in desks.__path__:
            desks.__path__.append(str(root))
    return tuple(f"desks.{desk}" for desk in folders)

"""What a classifier has learned, kept in a file by its digest: no second start computes it again."""

import contextlib
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

Arrays = Mapping[str, Any]


def kept(folder: Path | None, name: str) -> Arrays | None:
    """Return what was kept under a name, or None; a file that cannot be read counts as none."""
    if folder is None:
        return None
    try:
        # Opened here: numpy leaves a file open that turns out to be none of its own.
        with (folder / f"{name}.npz").open("rb") as opened, np.load(opened, allow_pickle=False) as file:
            return {key: file[key] for key in file.files}
    except (OSError, ValueError, BadZipFile, EOFError):
        return None


def keep(folder: Path | None, name: str, arrays: Arrays) -> None:
    """Keep arrays under a name; a folder that cannot be written is none, and costs the next start its time alone."""
    if folder is None:
        return
    with contextlib.suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        # Another process may store the same at this moment; both files are equal, so the last rename is fine.
        with tempfile.NamedTemporaryFile(dir=folder, suffix=".part", delete=False) as file:
            np.savez(file, **arrays)
        Path(file.name).replace(folder / f"{name}.npz")

"""Finds desks: in the shipped folder, and in a business's own folders outside this checkout.

A desk is a folder with a `playbook.yaml`; what else it holds is code that the catalogue reads.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

from dispatch.models.errors import PlaybookError
from dispatch.models.work.playbook import Reception
from dispatch.playbooks.examples_file import load_examples
from dispatch.playbooks.loader import (
    PLAYBOOK_FILE,
    RECEPTION,
    RECEPTION_FILE,
    Playbooks,
    in_order,
    load_files,
    playbooks_in,
    read_reception,
)

DESK_NAME: Final = re.compile(r"[a-z][a-z_]{0,39}")


def desk_folders(roots: Iterable[Path]) -> dict[str, Path]:
    """Return the folder of each desk under the given roots, by the desk's name.

    Raises PlaybookError for a root that is no folder, a desk that stands in two of them, and a folder that holds
    a playbook and cannot be a desk's name.
    """
    found: dict[str, Path] = {}
    for root in roots:
        if not root.is_dir():
            raise PlaybookError(
                str(root), "", "there is no such folder", "Create it, or correct DISPATCH_DESKS_DIR."
            )
        for folder in sorted(path for path in root.iterdir() if (path / PLAYBOOK_FILE).is_file()):
            if not DESK_NAME.fullmatch(folder.name):
                raise PlaybookError(
                    str(folder),
                    "",
                    f"{folder.name!r} cannot be a desk's name",
                    "Use small letters and _, 40 at most, such as web_pages.",
                )
            if folder.name in found:
                raise PlaybookError(
                    str(folder),
                    "",
                    f"the desk {folder.name} also stands in {found[folder.name]}",
                    "Rename one of them, or take one folder out of DISPATCH_DESKS_DIR.",
                )
            found[folder.name] = folder
    return found


def files_in_force(
    folders: Mapping[str, Path], shipped: Path, replacements: Path | None = None
) -> dict[str, Path]:
    """Return the playbook file of each desk, and the reception's under `reception`.

    `shipped` holds the reception's. A `<desk>.yaml` or `reception.yaml` in `replacements` takes the place of the
    desk's own, so that a business changes amounts and approvers without touching the desk. Raises PlaybookError.
    """
    files = {desk: folder / PLAYBOOK_FILE for desk, folder in folders.items()}
    return (
        files | {RECEPTION: shipped / RECEPTION_FILE} | (playbooks_in(replacements) if replacements else {})
    )


def load_reception(shipped: Path, replacements: Path | None = None) -> Reception:
    """Load who routes what no desk fits, from the file that `files_in_force` returns; raises PlaybookError."""
    return read_reception(files_in_force({}, shipped, replacements)[RECEPTION])


def load_desks(folders: Mapping[str, Path], shipped: Path, replacements: Path | None = None) -> Playbooks:
    """Load the playbooks that `files_in_force` returns; raises PlaybookError."""
    files = files_in_force(folders, shipped, replacements)
    reception = files.pop(RECEPTION)
    if not files:
        raise PlaybookError(str(shipped), "", "there is no desk", "Add a folder with a playbook.yaml.")
    return with_examples(in_order(load_files(files, reception)), folders)


def with_examples(playbooks: Playbooks, folders: Mapping[str, Path]) -> Playbooks:
    """Return the same with the examples of the desks that sort by them, each from its folder; raises PlaybookError."""
    examples = {
        desk: found
        for desk, one in playbooks.by_desk.items()
        if (found := load_examples(folders[desk], one.playbook)) is not None
    }
    return replace(playbooks, examples=examples)

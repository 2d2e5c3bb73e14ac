"""Desks as Python packages, shipped ones and a business's own, all under the name `desks`; and what is found in them."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final, NamedTuple

import desks
from activities.catalogue import Catalogue
from dispatch.models.errors import CatalogueError
from dispatch.playbooks.loader import Playbooks

CHANNELS: Final = ("channels.mail",)
"""Whose actions any desk may name in its playbook."""


class LoadedDesks(NamedTuple):
    """What a worker of these desks is built from."""

    catalogue: Catalogue
    playbooks: Playbooks

    def completed(self) -> "LoadedDesks":
        """Return the same with playbooks in which each role says what it reaches."""
        by_desk = {
            desk: in_force.model_copy(update={"playbook": self.catalogue.completed(in_force.playbook)})
            for desk, in_force in self.playbooks.by_desk.items()
        }
        return self._replace(playbooks=replace(self.playbooks, by_desk=by_desk))


def discover(folders: Mapping[str, Path], errors: list[CatalogueError] | None = None) -> Catalogue:
    """Read the open sets of these desks and of the channels; raises CatalogueError, or puts it in `errors`."""
    return Catalogue.discover((*import_desks(folders), *CHANNELS), errors)


def import_desks(folders: Mapping[str, Path]) -> tuple[str, ...]:
    """Return the dotted name of each desk's package, and make those outside this checkout importable under it."""
    for root in {folder.parent for folder in folders.values()}:
        if str(root) not in desks.__path__:
            desks.__path__.append(str(root))
    return tuple(f"desks.{desk}" for desk in folders)

"""Discovery of desks: shipped ones and a business's own, all as Python packages under the name `desks`."""

import importlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Final, NamedTuple

import desks
from activities.catalogue import Catalogue
from dispatch.models.errors import CatalogueError
from dispatch.playbooks.loader import Playbooks
from dispatch.playbooks.systems_file import load_systems, survey_systems

CHANNELS: Final = ("channels.mail",)
"""Packages whose actions any desk may name in its playbook."""


class LoadedDesks(NamedTuple):
    """The parts from which a worker of these desks is built."""

    catalogue: Catalogue
    playbooks: Playbooks

    def completed(self) -> "LoadedDesks":
        """Return a copy with the actions that playbooks declare, and with playbooks whose roles list the systems they use."""
        catalogue = self.catalogue.with_actions(one.playbook for one in self.playbooks.by_desk.values())
        by_desk = {
            desk: in_force.model_copy(update={"playbook": catalogue.completed(in_force.playbook)})
            for desk, in_force in self.playbooks.by_desk.items()
        }
        return LoadedDesks(catalogue, replace(self.playbooks, by_desk=by_desk))


def discover(folders: Mapping[str, Path], errors: list[CatalogueError] | None = None) -> Catalogue:
    """Read the open sets of these desks and of the channels, and the systems that desks declare.

    Raises CatalogueError and PlaybookError. With `errors` nothing is raised: a CatalogueError is put there, and a
    systems.yaml that does not hold is left out, for `survey_systems` to tell.
    """
    catalogue = Catalogue.discover((*import_desks(folders), *CHANNELS), errors)
    return catalogue.with_systems(
        {
            desk: load_systems(folder)
            for desk, folder in folders.items()
            if errors is None or not survey_systems(folder)
        }
    )


def import_desks(folders: Mapping[str, Path]) -> tuple[str, ...]:
    """Return the dotted name of each desk's package, and make those outside this checkout importable under it."""
    for root in {folder.parent for folder in folders.values()}:
        if str(root) not in desks.__path__:
            desks.__path__.append(str(root))
    return tuple(f"desks.{desk}" for desk in folders)


def own_module(folders: Mapping[str, Path], desk: str, name: str) -> ModuleType | None:
    """Return a module of a desk's folder, such as `evals.planted`; None where the desk has none.

    Raises CatalogueError where it is there and cannot be imported.
    """
    if desk not in folders or not (folders[desk] / f"{name.replace('.', '/')}.py").is_file():
        return None
    import_desks(folders)
    try:
        return importlib.import_module(f"desks.{desk}.{name}")
    except Exception as error:
        raise CatalogueError(
            f"{folders[desk] / name.replace('.', '/')}.py cannot be imported: {error}"
        ) from error

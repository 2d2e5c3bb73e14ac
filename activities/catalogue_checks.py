"""What must hold between the open sets: names that are not shared, and systems that exist and may be used."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from activities.contracts import System
from dispatch.models.errors import CatalogueError


def shared_names(sets: Sequence[Mapping[str, type[Any]]]) -> Iterator[CatalogueError]:
    """Yield each name that two open sets have."""
    for index, names in enumerate(sets):
        for name in names:
            if any(name in other for other in sets[:index]):
                yield CatalogueError(
                    f"{name}.py exists in two open sets; rename one, so that a name says who acted"
                )


def unknown_systems(
    users: Sequence[Mapping[str, type[Any]]], known: Mapping[str, type[System]], may_act: Collection[str]
) -> Iterator[CatalogueError]:
    """Yield each class that uses a system which was not found, or one that acts where the class may only read."""
    systems = {kind: name for name, kind in known.items()}
    for name, kind in ((name, kind) for each in users for name, kind in each.items()):
        for system in kind.uses:
            if system not in systems:
                names = ", ".join(sorted(each.__name__ for each in systems)) or "none"
                yield CatalogueError(
                    f"{name}.py uses {getattr(system, '__name__', repr(system))}, which is no system that was "
                    f"found; give some of: {names}; or add its file to a folder systems"
                )
            elif system.acting and name not in may_act:
                yield CatalogueError(
                    f"{name}.py uses {system.__name__}, which can act; only an action may, so give it a system "
                    "that reads"
                )

"""Checks the actions that a playbook declares."""

import re
from collections.abc import Collection, Iterator, Mapping

from activities.roles.checks import no_system
from dispatch.models.declared.systems import DeclaredSystem, HttpSystem
from dispatch.models.errors import PlaybookError
from dispatch.models.work.playbook import Playbook

_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")


def action_errors(
    playbook: Playbook, file: str, systems: Mapping[str, DeclaredSystem], taken: Collection[str]
) -> Iterator[PlaybookError]:
    """Yield every error of the actions that a playbook declares; `taken` are the names of classes."""
    for name, declared in playbook.actions.items():
        path, call = f"actions.{name}", declared.http_call
        if not _NAME.fullmatch(name):
            yield PlaybookError(
                file,
                path,
                f"{name!r} cannot be an action's name",
                "Use small letters, digits and _, such as grant_access.",
            )
        if name in taken:
            yield PlaybookError(
                file, path, f"there is a class {name} already", "Rename one, so that a name says who acted."
            )
        if name not in playbook.guardian.actions:
            yield PlaybookError(
                file,
                path,
                "guardian.actions does not list it, so it would be blocked",
                "Add it there, or remove it.",
            )
        system = systems.get(call.system)
        if system is None:
            yield PlaybookError(file, f"{path}.http_call.system", *no_system(call.system, systems))
        elif not isinstance(system, HttpSystem):
            yield PlaybookError(
                file,
                f"{path}.http_call.system",
                f"{call.system} is of kind {system.kind}, which only reads",
                "Name a system of kind http.",
            )
        elif system.acting_key_variable is None:
            yield PlaybookError(
                file,
                f"{path}.http_call.system",
                f"{call.system} has no key to act with",
                "Give it acting_key_variable in systems.yaml.",
            )

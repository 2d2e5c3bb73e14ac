"""Checks the actions that a playbook declares."""

import re
from collections.abc import Collection, Iterator, Mapping
from collections.abc import Set as AbstractSet

from pydantic import ValidationError

from activities.roles.checks import no_system
from dispatch.guard.contract import ActionRules, address_books_in
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


def address_book_errors(
    playbook: Playbook, file: str, actions: Mapping[str, type[ActionRules]], books: AbstractSet[str]
) -> Iterator[PlaybookError]:
    """Yield each policy that names a system for people's addresses, among `books`, that is none."""
    policies = {f"guardian.actions.{name}": (name, one) for name, one in playbook.guardian.actions.items()}
    if playbook.contact is not None and playbook.contact.policy.policy:
        policies["contact.policy"] = (playbook.contact.action, playbook.contact.policy)
    for path, (name, policy) in policies.items():
        try:
            own = actions[name].Policy.model_validate(policy.policy)
        except (KeyError, ValidationError):
            continue  # told where the action and its policy are checked
        for field, book in address_books_in(own):
            if book not in books:
                yield PlaybookError(
                    file,
                    f"{path}.policy.{field}",
                    f"no system {book!r} tells people's addresses",
                    f"Name one of: {', '.join(sorted(books)) or 'none yet'}; or give the system an address_book in "
                    "systems.yaml.",
                )

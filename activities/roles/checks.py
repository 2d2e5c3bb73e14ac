"""Checks the roles that a playbook declares against the generic roles that there are."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from pydantic import ValidationError

from activities.roles.contracts import GenericRole, RoleContext
from dispatch.language_models.prompts import prompt_file, read_prompt
from dispatch.models.declared.systems import DeclaredSystem
from dispatch.models.errors import PlaybookError
from dispatch.models.work.playbook import Playbook, Role
from dispatch.playbooks.loader import path_in_file, problem_of
from dispatch.playbooks.thinking_roles import thinking_roles


def declared_errors(
    playbook: Playbook,
    file: str,
    specialists: Mapping[str, type[GenericRole]],
    reviewers: Mapping[str, type[GenericRole]],
    systems: Mapping[str, DeclaredSystem],
    folder: Path | None = None,
) -> Iterator[PlaybookError]:
    """Yield everything that does not hold of the roles that name a generic role, and of the prompts of all."""
    for name, role in playbook.specialists.items():
        if role.role is not None:
            context = RoleContext(name, role, playbook, systems, folder)
            yield from _errors(file, f"specialists.{name}", context, specialists, "specialist")
    for name, role in playbook.review.reviewers.items():
        if role.role is not None:
            context = RoleContext(name, role, playbook, systems, folder)
            yield from _errors(file, f"review.reviewers.{name}", context, reviewers, "reviewer")
    yield from _prompt_errors(playbook, folder)


def declared_needs(role: Role, specialists: Mapping[str, type[GenericRole]]) -> tuple[str, ...]:
    """Return whose findings a declared specialist reads; none where its role or config is wrong."""
    kind = specialists.get(role.role or "")
    if kind is None:
        return ()
    try:
        return kind.needs(kind.Config.model_validate(role.config))
    except ValidationError:
        return ()


def no_system(name: str, systems: Mapping[str, DeclaredSystem]) -> tuple[str, str]:
    """Return the problem and the remedy of a system that the desk does not declare."""
    known = ", ".join(sorted(systems)) or "none yet"
    return f"there is no system {name!r}", f"Name one of: {known}; or add it to the desk's systems.yaml."


def _prompt_errors(playbook: Playbook, folder: Path | None) -> Iterator[PlaybookError]:
    """Yield what is wrong with the prompts of roles that models do; nothing where the desk's folder is not known."""
    for role in thinking_roles(playbook):
        if role.model is None or folder is None:
            continue
        try:
            read_prompt(prompt_file(folder, role.name, role.generic))
        except PlaybookError as error:
            place = f"{role.path}: {error.path}".rstrip(": ")
            yield PlaybookError(error.file, place, error.problem, error.remedy)


def _errors(
    file: str, path: str, context: RoleContext, kinds: Mapping[str, type[GenericRole]], part: str
) -> Iterator[PlaybookError]:
    role = context.role
    kind = kinds.get(role.role or "")
    if kind is None:
        known = ", ".join(sorted(kinds)) or "none"
        yield PlaybookError(
            file,
            f"{path}.role",
            f"there is no generic role {role.role!r} for a {part}",
            f"Name one of: {known}; or remove role, to use a class of the desk.",
        )
        return
    if role.backend not in kind.backends:
        yield PlaybookError(
            file,
            f"{path}.backend",
            f"the role {role.role} cannot work by {role.backend}",
            f"Name one of: {', '.join(kind.backends)}.",
        )
    try:
        config = kind.Config.model_validate(role.config)
    except ValidationError as error:
        for one in error.errors():
            yield PlaybookError(
                file,
                path_in_file((path, "config", *one["loc"])),
                problem_of(one),
                f"The role {role.role} knows: {', '.join(kind.Config.model_fields) or 'nothing'}.",
            )
        return
    # A playbook out of a history says it, as the catalogue completed it.
    if role.uses and set(role.uses) != set(kind.reads(config)):
        yield PlaybookError(
            file, f"{path}.uses", "what a declared role reaches is said by its config", "Remove uses."
        )
    for name in dict.fromkeys(kind.reads(config)):
        if name not in context.systems:
            yield PlaybookError(file, f"{path}.config", *no_system(name, context.systems))
    for problem in kind.check(config, context):
        where = f"{path}.config.{problem.path}" if problem.path else f"{path}.config"
        yield PlaybookError(file, where, problem.problem, problem.remedy)

"""Checks the roles that a playbook declares against the existing generic roles."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from pydantic import ValidationError

from activities.roles.contracts import GenericRole, RoleContext
from dispatch.language_models.prompts import prompt_file, read_prompt
from dispatch.models.declared.systems import DeclaredSystem
from dispatch.models.errors import PlaybookError
from dispatch.models.work.playbook import Playbook, Role
from dispatch.playbooks.loader import path_in_file, problem_of


def declared_errors(
    playbook: Playbook,
    file: str,
    specialists: Mapping[str, type[GenericRole]],
    reviewers: Mapping[str, type[GenericRole]],
    systems: Mapping[str, DeclaredSystem],
    folder: Path | None = None,
) -> Iterator[PlaybookError]:
    """Yield every error of the specialists and reviewers that name a generic role."""
    for name, role in playbook.specialists.items():
        if role.role is not None:
            context = RoleContext(name, role, playbook, systems, folder)
            yield from _errors(file, f"specialists.{name}", context, specialists, "specialist")
    for name, role in playbook.review.reviewers.items():
        if role.role is not None:
            context = RoleContext(name, role, playbook, systems, folder)
            yield from _errors(file, f"review.reviewers.{name}", context, reviewers, "reviewer")


def declared_needs(role: Role, specialists: Mapping[str, type[GenericRole]]) -> tuple[str, ...]:
    """Return the specialists whose findings a declared specialist reads; none if its role or config is wrong."""
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


def prompt_errors(path: str, name: str, role: Role, folder: Path | None) -> Iterator[PlaybookError]:
    """Yield the errors in the prompt of a model's role; none if the desk's folder is unknown."""
    if role.model is None or folder is None:
        return
    try:
        read_prompt(prompt_file(folder, name, role.role))
    except PlaybookError as error:
        yield PlaybookError(error.file, f"{path}: {error.path}".rstrip(": "), error.problem, error.remedy)


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
    yield from prompt_errors(path, context.name, role, context.folder)
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
    # A playbook from a history has it, because the catalogue completed it.
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

"""Holds a playbook against the classes that there are; the loader has checked it against itself."""

from collections.abc import Iterable, Iterator, Mapping
from typing import ClassVar, Protocol

from pydantic import ValidationError

from dispatch.models.contract import Contract
from dispatch.models.errors import PlaybookError
from dispatch.models.work.playbook import ActionPolicy, Playbook, Role
from dispatch.playbooks.loader import path_in_file


class HasConfig(Protocol):
    """What is looked at of a specialist or reviewer."""

    uses: ClassVar[tuple[str, ...]]
    Config: ClassVar[type[Contract]]


class HasParameters(Protocol):
    """What is looked at of an action."""

    Parameters: ClassVar[type[Contract]]
    compensable: ClassVar[bool]
    pays: ClassVar[bool]


def playbook_errors(
    playbook: Playbook,
    file: str,
    specialists: Mapping[str, type[HasConfig]],
    reviewers: Mapping[str, type[HasConfig]],
    actions: Mapping[str, type[HasParameters]],
) -> Iterator[PlaybookError]:
    """Yield everything that no class backs, each with file, path and remedy."""
    for path, name in _specialists_named(playbook):
        yield from _missing("specialist", name, specialists, file, path)
    for name, role in playbook.specialists.items():
        if name in specialists:
            yield from _role_errors(file, f"specialists.{name}", role, specialists[name])
    for name, role in playbook.review.reviewers.items():
        path = f"review.reviewers.{name}"
        yield from _missing("reviewer", name, reviewers, file, path)
        if name in reviewers:
            yield from _role_errors(file, path, role, reviewers[name])
    for name, policy in playbook.guardian.actions.items():
        path = f"guardian.actions.{name}"
        yield from _missing("action", name, actions, file, path)
        if name in actions:
            yield from _action_errors(file, path, policy, actions[name])


def _specialists_named(playbook: Playbook) -> Iterable[tuple[str, str]]:
    """Give every place of a playbook that names a specialist, as (path, name)."""
    for name in playbook.specialists:
        yield f"specialists.{name}", name
    for kind, ask in playbook.intents.items():
        for index, name in enumerate(ask.specialists):
            yield f"intents.{kind}.specialists[{index}]", name
    for row, group in enumerate(playbook.plan.groups):
        for index, name in enumerate(group):
            yield f"plan.groups[{row}][{index}]", name
    for index, rule in enumerate(playbook.routing_rules):
        if rule.when.specialist is not None:
            yield f"routing_rules[{index}].when.specialist", rule.when.specialist


def _missing(role: str, name: str, known: Iterable[str], file: str, path: str) -> Iterator[PlaybookError]:
    if name not in known:
        yield PlaybookError(
            file,
            path,
            f"there is no {role} {name!r}",
            f"Name one of: {', '.join(sorted(known))}; or add {role}s/{name}.py to the desk.",
        )


def _role_errors(file: str, path: str, role: Role, kind: type[HasConfig]) -> Iterator[PlaybookError]:
    if sorted(role.uses) != sorted(kind.uses):
        yield PlaybookError(
            file,
            f"{path}.uses",
            f"it says {list(role.uses)} and {kind.__name__} reaches {list(kind.uses)}",
            f"Write uses: [{', '.join(kind.uses)}].",
        )
    try:
        kind.Config.model_validate(role.config)
    except ValidationError as error:
        for one in error.errors():
            yield PlaybookError(
                file,
                path_in_file((path, "config", *one["loc"])),
                one["msg"],
                f"{kind.__name__}.Config knows: {', '.join(kind.Config.model_fields) or 'nothing'}.",
            )


def _action_errors(
    file: str, path: str, policy: ActionPolicy, kind: type[HasParameters]
) -> Iterator[PlaybookError]:
    parameters = kind.Parameters.model_fields
    for name in policy.editable:
        if name not in parameters:
            yield PlaybookError(
                file,
                f"{path}.editable",
                f"{kind.__name__} has no parameter {name!r}",
                f"Name some of: {', '.join(parameters)}.",
            )
    if policy.compensable != kind.compensable:
        yield PlaybookError(
            file,
            f"{path}.compensable",
            f"it says {_yaml(policy.compensable)} and {kind.__name__} says {_yaml(kind.compensable)}",
            f"Write compensable: {_yaml(kind.compensable)}.",
        )
    if kind.pays and policy.asked_by is None:
        yield PlaybookError(
            file,
            f"{path}.asked_by",
            f"{kind.__name__} pays, and nothing says how a requester asks for it",
            "Write asked_by: and the name of one of asks; without a plain request in its words a person decides.",
        )
    if policy.amounts and not {"amount_minor", "currency"} <= set(parameters):
        yield PlaybookError(
            file,
            f"{path}.amounts",
            f"{kind.__name__} moves no money",
            "Remove amounts, or give its Parameters amount_minor and currency.",
        )


def _yaml(value: bool) -> str:  # noqa: FBT001 - the value is what it is about
    return "true" if value else "false"

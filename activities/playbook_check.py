"""Holds a playbook against the classes that there are; the loader has checked it against itself."""

from collections.abc import Iterable, Mapping
from typing import ClassVar, Protocol

from pydantic import ValidationError

from dispatch.models.contract import Contract
from dispatch.models.errors import PlaybookError
from dispatch.models.work.playbook import ActionPolicy, Playbook, Role
from dispatch.playbooks.loader import path_in_file


class HasConfig(Protocol):
    """What is looked at of a specialist or reviewer."""

    Config: ClassVar[type[Contract]]


class HasParameters(Protocol):
    """What is looked at of an action."""

    Parameters: ClassVar[type[Contract]]
    compensable: ClassVar[bool]
    pays: ClassVar[bool]


def check_playbook(
    playbook: Playbook,
    file: str,
    specialists: Mapping[str, type[HasConfig]],
    reviewers: Mapping[str, type[HasConfig]],
    actions: Mapping[str, type[HasParameters]],
) -> None:
    """Raise PlaybookError, naming file, path and remedy, for the first thing that no class backs."""
    for path, name in _specialists_named(playbook):
        _require("specialist", name, specialists, file, path)
    for name, role in playbook.specialists.items():
        _check_role(file, f"specialists.{name}", role, specialists[name])
    for name, role in playbook.review.reviewers.items():
        path = f"review.reviewers.{name}"
        _require("reviewer", name, reviewers, file, path)
        _check_role(file, path, role, reviewers[name])
    for name, policy in playbook.guardian.actions.items():
        path = f"guardian.actions.{name}"
        _require("action", name, actions, file, path)
        _check_action(file, path, policy, actions[name])


def _specialists_named(playbook: Playbook) -> Iterable[tuple[str, str]]:
    """Return every place of a playbook that names a specialist, as (path, name)."""
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


def _require(role: str, name: str, known: Iterable[str], file: str, path: str) -> None:
    if name not in known:
        raise PlaybookError(
            file,
            path,
            f"there is no {role} {name!r}",
            f"Name one of: {', '.join(sorted(known))}; or add activities/{role}s/{name}.py.",
        )


def _check_role(file: str, path: str, role: Role, kind: type[HasConfig]) -> None:
    if role.uses:
        raise PlaybookError(
            file,
            f"{path}.uses",
            f"what a role reaches is said by its class, {kind.__name__}",
            "Remove uses.",
        )
    try:
        kind.Config.model_validate(role.config)
    except ValidationError as error:
        first = error.errors()[0]
        raise PlaybookError(
            file,
            path_in_file((path, "config", *first["loc"])),
            first["msg"],
            f"{kind.__name__}.Config knows: {', '.join(kind.Config.model_fields) or 'nothing'}.",
        ) from None


def _check_action(file: str, path: str, policy: ActionPolicy, kind: type[HasParameters]) -> None:
    parameters = kind.Parameters.model_fields
    for name in policy.editable:
        if name not in parameters:
            raise PlaybookError(
                file,
                f"{path}.editable",
                f"{kind.__name__} has no parameter {name!r}",
                f"Name some of: {', '.join(parameters)}.",
            )
    if policy.compensable != kind.compensable:
        raise PlaybookError(
            file,
            f"{path}.compensable",
            f"it says {_yaml(policy.compensable)} and {kind.__name__} says {_yaml(kind.compensable)}",
            f"Write compensable: {_yaml(kind.compensable)}.",
        )
    if kind.pays and policy.asked_by is None:
        raise PlaybookError(
            file,
            f"{path}.asked_by",
            f"{kind.__name__} pays, and nothing says how a requester asks for it",
            "Write asked_by: and the name of one of asks; without a plain request in its words a person decides.",
        )
    if policy.amounts and not {"amount_minor", "currency"} <= set(parameters):
        raise PlaybookError(
            file,
            f"{path}.amounts",
            f"{kind.__name__} moves no money",
            "Remove amounts, or give its Parameters amount_minor and currency.",
        )


def _yaml(value: bool) -> str:  # noqa: FBT001 - the value is what it is about
    return "true" if value else "false"

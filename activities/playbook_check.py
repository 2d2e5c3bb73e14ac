"""Checks a playbook against the classes that exist; the loader has checked it against itself."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar, NamedTuple, Protocol

from pydantic import ValidationError

from activities.roles.checks import declared_errors, declared_needs
from activities.roles.contracts import GenericRole
from dispatch.guard.contract import ActionRules
from dispatch.models.contract import Contract, Facts
from dispatch.models.declared.systems import DeclaredSystem
from dispatch.models.errors import PlaybookError
from dispatch.models.work.playbook import ActionPolicy, Contact, Playbook, Role, Tier
from dispatch.playbooks.loader import path_in_file, problem_of
from dispatch.playbooks.text_checks import standing_texts


class HasConfig(Protocol):
    """What is looked at of a composer."""

    Config: ClassVar[type[Contract]]


class HasUses(HasConfig, Protocol):
    """What is looked at of a reviewer."""

    uses: ClassVar[tuple[type[Any], ...]]


class HasNeeds(HasUses, Protocol):
    """What is looked at of a specialist alone."""

    needs: ClassVar[tuple[str, ...]]


class HasParameters(ActionRules, Protocol):
    """What is looked at of an action."""

    compensable: ClassVar[bool]
    pays: ClassVar[bool]


class OpenSets(NamedTuple):
    """The classes there are, by the name that a playbook uses, and the channels."""

    specialists: Mapping[str, type[HasNeeds]]
    composers: Mapping[str, type[HasConfig]]
    reviewers: Mapping[str, type[HasUses]]
    actions: Mapping[str, type[HasParameters]]
    channels: frozenset[str]
    generic_specialists: Mapping[str, type[GenericRole]]
    generic_reviewers: Mapping[str, type[GenericRole]]
    systems: Mapping[str, DeclaredSystem]
    """Those of the desk's own systems.yaml."""


def playbook_errors(
    playbook: Playbook, file: str, sets: OpenSets, folder: Path | None = None
) -> Iterator[PlaybookError]:
    """Yield everything that no class backs, each with file, path and remedy."""
    yield from _role_errors(playbook, file, sets)
    yield from declared_errors(
        playbook, file, sets.generic_specialists, sets.generic_reviewers, sets.systems, folder
    )
    actions = sets.actions
    for name, policy in playbook.guardian.actions.items():
        path = f"guardian.actions.{name}"
        yield from _missing("action", name, actions, file, path)
        if name in actions:
            yield from _action_errors(file, path, policy, actions[name], playbook)
    if playbook.deliver is not None:
        yield from _missing("action", playbook.deliver.action, actions, file, "deliver.action")
        yield from _composer_errors(file, "deliver", playbook.deliver.compose, playbook.deliver.config, sets)
    if playbook.contact is not None:
        yield from _contact_errors(file, playbook, playbook.contact, sets)


def _role_errors(playbook: Playbook, file: str, sets: OpenSets) -> Iterator[PlaybookError]:
    """Yield what does not hold of the specialists and reviewers that classes of the desk do."""
    declared = {name for name, role in playbook.specialists.items() if role.role is not None}
    for path, name in _specialists_named(playbook):
        if name not in declared:
            yield from _missing("specialist", name, sets.specialists, file, path)
    for name, role in playbook.specialists.items():
        if name in sets.specialists:
            yield from _class_errors(file, f"specialists.{name}", role, sets.specialists[name])
    yield from _needs_errors(file, playbook, sets)
    for name, role in playbook.review.reviewers.items():
        path = f"review.reviewers.{name}"
        if role.role is None:
            yield from _missing("reviewer", name, sets.reviewers, file, path)
        if name in sets.reviewers:
            yield from _class_errors(file, path, role, sets.reviewers[name])


def _contact_errors(
    file: str, playbook: Playbook, contact: Contact, sets: OpenSets
) -> Iterator[PlaybookError]:
    yield from _missing("channel", contact.channel, sets.channels, file, "contact.channel")
    yield from _missing("action", contact.action, sets.actions, file, "contact.action")
    if contact.action in sets.actions:
        yield from _action_errors(
            file,
            "contact.policy",
            playbook.contact_guardian.actions[contact.action],
            sets.actions[contact.action],
            playbook,
        )
    if contact.compose is not None:
        yield from _composer_errors(file, "contact", contact.compose, contact.config, sets)


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


def _missing(role: str, name: str, known: Iterable[str], file: str, path: str) -> Iterator[PlaybookError]:
    if name not in known:
        yield PlaybookError(
            file,
            path,
            f"there is no {role} {name!r}",
            f"Name one of: {', '.join(sorted(known)) or 'none yet'}; or add {role}s/{name}.py to the desk's folder."
            if role != "channel"
            else f"Name one of: {', '.join(sorted(known)) or 'none yet'}.",
        )


def _needs_errors(file: str, playbook: Playbook, sets: OpenSets) -> Iterator[PlaybookError]:
    """Check the order of the groups against whose findings each specialist reads, of those that the plan calls."""
    needs = {
        name: declared_needs(role, sets.generic_specialists)
        if role.role is not None
        else sets.specialists[name].needs
        for name, role in playbook.specialists.items()
        if role.role is not None or name in sets.specialists
    }
    called = {name for group in playbook.plan.groups for name in group}
    earlier: set[str] = set()
    for row, group in enumerate(playbook.plan.groups):
        for index, name in enumerate(group):
            for needed in needs.get(name, ()):
                if needed in called and needed not in earlier:
                    yield PlaybookError(
                        file,
                        f"plan.groups[{row}][{index}]",
                        f"{name} reads the findings of {needed}, which stands in no earlier group",
                        f"Put {needed} in a group before {name}'s.",
                    )
        earlier.update(group)


def _class_errors(file: str, path: str, role: Role, kind: type[HasUses]) -> Iterator[PlaybookError]:
    if role.role is not None:
        yield PlaybookError(
            file,
            f"{path}.role",
            f"there is a class of this name, {kind.__name__}, which would never be called",
            "Rename the declared role, or remove role.",
        )
        return
    backends = getattr(kind, "backends", ("rules",))
    if role.backend not in backends:
        yield PlaybookError(
            file,
            f"{path}.backend",
            f"{kind.__name__} cannot work by {role.backend}",
            f"Name one of: {', '.join(backends)}.",
        )
    # A playbook out of a history says it, as the catalogue completed it.
    if role.uses and set(role.uses) != {system.__module__.rpartition(".")[2] for system in kind.uses}:
        yield PlaybookError(
            file,
            f"{path}.uses",
            f"what a role reaches is said by its class, {kind.__name__}",
            "Remove uses.",
        )
    yield from _config_errors(file, path, role.config, kind)


def _composer_errors(
    file: str, path: str, name: str, config: Facts, sets: OpenSets
) -> Iterator[PlaybookError]:
    yield from _missing("composer", name, sets.composers, file, f"{path}.compose")
    if name in sets.composers:
        yield from _config_errors(file, path, config, sets.composers[name])


def _config_errors(file: str, path: str, config: Facts, kind: type[HasConfig]) -> Iterator[PlaybookError]:
    try:
        kind.Config.model_validate(config)
    except ValidationError as error:
        for one in error.errors():
            yield PlaybookError(
                file,
                path_in_file((path, "config", *one["loc"])),
                one["msg"],
                f"{kind.__name__}.Config knows: {', '.join(kind.Config.model_fields) or 'nothing'}.",
            )


def _action_errors(
    file: str, path: str, policy: ActionPolicy, kind: type[HasParameters], playbook: Playbook
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
    if kind.pays and policy.requires_intent is None:
        yield PlaybookError(
            file,
            f"{path}.requires_intent",
            f"{kind.__name__} pays, and nothing says how a requester asks for it",
            "Write requires_intent: and the name of one of intents; without a plain request in its words a person decides.",
        )
    if policy.amounts and not kind.pays:
        yield PlaybookError(
            file,
            f"{path}.amounts",
            f"{kind.__name__} moves no money",
            "Remove amounts, or let its class say pays.",
        )
    yield from _own_policy_errors(file, path, policy, kind, playbook)


def _own_policy_errors(
    file: str, path: str, policy: ActionPolicy, kind: type[ActionRules], playbook: Playbook
) -> Iterator[PlaybookError]:
    try:
        own = kind.Policy.model_validate(policy.policy)
    except ValidationError as error:
        for one in error.errors():
            yield PlaybookError(
                file,
                path_in_file((path, "policy", *one["loc"])),
                problem_of(one),
                f"{kind.__name__}.Policy knows: {', '.join(kind.Policy.model_fields) or 'nothing'}.",
            )
        return
    for place, tier in _tiers_in(own, f"{path}.policy"):
        if tier not in playbook.guardian.tiers:
            known = ", ".join(playbook.guardian.tiers) or "nothing yet"
            yield PlaybookError(
                file,
                place,
                f"tier '{tier}' is not declared",
                f"Add it to guardian.tiers, or use one of: {known}.",
            )
    for problem in kind.check_texts(own, dict(standing_texts(playbook))):
        yield PlaybookError(file, *problem)


def _tiers_in(policy: Contract, path: str) -> Iterable[tuple[str, Tier]]:
    """Yield every tier that an action's own policy names, with its place."""
    for name in type(policy).model_fields:
        value = getattr(policy, name)
        if isinstance(value, Tier):
            yield f"{path}.{name}", value
        elif isinstance(value, Contract):
            yield from _tiers_in(value, f"{path}.{name}")


def _yaml(value: bool) -> str:  # noqa: FBT001 - the value is what it is about
    return "true" if value else "false"

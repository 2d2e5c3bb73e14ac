"""The open sets: discovered from their folders, checked strictly, registered each under its own activity type.

A new member is one file with one class named as the file; an invalid one stops the worker with one sentence, because
a silently missing specialist would be noticed only when a customer's request needs it.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, Self

from activities.contracts import Action, Composer, Reviewer, Specialist, System, Systems, SystemSettings
from activities.declared_actions.checks import action_errors, address_book_errors
from activities.declared_actions.classes import declared_action, is_declared
from activities.declared_systems.classes import (
    SystemClasses,
    SystemId,
    classes_of_systems,
    reading_systems,
)
from activities.discovery import Contracted, Member, classes_of, shared_names, unknown_systems
from activities.playbook_check import OpenSets, playbook_errors
from activities.roles.activities import (
    ActivityFunction,
    compensate_activity,
    generic_reviewer_activity,
    generic_specialist_activity,
    perform_activity,
    reviewer_activity,
    specialist_activity,
)
from activities.roles.contracts import GenericReviewer, GenericRole, GenericSpecialist
from dispatch.models.contract import Contract
from dispatch.models.declared.systems import DeclaredSystem
from dispatch.models.errors import CatalogueError, PlaybookError
from dispatch.models.work.playbook import Playbook, Role

GENERIC_ROLES: Final = ["activities.roles"]
"""The packages of generic roles: the engine's own."""

_ROLE = (Member("uses", tuple), Member("Config", Contract))
_SPECIALIST = Contracted("specialist", (*_ROLE, Member("needs", tuple), Member("examine", "method")))
_GENERIC = (
    Member("Config", Contract),
    Member("backends", tuple),
    Member("reads", "rule"),
    Member("needs", "rule"),
    Member("check", "rule"),
)
_GENERIC_SPECIALIST = Contracted("generic specialist", (*_GENERIC, Member("examine", "method")))
_GENERIC_REVIEWER = Contracted("generic reviewer", (*_GENERIC, Member("review", "method")))
_COMPOSER = Contracted("composer", (Member("Config", Contract), Member("compose", "function")))
_REVIEWER = Contracted("reviewer", (*_ROLE, Member("review", "method")))
_SYSTEM = Contracted(
    "system", (Member("acting", bool), Member("Settings", SystemSettings), Member("open", "class"))
)
_ACTION = Contracted(
    "action",
    (
        Member("uses", tuple),
        Member("title", str),
        Member("Parameters", Contract),
        Member("Facts", Contract),
        Member("Policy", Contract),
        Member("facts", "static"),
        Member("guard", "rule"),
        Member("amount", "rule"),
        Member("expected", "rule"),
        Member("compensable", bool),
        Member("pays", bool),
        Member("perform", "method"),
        Member("compensate", "method"),
        Member("read_back", "static"),
    ),
)


@dataclass(frozen=True)
class Catalogue:
    """The members of the open sets, by the name that a playbook uses."""

    specialist_classes: Mapping[str, type[Specialist]]
    reviewer_classes: Mapping[str, type[Reviewer]]
    action_classes: Mapping[str, type[Action]]
    system_classes: Mapping[str, type[System]] = field(default_factory=dict)
    composer_classes: Mapping[str, type[Composer]] = field(default_factory=dict)
    channels: frozenset[str] = frozenset()
    generic_specialists: Mapping[str, type[GenericSpecialist]] = field(default_factory=dict)
    generic_reviewers: Mapping[str, type[GenericReviewer]] = field(default_factory=dict)
    declared_systems: Mapping[SystemId, SystemClasses] = field(default_factory=dict)

    @classmethod
    def discover(cls, packages: Iterable[str], errors: list[CatalogueError] | None = None) -> Self:
        """Read the open sets of desks and channels, given by their dotted names such as `desks.support`.

        Each may hold the folders specialists, composers, reviewers, actions and systems. Raises CatalogueError, naming file and
        remedy,
        for a file that does not hold exactly one class of its own name with every member of its contract, or for a
        name that two sets share. With `errors` nothing is raised: what is wrong is put there and left out.
        """
        homes = tuple(packages)
        found = cls(
            specialist_classes=classes_of(homes, "specialists", _SPECIALIST, errors),
            reviewer_classes=classes_of(homes, "reviewers", _REVIEWER, errors),
            action_classes=classes_of(homes, "actions", _ACTION, errors),
            system_classes=classes_of(homes, "systems", _SYSTEM, errors),
            composer_classes=classes_of(homes, "composers", _COMPOSER, errors),
            channels=frozenset(home.rpartition(".")[2] for home in homes if home.startswith("channels.")),
            generic_specialists=classes_of(GENERIC_ROLES, "specialists", _GENERIC_SPECIALIST, errors),
            generic_reviewers=classes_of(GENERIC_ROLES, "reviewers", _GENERIC_REVIEWER, errors),
        )
        sets = (
            found.specialist_classes,
            found.composer_classes,
            found.reviewer_classes,
            found.action_classes,
            found.system_classes,
        )
        users = (found.specialist_classes, found.reviewer_classes, found.action_classes)
        for error in (
            *shared_names(sets),
            *unknown_systems(users, found.system_classes, may_act=found.action_classes),
        ):
            if errors is None:
                raise error
            errors.append(error)
        return found

    def with_systems(self, by_desk: Mapping[str, Mapping[str, DeclaredSystem]]) -> Self:
        """Return a copy with the systems that desks declare in systems.yaml."""
        found: dict[SystemId, SystemClasses] = {}
        for desk, systems in by_desk.items():
            found |= classes_of_systems(desk, systems)
        return replace(self, declared_systems=found)

    @property
    def coded_actions(self) -> dict[str, type[Action]]:
        """Return the actions that have a class in a file."""
        return {name: kind for name, kind in self.action_classes.items() if not is_declared(kind)}

    def with_actions(self, playbooks: Iterable[Playbook]) -> Self:
        """Return a copy with the executable actions that these playbooks declare.

        Two desks may declare actions of one name: what is done is what the action itself declares, on its desk's systems.
        """
        coded = self.coded_actions
        found = dict(coded)
        for playbook in playbooks:
            for name, declared in playbook.actions.items():
                kind = declared_action(name, playbook.desk, declared, self.declared_systems.get)
                if kind is not None:
                    found.setdefault(name, kind)
        return replace(self, action_classes=found)

    def systems(self, *, acting: bool) -> tuple[type[System], ...]:
        """Return the declared systems that a worker opens: those that only read, or all of them."""
        kinds: tuple[type[Specialist | Reviewer | Action], ...] = (
            *self.specialist_classes.values(),
            *self.reviewer_classes.values(),
            *self.action_classes.values(),
        )
        declared = dict.fromkeys(system for kind in kinds for system in kind.uses)
        for each in self.declared_systems.values():
            declared |= dict.fromkeys(kind for kind in (each.reading, each.acting) if kind is not None)
        return tuple(system for system in declared if acting or not system.acting)

    def desk_activities(self, systems: Systems) -> list[ActivityFunction]:
        """Return the activities of specialists and reviewers, and 'role.<generic>' of those that playbooks declare."""
        generic = systems.beside(reading_systems(self.declared_systems, systems)).only(())
        return [
            *(
                specialist_activity(name, kind(systems.only(kind.uses)))
                for name, kind in self.specialist_classes.items()
            ),
            *(
                reviewer_activity(name, kind(systems.only(kind.uses)))
                for name, kind in self.reviewer_classes.items()
            ),
            *(
                generic_specialist_activity(name, kind(generic))
                for name, kind in self.generic_specialists.items()
            ),
            *(
                generic_reviewer_activity(name, kind(generic))
                for name, kind in self.generic_reviewers.items()
            ),
        ]

    def composers(self) -> dict[str, Composer]:
        """Return the composers by name, for the assembler."""
        return {name: kind() for name, kind in self.composer_classes.items()}

    def action_activities(self, systems: Systems) -> list[ActivityFunction]:
        """Return 'action.<name>' (Order -> Receipt) and, where it can be undone, 'action.<name>.compensate'."""
        functions: list[ActivityFunction] = []
        for name, kind in self.action_classes.items():
            # One activity serves the actions of this name of all desks that declare it.
            declared = (each.acting for each in self.declared_systems.values() if each.acting is not None)
            action = kind(systems.only(declared if is_declared(kind) else kind.uses))
            functions.append(perform_activity(name, action))
            # A request may carry an older declaration of an action than the current one.
            if kind.compensable or is_declared(kind):
                functions.append(compensate_activity(name, action))
        return functions

    def check(self, playbook: Playbook, file: str, folder: Path | None = None) -> None:
        """Check a playbook against the existing classes.

        Raises PlaybookError, naming file, path and remedy, for a specialist, composer, reviewer, action or channel that does not
        exist, a        config that its own Config refuses, a `uses`, which is the classes' to say, `compensable` unlike the class's,
        an action that pays with no ask that it needs, and an action policy that speaks of parameters which the
        action does not have.
        """
        for error in self.errors(playbook, file, folder):
            raise error

    def errors(self, playbook: Playbook, file: str, folder: Path | None = None) -> Iterator[PlaybookError]:
        """Yield every error, whereas `check` raises the first."""
        taken = {
            *self.action_classes,
            *self.specialist_classes,
            *self.reviewer_classes,
            *self.composer_classes,
        }
        systems = {
            key.name: each.spec for key, each in self.declared_systems.items() if key.desk == playbook.desk
        }
        yield from action_errors(playbook, file, systems, taken)
        sets = OpenSets(
            self.specialist_classes,
            self.composer_classes,
            self.reviewer_classes,
            self.with_actions([playbook]).action_classes,
            self.channels,
            self.generic_specialists,
            self.generic_reviewers,
            systems,
        )
        yield from address_book_errors(playbook, file, sets.actions, self._address_books(systems))
        yield from playbook_errors(playbook, file, sets, folder)

    def _address_books(self, declared: Mapping[str, DeclaredSystem]) -> frozenset[str]:
        coded = (
            system.__module__.rpartition(".")[2]
            for kinds in (self.specialist_classes, self.reviewer_classes, self.action_classes)
            for kind in kinds.values()
            for system in kind.uses
            if not system.acting and hasattr(system, "addresses_of")
        )
        own = (name for name, spec in declared.items() if getattr(spec, "address_book", None) is not None)
        return frozenset((*coded, *own))

    def completed(self, playbook: Playbook) -> Playbook:
        """Return a checked playbook with the systems and guidance that each role uses, for the workflow."""
        review = playbook.review
        reviewers = {
            name: self._with_uses(name, role, self.reviewer_classes, self.generic_reviewers)
            for name, role in review.reviewers.items()
        }
        specialists = {
            name: self._with_uses(name, role, self.specialist_classes, self.generic_specialists)
            for name, role in playbook.specialists.items()
        }
        called = {name for group in playbook.plan.groups for name in group}
        kinds: list[type[object]] = [
            self._specialist(playbook.specialists[name], name) for name in sorted(called)
        ]
        if playbook.deliver is not None:
            kinds.append(self.composer_classes[playbook.deliver.compose])
        # A class without the attribute uses no guidance: most roles work by rules, which guidance cannot change.
        usable = {purpose for kind in kinds for purpose in getattr(kind, "uses_guidance", ())}
        return playbook.model_copy(
            update={
                "specialists": specialists,
                "review": review.model_copy(update={"reviewers": reviewers}),
                "uses_guidance": tuple(sorted(usable)),
            }
        )

    def _with_uses(
        self,
        name: str,
        role: Role,
        kinds: Mapping[str, type[Specialist | Reviewer]],
        generic: Mapping[str, type[GenericRole]],
    ) -> Role:
        if role.role is not None:
            kind = generic[role.role]
            uses = tuple(dict.fromkeys(kind.reads(kind.Config.model_validate(role.config))))
        else:
            names = {kind: name for name, kind in self.system_classes.items()}
            uses = tuple(names[system] for system in kinds[name].uses)
        return role.model_copy(update={"uses": uses})

    def _specialist(self, role: Role, name: str) -> type[object]:
        return self.generic_specialists[role.role] if role.role is not None else self.specialist_classes[name]

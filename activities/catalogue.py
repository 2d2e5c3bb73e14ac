"""The open sets: discovered from their folders, checked strictly, registered each under its own activity type.

A newcomer is one file with one class named as the file; a wrong one stops the worker with one sentence, because a
specialist that is silently missing would be found out only when a customer's request needs it.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Protocol, Self

from temporalio import activity

from activities.discovery import Contracted, Member, classes_of
from activities.failures import translated
from activities.playbook_check import playbook_errors
from activities.systems import ActionClients, ReadClients
from dispatch.models.contract import Contract
from dispatch.models.errors import CatalogueError, PlaybookError
from dispatch.models.work.execution import ActionCommand, CompensationCommand, Receipt
from dispatch.models.work.finding import Brief, Finding
from dispatch.models.work.playbook import Playbook
from dispatch.models.work.proposal import BoundAction, Review, ReviewBrief
from dispatch.models.work.verification import Observation

ActivityFunction = Callable[..., Any]


class Specialist(Protocol):
    """Examines or drafts one thing. `uses` names the clients it reads through; none: it is a pure decision."""

    uses: ClassVar[tuple[str, ...]]
    Config: ClassVar[type[Contract]]

    def __init__(self, clients: ReadClients) -> None: ...
    async def examine(self, brief: Brief) -> Finding: ...


class Reviewer(Protocol):
    """Checks the draft against the playbook's standards and returns only exceptions."""

    uses: ClassVar[tuple[str, ...]]
    Config: ClassVar[type[Contract]]

    def __init__(self, clients: ReadClients) -> None: ...
    async def review(self, brief: ReviewBrief) -> Review: ...


class Action(Protocol):
    """The only thing that changes the outside world; `read_back` is for the verifier, who may only read.

    `pays` says that it moves money: its policy must then name the ask with which a requester asks for it.
    """

    Parameters: ClassVar[type[Contract]]
    compensable: ClassVar[bool]
    pays: ClassVar[bool]

    def __init__(self, clients: ActionClients) -> None: ...
    async def perform(self, order: ActionCommand) -> Receipt: ...
    async def compensate(self, order: CompensationCommand) -> Receipt: ...
    @staticmethod
    async def read_back(clients: ReadClients, bound: BoundAction) -> Observation: ...


_ROLE = (Member("uses", tuple), Member("Config", Contract))
_SPECIALIST = Contracted("specialist", (*_ROLE, Member("examine", "method")))
_REVIEWER = Contracted("reviewer", (*_ROLE, Member("review", "method")))
_ACTION = Contracted(
    "action",
    (
        Member("Parameters", Contract),
        Member("compensable", bool),
        Member("pays", bool),
        Member("perform", "method"),
        Member("compensate", "method"),
        Member("read_back", "static"),
    ),
)


@dataclass(frozen=True)
class Catalogue:
    """What there is to call, by the name that a playbook uses."""

    specialist_classes: Mapping[str, type[Specialist]]
    reviewer_classes: Mapping[str, type[Reviewer]]
    action_classes: Mapping[str, type[Action]]

    @classmethod
    def discover(cls, packages: Iterable[str], errors: list[CatalogueError] | None = None) -> Self:
        """Read the open sets of desks and channels, given by their dotted names such as `desks.support`.

        Each may hold the folders specialists, reviewers and actions. Raises CatalogueError, naming file and remedy,
        for a file that does not hold exactly one class of its own name with every member of its contract, or for a
        name that two sets share. With `errors` nothing is raised: what is wrong is put there and left out.
        """
        homes = tuple(packages)
        found = cls(
            specialist_classes=classes_of(homes, "specialists", _SPECIALIST, errors),
            reviewer_classes=classes_of(homes, "reviewers", _REVIEWER, errors),
            action_classes=classes_of(homes, "actions", _ACTION, errors),
        )
        for error in (*found._shared_names(), *found._unknown_systems()):
            if errors is None:
                raise error
            errors.append(error)
        return found

    def desk_activities(self, clients: ReadClients) -> list[ActivityFunction]:
        """Give 'specialist.<name>' (Brief -> Finding) and 'reviewer.<name>' (ReviewBrief -> Review)."""
        return [
            *(_specialist(name, kind(clients)) for name, kind in self.specialist_classes.items()),
            *(_reviewer(name, kind(clients)) for name, kind in self.reviewer_classes.items()),
        ]

    def action_activities(self, clients: ActionClients) -> list[ActivityFunction]:
        """Give 'action.<name>' (Order -> Receipt) and, where it can be undone, 'action.<name>.compensate'."""
        functions: list[ActivityFunction] = []
        for name, kind in self.action_classes.items():
            action = kind(clients)
            functions.append(_perform(name, action))
            if kind.compensable:
                functions.append(_compensate(name, action))
        return functions

    def check(self, playbook: Playbook, file: str) -> None:
        """Hold a playbook against what there is.

        Raises PlaybookError, naming file, path and remedy, for a specialist, reviewer or action that does not exist, a
        config that its own Config refuses, `uses` or `compensable` unlike the class's, an action that
        pays with no ask that it needs, and an action policy that speaks of parameters which the action does not have.
        """
        for error in self.errors(playbook, file):
            raise error

    def errors(self, playbook: Playbook, file: str) -> Iterator[PlaybookError]:
        """Yield all that `check` would raise for, where it stops at the first."""
        return playbook_errors(
            playbook, file, self.specialist_classes, self.reviewer_classes, self.action_classes
        )

    def _shared_names(self) -> Iterator[CatalogueError]:
        sets = (self.specialist_classes, self.reviewer_classes, self.action_classes)
        for index, names in enumerate(sets):
            for name in names:
                if any(name in other for other in sets[:index]):
                    yield CatalogueError(
                        f"{name}.py exists in two open sets; rename one, so that a name says who acted"
                    )

    def _unknown_systems(self) -> Iterator[CatalogueError]:
        systems = {field.name for field in fields(ReadClients)}
        roles: dict[str, type[Specialist | Reviewer]] = {
            **self.specialist_classes,
            **self.reviewer_classes,
        }
        for name, kind in roles.items():
            for system in kind.uses:
                if system not in systems:
                    yield CatalogueError(
                        f"{name}.py uses {system!r}, which no client serves; "
                        f"give some of: {', '.join(sorted(systems))}"
                    )


def _require_echo(name: str, *, same: bool) -> None:
    """Refuse a result that answers another handoff, or under another name: the trail would blame the wrong one."""
    if not same:
        raise CatalogueError(
            f"{name} must answer with the handoff of its brief and under its own name; correct its result"
        )


def _specialist(name: str, specialist: Specialist) -> ActivityFunction:
    @activity.defn(name=f"specialist.{name}")
    async def examine(brief: Brief) -> Finding:
        with translated():
            finding = await specialist.examine(brief)
            _require_echo(name, same=(finding.handoff, finding.specialist) == (brief.handoff, name))
            return finding

    return examine


def _reviewer(name: str, reviewer: Reviewer) -> ActivityFunction:
    @activity.defn(name=f"reviewer.{name}")
    async def review(brief: ReviewBrief) -> Review:
        with translated():
            result = await reviewer.review(brief)
            _require_echo(name, same=(result.handoff, result.reviewer) == (brief.handoff, name))
            return result

    return review


def _perform(name: str, action: Action) -> ActivityFunction:
    @activity.defn(name=f"action.{name}")
    async def perform(order: ActionCommand) -> Receipt:
        with translated():
            return await action.perform(order)

    return perform


def _compensate(name: str, action: Action) -> ActivityFunction:
    @activity.defn(name=f"action.{name}.compensate")
    async def compensate(order: CompensationCommand) -> Receipt:
        with translated():
            return await action.compensate(order)

    return compensate

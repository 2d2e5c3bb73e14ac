"""The open sets: discovered from their folders, checked strictly, registered each under its own activity type.

A newcomer is one file with one class named as the file; a wrong one stops the worker with one sentence, because a
specialist that is silently missing would be found out only when a customer's request needs it.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, Protocol, Self

from temporalio import activity

from activities.contracts import Composer
from activities.discovery import Contracted, Member, classes_of
from activities.failures import translated
from activities.playbook_check import OpenSets, check_playbook
from activities.systems import ActionClients, ReadClients
from dispatch.models.contract import Contract
from dispatch.models.errors import CatalogueError
from dispatch.models.work.execution import ActionCommand, CompensationCommand, Receipt
from dispatch.models.work.finding import Brief, Finding
from dispatch.models.work.playbook import Playbook
from dispatch.models.work.proposal import BoundAction, Review, ReviewBrief
from dispatch.models.work.verification import Observation

ActivityFunction = Callable[..., Any]


class Specialist(Protocol):
    """Examines or drafts one thing.

    `uses` names the clients it reads through; none: it is a pure decision. `needs` names the specialists whose findings
    it reads; a playbook calls them in an earlier group.
    """

    uses: ClassVar[tuple[str, ...]]
    needs: ClassVar[tuple[str, ...]]
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
_SPECIALIST = Contracted("specialist", (*_ROLE, Member("needs", tuple), Member("examine", "method")))
_COMPOSER = Contracted("composer", (*_ROLE, Member("compose", "function")))
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
    composer_classes: Mapping[str, type[Composer]] = field(default_factory=dict)
    channels: frozenset[str] = frozenset()

    @classmethod
    def discover(cls, packages: Iterable[str]) -> Self:
        """Read the open sets of desks and channels, given by their dotted names such as `desks.support`.

        Each may hold the folders specialists, composers, reviewers and actions. Raises CatalogueError, naming file and remedy,
        for a file that does not hold exactly one class of its own name with every member of its contract, or for a
        name that two sets share.
        """
        homes = tuple(packages)
        found = cls(
            specialist_classes=classes_of(homes, "specialists", _SPECIALIST),
            reviewer_classes=classes_of(homes, "reviewers", _REVIEWER),
            action_classes=classes_of(homes, "actions", _ACTION),
            composer_classes=classes_of(homes, "composers", _COMPOSER),
            channels=frozenset(home.rpartition(".")[2] for home in homes if home.startswith("channels.")),
        )
        found._refuse_shared_names()
        found._refuse_unknown_systems()
        return found

    def desk_activities(self, clients: ReadClients) -> list[ActivityFunction]:
        """Give 'specialist.<name>' (Brief -> Finding) and 'reviewer.<name>' (ReviewBrief -> Review)."""
        return [
            *(_specialist(name, kind(clients)) for name, kind in self.specialist_classes.items()),
            *(_reviewer(name, kind(clients)) for name, kind in self.reviewer_classes.items()),
        ]

    def composers(self, clients: ReadClients) -> dict[str, Composer]:
        """Return the composers by name, for the assembler."""
        return {name: kind(clients) for name, kind in self.composer_classes.items()}

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

        Raises PlaybookError, naming file, path and remedy, for a specialist, composer, reviewer, action or channel that does not exist, a
        config that its own Config refuses, `uses` or `compensable` unlike the class's, an action that
        pays with no ask that it needs, and an action policy that speaks of parameters which the action does not have.
        """
        check_playbook(
            playbook,
            file,
            OpenSets(
                self.specialist_classes,
                self.composer_classes,
                self.reviewer_classes,
                self.action_classes,
                self.channels,
            ),
        )

    def _refuse_shared_names(self) -> None:
        sets = (
            self.specialist_classes,
            self.composer_classes,
            self.reviewer_classes,
            self.action_classes,
        )
        for index, names in enumerate(sets):
            for name in names:
                if any(name in other for other in sets[:index]):
                    raise CatalogueError(
                        f"{name}.py exists in two open sets; rename one, so that a name says who acted"
                    )

    def _refuse_unknown_systems(self) -> None:
        for name, composer in self.composer_classes.items():
            if composer.uses:
                raise CatalogueError(
                    f"{name}.py uses {composer.uses[0]!r}, and a composer only computes; "
                    "let a specialist read it and hand on a finding"
                )
        systems = {each.name for each in fields(ReadClients)}
        roles: dict[str, type[Specialist | Reviewer]] = {
            **self.specialist_classes,
            **self.reviewer_classes,
        }
        for name, kind in roles.items():
            for system in kind.uses:
                if system not in systems:
                    raise CatalogueError(
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

"""The engine's contracts for members of open sets: specialists, reviewers, actions, and the systems they use."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, ClassVar, Protocol, TypeVar, cast

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from dispatch.guard.contract import ActionRules
from dispatch.models.contract import Contract
from dispatch.models.errors import CatalogueError
from dispatch.models.people.notification import Notice
from dispatch.models.request.submission import Party
from dispatch.models.work.composition import ComposeBrief, Composition
from dispatch.models.work.execution import ActionCommand, CompensationCommand, Receipt
from dispatch.models.work.finding import Brief, Finding
from dispatch.models.work.proposal import BoundAction, Review, ReviewBrief
from dispatch.models.work.verification import Observation

T = TypeVar("T")


class SystemSettings(BaseSettings):
    """The environment variables of one outside system, each `DISPATCH_<NAME>`; read by the composition root only."""

    model_config = SettingsConfigDict(env_prefix="DISPATCH_", frozen=True, extra="ignore")

    client_timeout_seconds: float = Field(default=10, gt=0, description="one call to an outside system")


class System(Protocol):
    """A connection to one outside system, opened once for all roles that declare it in `uses`.

    An `acting` system can change the outside world: it is opened only in a worker of the action queue.
    """

    acting: ClassVar[bool]

    @property
    def Settings(self) -> type[SystemSettings]:  # noqa: N802 (a nested class of each system, which no ClassVar fits)
        """Its own environment variables."""

    @classmethod
    def open(cls, settings: Any) -> AbstractAsyncContextManager[Any]: ...


def settings_class(kind: type[System]) -> type[SystemSettings]:
    """Return the class of a system's settings."""
    return cast("type[SystemSettings]", kind.Settings)


class Systems:
    """The opened systems that one role declared, by class; the engine's own parts need no declaration."""

    def __init__(
        self,
        opened: Mapping[type[Any], object] | None = None,
        own: Mapping[type[Any], object] | None = None,
        reading: Mapping[str, object] | None = None,
    ) -> None:
        self._opened = MappingProxyType(dict(opened or {}))
        self._own = MappingProxyType(dict(own or {}))
        named = {kind.__name__: it for kind, it in self._opened.items() if not kind.acting}
        self._reading = MappingProxyType(dict(named if reading is None else reading))

    def get(self, kind: type[T]) -> T:
        """Return the opened system of this class; raises CatalogueError if the role did not declare it."""
        found = self._opened.get(kind, self._own.get(kind))
        if found is None:
            raise CatalogueError(
                f"{kind.__name__} is not open here; add it to `uses` of the class that asks for it, and ask for an "
                "acting system in an action's constructor only"
            )
        return cast("T", found)

    def named(self, name: str, desk: str = "") -> Any:
        """Return a reading system by its name in a playbook; raises CatalogueError if it is not open.

        A system of the desk's systems.yaml has precedence over a class of that name.
        For actions whose policy names the system to read, such as a channel's, which has no access to a desk's classes.
        """
        if (declared := self._reading.get(f"{desk}.{name}")) is not None:
            return declared
        wanted = "".join(part.capitalize() for part in name.split("_"))
        if wanted not in self._reading:
            raise CatalogueError(
                f"the system {name!r}, which a policy names, is not open; a role must declare it"
            )
        return self._reading[wanted]

    def only(self, kinds: Iterable[type[Any]]) -> "Systems":
        """Return the open systems of some classes, with the engine's own parts."""
        wanted = set(kinds)
        return Systems(
            {kind: it for kind, it in self._opened.items() if kind in wanted}, self._own, self._reading
        )

    def beside(self, own: object) -> "Systems":
        """Return a copy with one more of the engine's own parts."""
        return Systems(self._opened, {**self._own, type(own): own}, self._reading)


class Specialist(Protocol):
    """Examines or drafts one thing.

    `uses` names the systems that it reads; without any it is a pure decision. `needs` names the specialists whose findings
    it reads; a playbook calls them in an earlier group. A specialist that reads the `guidance` of its brief declares the
    purposes in `uses_guidance: ClassVar[tuple[RespondPurpose, ...]]`; it must never repeat people's words from there.
    """

    uses: ClassVar[tuple[type[System], ...]]
    needs: ClassVar[tuple[str, ...]]
    Config: ClassVar[type[Contract]]

    def __init__(self, systems: Systems) -> None: ...
    async def examine(self, brief: Brief) -> Finding: ...


class Reviewer(Protocol):
    """Checks the draft against the playbook's standards and returns only exceptions."""

    uses: ClassVar[tuple[type[System], ...]]
    Config: ClassVar[type[Contract]]

    def __init__(self, systems: Systems) -> None: ...
    async def review(self, brief: ReviewBrief) -> Review: ...


@dataclass(frozen=True)
class FactsContext:
    """The input of an action's `facts` for the guardian; `policy` is its own Policy, parsed."""

    bound: BoundAction
    parameters: Any
    requester: Party
    policy: Any
    now: datetime
    own_links: Callable[[str], tuple[str, ...]] = lambda _text: ()
    """The links of a text to the answer page of this request."""


class Action(ActionRules, Protocol):
    """An action, the only kind of role that changes outside systems; its class declares all its properties.

    `pays` says that it moves money: its policy must then name the ask with which a requester asks for it. `facts`
    reads for the guardian, `read_back` for the verifier; both may only read. Derive from ActionDefaults, which
    answers what most actions answer alike.
    """

    uses: ClassVar[tuple[type[System], ...]]
    compensable: ClassVar[bool]
    pays: ClassVar[bool]

    def __init__(self, systems: Systems) -> None: ...
    @staticmethod
    async def facts(systems: Systems, context: FactsContext) -> Contract: ...
    async def perform(self, order: ActionCommand) -> Receipt: ...
    async def compensate(self, order: CompensationCommand) -> Receipt: ...
    @staticmethod
    async def read_back(systems: Systems, bound: BoundAction) -> Observation: ...


class Composer(Protocol):
    """Turns findings into the desk's draft and the parameters of the action that delivers it.

    It only computes, from specialists' findings, and uses no system. `uses_guidance` is as for a specialist.
    """

    Config: ClassVar[type[Contract]]

    def compose(self, brief: ComposeBrief) -> Composition: ...


class NoticeChannel(Protocol):
    """Brings notices to approvers; the composition root chooses the channel."""

    async def send(self, notice: Notice, address: str, key: str) -> None:
        """Send a notice unless one was sent under this key, inside an activity.

        Raises Refused if it can never be sent, Unavailable or OutcomeUnknown if another attempt may succeed.
        """

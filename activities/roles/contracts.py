"""The contract of generic roles: each does the work of any number of roles that playbooks declare."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, NamedTuple, Protocol

from activities.contracts import Systems
from dispatch.models.contract import Contract
from dispatch.models.declared.systems import DeclaredSystem
from dispatch.models.work.finding import Brief, Finding
from dispatch.models.work.playbook import Playbook, Role
from dispatch.models.work.proposal import Review, ReviewBrief


class RoleProblem(NamedTuple):
    """An error of a declared role: the place within its config, the problem, the remedy."""

    path: str
    problem: str
    remedy: str


@dataclass(frozen=True)
class RoleContext:
    """The context for the check of a declared role, in addition to its own Config."""

    name: str
    """Its name in the playbook."""
    role: Role
    playbook: Playbook
    systems: Mapping[str, DeclaredSystem] = field(default_factory=dict)
    """The systems of the desk's systems.yaml."""
    folder: Path | None = None
    """The desk's folder, for files such as prompts; None if it is unknown."""


class GenericRole(Protocol):
    """Does the work of all roles that playbooks declare with its name in `role:`; derive from GenericDefaults.

    One object serves all of them: each brief says for which declared role of which desk it is, and holds that role's
    config. `backends` are those that a playbook may choose. For one config, `reads` names the systems of the desk's
    systems.yaml that it reads (none: it only computes), `needs` the specialists whose findings it reads, and `check`
    yields what its Config alone cannot tell.
    """

    Config: ClassVar[type[Contract]]
    backends: ClassVar[tuple[str, ...]]

    def __init__(self, systems: Systems) -> None: ...
    @staticmethod
    def reads(config: Any) -> tuple[str, ...]: ...
    @staticmethod
    def needs(config: Any) -> tuple[str, ...]: ...
    @staticmethod
    def check(config: Any, context: RoleContext) -> Iterator[RoleProblem]: ...


class GenericSpecialist(GenericRole, Protocol):
    """Returns the finding of `brief.specialist`; its evidence ids begin with that name."""

    async def examine(self, brief: Brief) -> Finding: ...


class GenericReviewer(GenericRole, Protocol):
    """Returns the exceptions of `brief.reviewer`."""

    async def review(self, brief: ReviewBrief) -> Review: ...


class GenericDefaults:
    """Defaults for generic roles."""

    backends: ClassVar[tuple[str, ...]] = ("rules",)

    def __init__(self, systems: Systems) -> None:
        del systems

    @staticmethod
    def reads(config: Any) -> tuple[str, ...]:
        """Return the systems of systems.yaml that it reads with this config."""
        del config
        return ()

    @staticmethod
    def needs(config: Any) -> tuple[str, ...]:
        """Return the specialists whose findings it reads with this config."""
        del config
        return ()

    @staticmethod
    def check(config: Any, context: RoleContext) -> Iterator[RoleProblem]:
        """Yield the errors that its Config alone cannot find."""
        del config, context
        yield from ()

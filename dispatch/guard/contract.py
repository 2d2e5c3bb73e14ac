"""What the engine knows of an action: its class's own words, figures and rules, never its name."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated, Any, ClassVar, NamedTuple, Protocol, TypeVar, get_args

from pydantic import JsonValue, ValidationError

from dispatch.guard.risk import Inspection
from dispatch.models.contract import Contract
from dispatch.models.contract import Facts as EffectFacts
from dispatch.models.money import Money
from dispatch.models.request.submission import Party
from dispatch.models.work.proposal import ActionView, BoundAction, Spending
from dispatch.models.work.spend_quota import NO_WINDOW, Claim


class _AddressBook:
    """The mark of a policy's field that names the system which knows people's addresses."""


AddressBookName = Annotated[str, _AddressBook()]
"""The name of a reading system with an `addresses_of`; checked at load."""


def address_books_in(policy: Contract) -> Iterator[tuple[str, str]]:
    """Yield the fields of a policy that name an address book, each with the name."""
    for name, field_ in type(policy).model_fields.items():
        marked = any(isinstance(mark, _AddressBook) for mark in _marks(field_.annotation, field_.metadata))
        if marked and isinstance(value := getattr(policy, name), str):
            yield name, value


def _marks(annotation: Any, metadata: Sequence[Any]) -> Iterator[Any]:
    yield from metadata
    for one in get_args(annotation):
        yield from _marks(one, getattr(one, "__metadata__", ()))


class TextProblem(NamedTuple):
    """One standing text of a playbook that an action's policy would block."""

    path: str
    problem: str
    remedy: str


class Sending(NamedTuple):
    """A message that an action sends, as far as the guardian has rules for every channel."""

    recipient: str
    """The address whose hourly number of automatic messages it counts in."""
    only_asks: bool
    """It asks or notifies, which may be done for a doubtful sender too."""


@dataclass(frozen=True)
class GuardContext:
    """What an action's hard rules are given beside its parameters and facts; `policy` is its own Policy."""

    bound: BoundAction
    requester: Party
    policy: Any
    now: datetime
    reserved: tuple[Claim, ...] = ()
    """What other requests of the same owner reserved before this one."""
    beside: tuple[Claim, ...] = field(default=())
    """What the same proposal spends of the same owner's beside this action."""
    inspected: tuple[str, ...] = ()
    """Texts in it that other desks' guardians allowed to this requester, each under its own desk's policy."""


class NoFacts(Contract):
    """Of an action that needs to read nothing."""


class NoPolicy(Contract):
    """Of an action with no policy of its own."""


class ActionRules(Protocol):
    """The part of an action's class that is pure: words, shapes and rules."""

    title: ClassVar[str]
    Parameters: ClassVar[type[Contract]]
    Facts: ClassVar[type[Contract]]
    Policy: ClassVar[type[Contract]]

    @staticmethod
    def guard(parameters: Any, facts: Any, context: GuardContext) -> Inspection:
        """Return what the hard rules find; raises FactsMissingError where the facts do not suffice."""

    @staticmethod
    def amount(parameters: Any) -> Money | None: ...
    @staticmethod
    def spends(parameters: Any) -> Spending | None: ...
    @staticmethod
    def spending_window(policy: Any) -> timedelta: ...
    @staticmethod
    def sends(parameters: Any) -> Sending | None: ...
    @staticmethod
    def expected(parameters: Any) -> EffectFacts: ...
    @staticmethod
    def same(name: str, expected: JsonValue, seen: JsonValue) -> bool: ...
    @staticmethod
    def check_texts(policy: Any, texts: Mapping[str, str]) -> Iterator[TextProblem]: ...


class ActionDefaults:
    """What most actions answer alike; an action's class derives from it and says what differs."""

    Facts: ClassVar[type[Contract]] = NoFacts
    Policy: ClassVar[type[Contract]] = NoPolicy
    compensable: ClassVar[bool] = False
    pays: ClassVar[bool] = False

    @staticmethod
    def amount(parameters: Any) -> Money | None:
        """Return what it costs; it drives amount tiers, approvers' limits and prices in lists."""
        del parameters
        return None

    @staticmethod
    def spends(parameters: Any) -> Spending | None:
        """Return whose quota its amount counts in, and on which account; None: it reserves nothing."""
        del parameters
        return None

    @staticmethod
    def spending_window(policy: Any) -> timedelta:
        """Return for how long what was spent counts."""
        del policy
        return NO_WINDOW

    @staticmethod
    def sends(parameters: Any) -> Sending | None:
        """Return what message it sends; None: it sends none."""
        del parameters
        return None

    @staticmethod
    def same(name: str, expected: JsonValue, seen: JsonValue) -> bool:
        """Compare one fact of the effect with what was ordered."""
        del name
        return expected is not None and type(expected) is type(seen) and expected == seen

    @staticmethod
    def check_texts(policy: Any, texts: Mapping[str, str]) -> Iterator[TextProblem]:
        """Yield the standing texts of a playbook, given by their paths, that the policy would block."""
        del policy, texts
        yield from ()


K = TypeVar("K")


def kind_of(bound: BoundAction, kinds: Mapping[str, K]) -> K | None:
    """Return the class of an action: of a declared one, the class made of the declaration that the action carries.

    None where there is none, and where one of the two is declared and the other is not.
    """
    kind, declared = kinds.get(bound.action.name), bound.action.declared
    as_declared = getattr(kind, "as_declared", None)
    if not declared:
        return kind if as_declared is None else None
    made: K | None = as_declared(declared, bound.playbook.desk) if as_declared is not None else None
    return made


def with_view(bound: BoundAction, actions: Mapping[str, type[ActionRules]]) -> BoundAction:
    """Return the action with what its class says of its parameters; without, where it says nothing."""
    return bound.model_copy(update={"view": _view(bound, kind_of(bound, actions))})


def _view(bound: BoundAction, kind: type[ActionRules] | None) -> ActionView | None:
    if kind is None:
        return None
    try:
        parameters = kind.Parameters.model_validate(bound.action.parameters)
    except ValidationError:
        return ActionView(title=kind.title)
    return ActionView(
        title=kind.title,
        amount=kind.amount(parameters),
        spends=kind.spends(parameters),
    )

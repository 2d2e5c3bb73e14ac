"""The sources of the actions of the desk in own_desk.py; what both have in common is written once."""

from typing import Final

_ACTION: Final = '''"""{doc}"""

from datetime import UTC, datetime
from typing import ClassVar

from pydantic import Field, JsonValue

from activities.contracts import FactsContext, System, Systems
from activities.failures import reconciling
from activities.permits import Permits
from desks.library.systems.counter import Counter
from desks.library.systems.shelf import Shelf
from dispatch.guard.contract import ActionDefaults, GuardContext, NoFacts
from dispatch.guard.risk import Inspection
from dispatch.models.contract import Contract
from dispatch.models.errors import RefusedError
from dispatch.models.money import Money
from dispatch.models.work.execution import ActionCommand, CompensationCommand, Receipt
from dispatch.models.work.guardian import Reason
from dispatch.models.work.proposal import BoundAction
from dispatch.models.work.verification import Observation


class _Parameters(Contract):
    {what}: str
    {value}: {kind}

{rules}

    uses: ClassVar[tuple[type[System], ...]] = (Shelf, Counter)
    title: ClassVar[str] = "{title}"
    Parameters: ClassVar[type[Contract]] = _Parameters

    def __init__(self, systems: Systems) -> None:
        self._shelf, self._counter = systems.get(Shelf), systems.get(Counter)
        self._permits = systems.get(Permits)

    @staticmethod
    def expected(parameters: _Parameters) -> dict[str, JsonValue]:
        return {{**parameters.model_dump(), "effects": 1}}

    async def perform(self, command: ActionCommand) -> Receipt:
        wanted = _Parameters.model_validate(command.bound.action.parameters)
        key = command.bound.idempotency_key
        with reconciling():
            earlier = self._shelf.rows("SELECT key FROM {table} WHERE key = ?", key)
        if not earlier:
            self._permits.require(command)
            self._counter.enter("{table}", key, wanted.{what}, wanted.{value})
        return Receipt(
            handoff=command.handoff,
            action=command.bound.action.name,
            idempotency_key=key,
            effect_id=key,
            at=datetime.now(UTC),
            reconciled=bool(earlier),
        )

    async def compensate(self, command: CompensationCommand) -> Receipt:
        raise RefusedError("the library takes nothing back", "not_compensable")

    @staticmethod
    async def read_back(systems: Systems, bound: BoundAction) -> Observation:
        key = bound.idempotency_key
        rows = systems.get(Shelf).rows("SELECT * FROM {table} WHERE key = ?", key)
        facts = {{"{what}": rows[0][1], "{value}": rows[0][2], "effects": len(rows)}} if rows else {{}}
        return Observation(found=bool(rows), reference=key, facts=facts)
'''

EXTEND_LOAN: Final = _ACTION.format(
    doc="Extends one loan; a day costs the reader 20 cents.",
    what="book",
    value="days",
    kind="int = Field(ge=1)",
    title="Loan extension",
    table="extensions",
    rules='''
class _Facts(Contract):
    reservations: int


class _Policy(Contract):
    max_reservations: int


class ExtendLoan(ActionDefaults):
    """Extend a loan, unless too many others wait for the book."""

    Facts: ClassVar[type[Contract]] = _Facts
    Policy: ClassVar[type[Contract]] = _Policy
    pays: ClassVar[bool] = True

    @staticmethod
    async def facts(systems: Systems, context: FactsContext) -> _Facts:
        book = context.parameters.book
        rows = systems.get(Shelf).rows("SELECT reader FROM reservations WHERE book = ?", book)
        return _Facts(reservations=len(rows))

    @staticmethod
    def guard(parameters: _Parameters, facts: _Facts, context: GuardContext) -> Inspection:
        if facts.reservations <= context.policy.max_reservations:
            return Inspection()
        text = f"{facts.reservations} readers wait for {parameters.book}"
        return Inspection(blocks=(Reason(rule="loan.reserved", text=text),))

    @staticmethod
    def amount(parameters: _Parameters) -> Money:
        return Money(amount_minor=20 * parameters.days, currency="EUR")''',
)

PRINT_SLIP: Final = _ACTION.format(
    doc="Prints one slip for a reader.",
    what="reader",
    value="lines",
    kind="str",
    title="Printed slip",
    table="slips",
    rules='''
class PrintSlip(ActionDefaults):
    """Print a slip at the counter."""

    @staticmethod
    async def facts(systems: Systems, context: FactsContext) -> NoFacts:
        return NoFacts()

    @staticmethod
    def guard(parameters: _Parameters, facts: NoFacts, context: GuardContext) -> Inspection:
        return Inspection()''',
)

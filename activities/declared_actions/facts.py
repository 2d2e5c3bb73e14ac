"""The pure part of a declared action: its values, its expected effect, and the guardian's checks."""

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from typing import Final

from pydantic import Field, JsonValue

from dispatch.guard.contract import GuardContext
from dispatch.guard.risk import Inspection, Sum
from dispatch.models.canonical import digest_of
from dispatch.models.contract import Contract, Facts
from dispatch.models.declared.actions import EFFECT_ID, KEY, KEY_DIGEST, Check, HttpCall
from dispatch.models.declared.json_pointer import part_or_null
from dispatch.models.declared.parameters import parameters_model
from dispatch.models.declared.reads import same
from dispatch.models.errors import RefusedError
from dispatch.models.money import Money
from dispatch.models.work.guardian import Reason
from dispatch.models.work.proposal import BoundAction, Spending
from dispatch.models.work.spend_quota import NO_WINDOW, SpendSoFar
from dispatch.models.work.verification import Observation

EFFECTS: Final = "effects"
"""The number of existing effects, which must be one."""


class CheckFacts(Contract):
    """The result of one check: the number of rows, and the parts of the first."""

    rows: int
    parts: Facts = Field(default_factory=dict)


class DeclaredFacts(Contract):
    """The results of the guardian's checks, in the declared order."""

    checks: tuple[CheckFacts, ...] = ()


class CallRules:
    """The rules that one declaration defines for its action."""

    def __init__(self, name: str, call: HttpCall) -> None:
        self.call, self._name = call, name
        self.parameters = parameters_model(name, tuple(call.parameters.items()))

    def values(self, bound: BoundAction, effect_id: str = "") -> dict[str, JsonValue]:
        """Return the values of a call's templates; raises pydantic's ValidationError for invalid parameters."""
        checked = self.parameters.model_validate(bound.action.parameters).model_dump()
        key = bound.idempotency_key
        more = {EFFECT_ID: effect_id} if effect_id else {}
        return {**checked, KEY: key, KEY_DIGEST: digest_of(key), **more}

    def guard(self, parameters: Contract, facts: DeclaredFacts, context: GuardContext) -> Inspection:
        """Block an action that a check does not confirm."""
        values = parameters.model_dump()
        blocks = tuple(
            Reason(rule="declared.check", text=check.otherwise)
            for check, seen in zip(self.call.checks, facts.checks, strict=True)
            if not _is_confirmed(check, seen, values, context.requester.address)
        )
        amount, spends = self.amount(parameters), self.spends(parameters)
        if amount is None or spends is None:
            return Inspection(blocks=blocks)
        own = context.bound.idempotency_key
        claims = {claim.idempotency_key: claim for claim in (*context.reserved, *context.beside)}
        before = sum(
            claim.amount.amount_minor
            for key, claim in claims.items()
            if key != own and claim.amount.currency == amount.currency
        )
        words = f"asked or paid for, for the same one, within {self.spending_window(None) / timedelta(days=1):g} days"
        return Inspection(
            blocks=blocks,
            sums=(Sum("declared.sum", words, before),),
            spend=SpendSoFar(count=len(claims.keys() - {own}), owner_minor=before),
        )

    def spends(self, parameters: Contract) -> Spending | None:
        """Return for whom its amount counts together with those of other requests."""
        pays = self.call.pays
        if pays is None or pays.owner is None:
            return None
        owner = f"{self._name}:{parameters.model_dump()[pays.owner]}"
        return Spending(owner=owner, account=owner)

    def spending_window(self, policy: object) -> timedelta:
        """Return how long a payment counts; the declaration defines it, not the policy."""
        del policy
        return self.call.pays.window if self.call.pays is not None else NO_WINDOW

    def amount(self, parameters: Contract) -> Money | None:
        """Return the paid amount."""
        pays = self.call.pays
        if pays is None:
            return None
        values = parameters.model_dump()
        currency = values[pays.currency] if pays.currency.islower() else pays.currency
        return Money(amount_minor=values[pays.minor], currency=currency)

    def expected(self, parameters: Contract) -> Facts:
        """Return the expected values of the effect, by JSON pointer."""
        values, read_back = parameters.model_dump(), self.call.read_back
        return {
            **{pointer: values[name] for pointer, name in read_back.equals.items()},
            **read_back.holds,
            EFFECTS: 1,
        }

    def same(self, name: str, expected: JsonValue, seen: JsonValue) -> bool:
        """Compare one part of the effect: decimals by their value, and a text with an equally written number."""
        parameter = self.call.parameters.get(self.call.read_back.equals.get(name, ""))
        if parameter is not None and parameter.type == "decimal":
            return _is_same_decimal(expected, seen)
        if isinstance(expected, str) and isinstance(seen, int) and not isinstance(seen, bool):
            return expected == str(seen)
        return expected is not None and same(seen, expected)

    def is_as_ordered(self, bound: BoundAction, seen: Observation) -> bool:
        """Check whether the effect exists as this action orders it."""
        if not seen.found:
            return False
        expected = self.expected(self.parameters.model_validate(bound.action.parameters))
        return all(self.same(name, value, seen.facts.get(name)) for name, value in expected.items())

    def is_undone(self, seen: Observation, row: JsonValue) -> bool:
        """Check whether the effect is gone, or marked as undone."""
        undone = self.call.compensation.undone if self.call.compensation is not None else {}
        if not seen.found:
            return True
        return bool(undone) and all(same(part_or_null(row, at), value) for at, value in undone.items())

    def observation(self, answer: JsonValue, bound: BoundAction) -> tuple[Observation, JsonValue]:
        """Return what was read back, and its row; raises RefusedError for an answer of another shape."""
        read_back = self.call.read_back
        rows = read_back.of(answer)
        if rows is None:
            raise RefusedError(f"{self.call.system} answered another shape than declared", "malformed_answer")
        if not rows:
            return Observation(found=False, reference=bound.idempotency_key), None
        row = rows[0]
        pointers = (*read_back.equals, *read_back.holds)
        facts = {**{pointer: part_or_null(row, pointer) for pointer in pointers}, EFFECTS: len(rows)}
        reference = id_at(row, read_back.effect_id) or bound.idempotency_key
        return Observation(found=True, reference=reference, facts=facts), row


def id_at(answer: JsonValue, pointer: str | None) -> str | None:
    """Return the outside system's id in an answer; None if none is declared, or it is missing."""
    found = part_or_null(answer, pointer) if pointer is not None else None
    if isinstance(found, bool) or not isinstance(found, str | int):
        return None
    return str(found)[:200] or None


def check_facts(check: Check, answer: JsonValue) -> CheckFacts:
    """Return the data for a check; an answer of another shape confirms nothing."""
    part = part_or_null(answer, check.at)
    rows = part if isinstance(part, list) else [] if part is None else [part]
    parts = {pointer: part_or_null(rows[0], pointer) for pointer in check.equals} if rows else {}
    return CheckFacts(rows=len(rows), parts=parts)


def _is_confirmed(check: Check, seen: CheckFacts, values: Mapping[str, JsonValue], address: str) -> bool:
    if seen.rows != 1:
        return False
    for pointer, name in check.equals.items():
        part = seen.parts.get(pointer)
        if name == "requester.address":
            if not (isinstance(part, str) and part and part.casefold() == address.casefold()):
                return False
        elif not same(part, values[name]):
            return False
    return True


def _is_same_decimal(expected: JsonValue, seen: JsonValue) -> bool:
    if isinstance(seen, bool) or not isinstance(seen, str | int | float):
        return False
    try:
        return Decimal(str(expected)) == Decimal(str(seen))
    except InvalidOperation:
        return False

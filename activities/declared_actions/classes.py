"""Makes the class of a declared action, so that guardian, verifier, approvers and what-if treat it as a coded one."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, ClassVar, Final, cast

from pydantic import JsonValue, ValidationError
from temporalio import activity

from activities.contracts import Action, FactsContext, System, Systems
from activities.declared_actions.facts import CallRules, CheckFacts, DeclaredFacts, check_facts, id_at
from activities.declared_systems.classes import SystemClasses, SystemId
from activities.declared_systems.contracts import UNFIT_VALUE, Acting, Reading
from activities.discovery import class_name
from activities.failures import reconciling
from activities.permits import Permits
from dispatch.guard.contract import ActionDefaults
from dispatch.models.canonical import canonical_json
from dispatch.models.contract import Contract
from dispatch.models.contract import Facts as Declaration
from dispatch.models.declared.actions import DeclaredAction, HttpCall
from dispatch.models.declared.reads import HttpRead, Read
from dispatch.models.errors import CatalogueError, OutcomeUnknownError, RefusedError
from dispatch.models.work.action_digest import is_intact
from dispatch.models.work.execution import ActionCommand, CompensationCommand, Receipt
from dispatch.models.work.proposal import BoundAction
from dispatch.models.work.verification import Observation

FindSystem = Callable[[SystemId], SystemClasses | None]
"""The classes of a system that a desk declares."""

MOST_DECLARATIONS: Final = 100
"""Cached classes of one action, for requests that began with different versions of the playbook."""


class DeclaredCall(ActionDefaults):
    """Carries out the call that an action declares, at most once under its key, or finds that it was done.

    It runs the declaration in the bound action, which its digest covers, never that of the current playbook.
    """

    Facts: ClassVar[type[Contract]] = DeclaredFacts
    as_declared: ClassVar[Callable[[Declaration, str], "type[DeclaredCall] | None"]]
    rules: ClassVar[CallRules]
    system: ClassVar[SystemClasses]

    def __init__(self, systems: Systems) -> None:
        self._systems, self._permits = systems, systems.get(Permits)

    async def perform(self, order: ActionCommand) -> Receipt:
        """Carry it out unless the effect exists already.

        Raises Refused ('not_permitted'; 'conflict': another effect stands under this key; or the system's own code),
        Unavailable (this attempt did nothing), OutcomeUnknown (the next attempt reads back before it does anything).
        """
        bound, (kind, system) = order.bound, self._of(order.bound)
        rules = kind.rules
        with reconciling():
            seen, _ = await _read_back(system, rules, bound)
        if (reconciled := _standing(rules, order, seen)) is not None:
            return reconciled
        # Not before the look: an authorization that expired after the effect would hide that it was made.
        self._permits.require(order)
        try:
            answer = await system.change(rules.call.request, rules.values(bound), bound.idempotency_key)
        except RefusedError:
            # An earlier attempt may have done it after the look, and the system refuses the second.
            seen, _ = await _read_back(system, rules, bound)
            if (reconciled := _standing(rules, order, seen)) is not None:
                return reconciled
            raise
        effect_id = id_at(answer, rules.call.effect_id)
        if effect_id is None and rules.call.effect_id is not None:
            raise OutcomeUnknownError(f"{rules.call.system} answered without the id of the effect")
        return _receipt(order, effect_id or bound.idempotency_key, reconciled=False)

    async def compensate(self, order: CompensationCommand) -> Receipt:
        """Undo the effect under the action's key; one that is already undone stays so (`reconciled`).

        Raises Refused ('conflict': the receipt is of another action; 'nothing_to_compensate'), and as `perform` does.
        """
        bound, (kind, system) = order.bound, self._of(order.bound)
        rules, key = kind.rules, order.bound.idempotency_key
        compensation = rules.call.compensation
        if not is_intact(bound) or order.receipt.idempotency_key != key:
            raise RefusedError("the receipt is not of the action to compensate", "conflict")
        if compensation is None:
            raise RefusedError("the playbook declares no compensation", "nothing_to_compensate")
        seen, row = await _read_back(system, rules, bound)
        if not seen.found and (compensation.undone or activity.info().attempt == 1):
            # An effect that is not visible yet must not count as undone.
            raise RefusedError(f"no effect is found under {key}", "nothing_to_compensate")
        effect_id = order.receipt.effect_id
        if seen.found and rules.call.read_back.effect_id is not None:
            effect_id = seen.reference
            if rules.call.effect_id is not None and effect_id != order.receipt.effect_id:
                text = f"the receipt names {order.receipt.effect_id}, and {effect_id} stands under {key}"
                raise RefusedError(text, "conflict")
        if rules.is_undone(seen, row):
            return _receipt(order, order.receipt.effect_id, reconciled=True)
        values = rules.values(bound, effect_id)
        await system.change(compensation.request, values, f"{key}/undo")
        return _receipt(order, order.receipt.effect_id, reconciled=False)

    def _of(self, bound: BoundAction) -> tuple["type[DeclaredCall]", Acting]:
        kind = type(self).as_declared(bound.action.declared, bound.playbook.desk)
        if kind is None or kind.system.acting is None:
            raise RefusedError(
                f"{bound.action.name} cannot be done as it was declared when the request began: its system is gone",
                "declaration_gone",
            )
        try:
            return kind, cast("Acting", self._systems.get(kind.system.acting))
        except CatalogueError:
            text = f"{bound.action.name} was declared on the system {kind.rules.call.system}, which is not open here"
            raise RefusedError(text, "declaration_gone") from None


def is_declared(kind: type[Any]) -> bool:
    """Check whether the class of an action was made from a declaration."""
    return issubclass(kind, DeclaredCall)


def declared_action(
    name: str, desk: str, declared: DeclaredAction, find_system: FindSystem
) -> type[Action] | None:
    """Return the class of an action that a desk's playbook declares; None if its system does not exist or cannot act."""

    @lru_cache(maxsize=MOST_DECLARATIONS)
    def made_of(text: str, of_desk: str) -> type[DeclaredCall] | None:
        try:
            other = DeclaredAction.model_validate_json(text).http_call
        except ValidationError:
            return None  # from a version with another declaration: a person decides
        system = find_system(SystemId(of_desk, other.system))
        if system is None or system.acting is None:
            return None
        return _class(name, other, system, as_declared)

    def as_declared(declared: Declaration, of_desk: str) -> type[DeclaredCall] | None:
        return made_of(canonical_json(declared), of_desk)

    return cast("type[Action] | None", as_declared(declared.model_dump(mode="json"), desk))


def _class(
    name: str,
    call: HttpCall,
    system: SystemClasses,
    as_declared: Callable[[Declaration, str], type[DeclaredCall] | None],
) -> type[DeclaredCall]:
    rules, reading = CallRules(name, call), system.reading

    async def facts(systems: Systems, context: FactsContext) -> DeclaredFacts:
        values = context.parameters.model_dump()
        seen: list[CheckFacts] = []
        for check in call.checks:
            try:
                answer = await _reading(systems, reading).read(Read(get=check.get), values)
            except RefusedError as error:
                if error.code != UNFIT_VALUE:
                    raise
                answer = None  # a value that cannot be in a path names no effect
            seen.append(check_facts(check, answer))
        return DeclaredFacts(checks=tuple(seen))

    async def read_back(systems: Systems, bound: BoundAction) -> Observation:
        seen, _ = await _read_back(_reading(systems, reading), rules, bound)
        return seen

    uses: tuple[type[System], ...] = (reading, *([system.acting] if system.acting is not None else []))
    members: dict[str, Any] = {
        "__doc__": call.title,
        "uses": uses,
        "title": call.title,
        "Parameters": rules.parameters,
        "compensable": call.compensation is not None,
        "pays": call.pays is not None,
        "facts": staticmethod(facts),
        "guard": staticmethod(rules.guard),
        "amount": staticmethod(rules.amount),
        "spends": staticmethod(rules.spends),
        "spending_window": staticmethod(rules.spending_window),
        "expected": staticmethod(rules.expected),
        "same": staticmethod(rules.same),
        "read_back": staticmethod(read_back),
        "as_declared": staticmethod(as_declared),
        "rules": rules,
        "system": system,
    }
    return type(class_name(name), (DeclaredCall,), members)


def _reading(systems: Systems, kind: type[System]) -> Reading:
    return cast("Reading", systems.get(kind))


async def _read_back(system: Reading, rules: CallRules, bound: BoundAction) -> tuple[Observation, JsonValue]:
    get: HttpRead = rules.call.read_back.get
    return rules.observation(await system.read(Read(get=get), rules.values(bound)), bound)


def _standing(rules: CallRules, order: ActionCommand, seen: Observation) -> Receipt | None:
    """Return the receipt of an effect that is as ordered; raises Refused if another one exists under the key."""
    if rules.is_as_ordered(order.bound, seen):
        return _receipt(order, seen.reference, reconciled=True)
    if seen.found and rules.call.read_back.is_by_key:
        raise RefusedError(
            f"another effect, {seen.reference}, stands under {order.bound.idempotency_key}", "conflict"
        )
    return None


def _receipt(order: ActionCommand | CompensationCommand, effect_id: str, *, reconciled: bool) -> Receipt:
    return Receipt(
        handoff=order.handoff,
        action=order.bound.action.name,
        idempotency_key=order.bound.idempotency_key,
        effect_id=effect_id,
        at=datetime.now(UTC),
        reconciled=reconciled,
    )

"""Effects on outside systems: each once, in order, and undone in reverse order if one fails."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from dispatch.models.handoff import PENDING_HANDOFF
    from dispatch.models.request.snapshot import EffectSnapshot, ProcessState
    from dispatch.models.trail import EntryKind
    from dispatch.models.work.execution import ActionCommand, Authorization, CompensationCommand, Receipt
    from dispatch.models.work.guardian import GuardResult
    from dispatch.models.work.playbook import ActionPolicy
    from dispatch.models.work.proposal import BoundAction
    from workflows.parts.activity_dispatcher import ActivityDispatcher, StageFailedError
    from workflows.parts.trail_recorder import TrailRecorder

_NOTHING_HAPPENED = frozenset({"RefusedError", "InvalidInput", "UnavailableError"})
"""Failures after which it is certain that there was no effect; after all others it is unknown. (An action that finds
the system unavailable after an attempt that may have had an effect raises OutcomeUnknown, see activities/failures.py.)"""

_CONFLICT = "conflict"
"""A refusal because another effect exists under the same key: the result is unknown."""


UntilDue = Callable[[BoundAction], Awaitable[GuardResult]]
"""Waits until an action with a time is due, and returns what the guardian says of it then."""


class EffectFailedError(Exception):
    """An action could not be carried out; `certain` is True if it certainly had no effect."""

    def __init__(self, bound: BoundAction, why: str, *, certain: bool) -> None:
        super().__init__(f"{bound.action.name} on {bound.action.subject}: {why}")
        self.certain = certain


@dataclass(frozen=True)
class Effect:
    bound: BoundAction
    receipt: Receipt
    policy: ActionPolicy


class Effects:
    """Carries out commands and records the applied effects."""

    def __init__(self, recorder: TrailRecorder, dispatcher: ActivityDispatcher, task_queue: str) -> None:
        self._recorder, self._dispatcher, self._task_queue = recorder, dispatcher, task_queue
        self.applied: list[Effect] = []
        self._uncertain: list[str] = []

    def paid(self) -> tuple[str, ...]:
        """Return the keys of applied effects, and of effects whose result is unknown."""
        return (*(effect.bound.idempotency_key for effect in self.applied), *self._uncertain)

    def snapshot(self) -> tuple[EffectSnapshot, ...]:
        """Return the applied effects, for a new history."""
        return tuple(EffectSnapshot(bound=e.bound, receipt=e.receipt, policy=e.policy) for e in self.applied)

    def resume(self, snapshot: tuple[EffectSnapshot, ...]) -> None:
        """Restore the applied effects."""
        self.applied = [Effect(one.bound, one.receipt, one.policy) for one in snapshot]

    async def carry_out_all(self, state: ProcessState, until_due: UntilDue) -> None:
        """Carry out the actions of a proposal: in order those that are due, then each other at its time.

        What was carried out in the history before is left out. Raises EffectFailedError at the first failure.
        """
        policies, done = state.playbook.guardian.actions, {effect.bound.digest for effect in self.applied}
        pairs = zip(state.proposed.actions, state.guard_results, strict=True)
        for bound, inspected in sorted(pairs, key=lambda pair: _time_of(pair[0], workflow.now())):
            if bound.digest in done or (state.withheld and state.proposed.delivers(bound)):
                continue
            guard_result = inspected if bound.action.not_before is None else await until_due(bound)
            policy, authorization = policies[bound.action.name], state.authorization.get(bound.digest)
            await self.carry_out(bound, guard_result, policy, authorization)

    async def carry_out(
        self,
        bound: BoundAction,
        guard_result: GuardResult,
        policy: ActionPolicy,
        authorization: Authorization | None = None,
        *,
        to_keep: bool = True,
    ) -> Receipt:
        """Carry out one action; `to_keep` is False for an interim mail (a question), which is never undone.

        Raises EffectFailedError. A cancellation of the request waits until this action has ended, so that its result
        is known and can be undone.
        """
        running = asyncio.ensure_future(
            self._perform(bound, guard_result, policy, authorization, to_keep=to_keep)
        )
        try:
            return await asyncio.shield(running)
        except asyncio.CancelledError:
            await workflow.wait([running])
            raise

    async def _perform(
        self,
        bound: BoundAction,
        guard_result: GuardResult,
        policy: ActionPolicy,
        authorization: Authorization | None,
        *,
        to_keep: bool,
    ) -> Receipt:
        who = (
            " and ".join(f"approver.{d.approver}" for d in authorization.decisions)
            if authorization
            else "guardian"
        )
        try:
            receipt = await self._dispatcher.call_remote(
                f"action.{bound.action.name}",
                ActionCommand(
                    handoff=PENDING_HANDOFF,
                    bound=bound,
                    guard_result=guard_result,
                    authorization=authorization,
                ),
                Receipt,
                why=bound.action.why,
                decided_by=who,
                give_up_after=policy.give_up_after,
                task_queue=self._task_queue,
            )
        except StageFailedError as error:
            self._record(EntryKind.EFFECT, bound, f"failed: {error}", decided_by=who)
            certain = error.kind in _NOTHING_HAPPENED and _CONFLICT not in error.details
            if not certain:
                self._uncertain.append(bound.idempotency_key)
            raise EffectFailedError(bound, str(error), certain=certain) from error
        if to_keep:
            self.applied.append(Effect(bound, receipt, policy))
        how = "found by its key, done by an earlier attempt" if receipt.reconciled else "done"
        self._record(EntryKind.EFFECT, bound, f"{how}: {receipt.effect_id}", decided_by=who)
        return receipt

    async def undo_all(self, why: str) -> list[str]:
        """Undo the applied effects, last first; returns a text for each that could not be undone."""
        left: list[str] = []
        kept: list[Effect] = []
        for effect in reversed(self.applied):
            name = f"{effect.bound.action.name} on {effect.bound.action.subject}"
            if not effect.policy.compensable:
                left.append(f"{name} stands and cannot be undone")
                kept.insert(0, effect)
                continue
            try:
                receipt = await self._dispatcher.call_remote(
                    f"action.{effect.bound.action.name}.compensate",
                    CompensationCommand(
                        handoff=PENDING_HANDOFF,
                        bound=effect.bound,
                        receipt=effect.receipt,
                    ),
                    Receipt,
                    why=why,
                    give_up_after=effect.policy.give_up_after,
                    task_queue=self._task_queue,
                )
            except StageFailedError as error:
                left.append(f"{name} could not be undone: {error}")
                kept.insert(0, effect)
            else:
                self._record(EntryKind.COMPENSATION, effect.bound, f"undone: {receipt.effect_id}")
        self.applied = kept
        return left

    def _record(self, kind: EntryKind, bound: BoundAction, why: str, decided_by: str = "process") -> None:
        self._recorder.record(
            kind,
            what=f"{bound.action.name} {bound.action.subject}",
            why=why,
            sender=f"action.{bound.action.name}",
            decided_by=decided_by,
            about=bound.digest,
        )


def _time_of(bound: BoundAction, now: datetime) -> datetime:
    """Return when an action is to be done; sorting by it keeps the order of those that are due."""
    due = bound.action.not_before
    return now if due is None or due < now else due

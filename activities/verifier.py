"""Reads effects back, independently of the actor: it gets the ordered actions, never a receipt."""

import asyncio
from collections.abc import Mapping
from typing import ClassVar, Final, Protocol

from temporalio import activity

from activities.contracts import System, Systems
from activities.failures import translated
from dispatch.guard.contract import ActionRules, kind_of
from dispatch.models.errors import RefusedError, UnavailableError
from dispatch.models.work.proposal import BoundAction
from dispatch.models.work.verification import Observation, Verification, VerificationBrief
from dispatch.process.verification import judge

LAST_ATTEMPT: Final = 3


class ReadsBack(ActionRules, Protocol):
    """The part of an action's class that the verifier needs."""

    uses: ClassVar[tuple[type[System], ...]]

    @staticmethod
    async def read_back(systems: Systems, bound: BoundAction) -> Observation: ...


class Verifier:
    """Takes the desk's reading systems and the action classes by name (`Catalogue.action_classes`)."""

    def __init__(self, systems: Systems, actions: Mapping[str, type[ReadsBack]]) -> None:
        self._systems, self._actions = systems, actions

    @activity.defn(name="verifier.read_back")
    async def verify(self, brief: VerificationBrief) -> Verification:
        """Read all effects back in parallel and judge them (dispatch/process/verification.py).

        An unavailable system fails the first two attempts, so that Temporal retries; from the third on its actions are
        unverifiable, and a person takes over. After a refusal they are unverifiable immediately.
        """
        with translated():
            results = await asyncio.gather(
                *(self._observe(bound) for bound in brief.actions), return_exceptions=True
            )
            observations = {
                bound.digest: self._observation(bound, result)
                for bound, result in zip(brief.actions, results, strict=True)
            }
            return judge(brief, observations, self._actions)

    async def _observe(self, bound: BoundAction) -> Observation | None:
        action = kind_of(bound, self._actions)
        return await action.read_back(self._systems.only(action.uses), bound) if action else None

    @staticmethod
    def _observation(bound: BoundAction, result: Observation | BaseException | None) -> Observation | None:
        if not isinstance(result, BaseException):
            return result
        if not isinstance(result, Exception):
            raise result
        if not isinstance(result, RefusedError) and activity.info().attempt < LAST_ATTEMPT:
            name, kind = bound.action.name, type(result).__name__
            raise UnavailableError(f"{name} cannot be read back ({kind})", _retry_after(result)) from result
        activity.logger.warning(
            "effect cannot be read back",
            extra={"action": bound.action.name, "digest": bound.digest, "error": type(result).__name__},
        )
        return None


def _retry_after(error: Exception) -> float | None:
    return error.retry_after_seconds if isinstance(error, UnavailableError) else None

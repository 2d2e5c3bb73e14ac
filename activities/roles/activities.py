"""The activities that call the members of the open sets, each under the type that history shows."""

from collections.abc import Callable
from typing import Any

from temporalio import activity

from activities.contracts import Action, Reviewer, Specialist
from activities.failures import translated
from activities.roles.contracts import GenericReviewer, GenericSpecialist
from dispatch.models.errors import CatalogueError
from dispatch.models.work.execution import ActionCommand, CompensationCommand, Receipt
from dispatch.models.work.finding import Brief, Finding
from dispatch.models.work.proposal import Review, ReviewBrief

ActivityFunction = Callable[..., Any]


def _require_echo(name: str, *, same: bool) -> None:
    """Refuse a result that answers another handoff, or under another name: the trail would blame the wrong one."""
    if not same:
        raise CatalogueError(
            f"{name} must answer with the handoff of its brief and under its own name; correct its result"
        )


def specialist_activity(name: str, specialist: Specialist) -> ActivityFunction:
    """Return 'specialist.<name>' (Brief -> Finding)."""

    @activity.defn(name=f"specialist.{name}")
    async def examine(brief: Brief) -> Finding:
        with translated():
            finding = await specialist.examine(brief)
            _require_echo(name, same=(finding.handoff, finding.specialist) == (brief.handoff, name))
            return finding

    return examine


def reviewer_activity(name: str, reviewer: Reviewer) -> ActivityFunction:
    """Return 'reviewer.<name>' (ReviewBrief -> Review)."""

    @activity.defn(name=f"reviewer.{name}")
    async def review(brief: ReviewBrief) -> Review:
        with translated():
            result = await reviewer.review(brief)
            _require_echo(name, same=(result.handoff, result.reviewer) == (brief.handoff, name))
            return result

    return review


def generic_specialist_activity(generic: str, role: GenericSpecialist) -> ActivityFunction:
    """Return 'role.<generic>' (Brief -> Finding), which answers under the name that its brief declares."""

    @activity.defn(name=f"role.{generic}")
    async def examine(brief: Brief) -> Finding:
        with translated():
            finding = await role.examine(brief)
            same = (finding.handoff, finding.specialist) == (brief.handoff, brief.specialist)
            _require_echo(generic, same=same and bool(brief.specialist))
            return finding

    return examine


def generic_reviewer_activity(generic: str, role: GenericReviewer) -> ActivityFunction:
    """Return 'role.<generic>' (ReviewBrief -> Review), which answers under the name that its brief declares."""

    @activity.defn(name=f"role.{generic}")
    async def review(brief: ReviewBrief) -> Review:
        with translated():
            result = await role.review(brief)
            same = (result.handoff, result.reviewer) == (brief.handoff, brief.reviewer)
            _require_echo(generic, same=same and bool(brief.reviewer))
            return result

    return review


def perform_activity(name: str, action: Action) -> ActivityFunction:
    """Return 'action.<name>' (ActionCommand -> Receipt)."""

    @activity.defn(name=f"action.{name}")
    async def perform(order: ActionCommand) -> Receipt:
        with translated():
            return await action.perform(order)

    return perform


def compensate_activity(name: str, action: Action) -> ActivityFunction:
    """Return 'action.<name>.compensate' (CompensationCommand -> Receipt)."""

    @activity.defn(name=f"action.{name}.compensate")
    async def compensate(order: CompensationCommand) -> Receipt:
        with translated():
            return await action.compensate(order)

    return compensate

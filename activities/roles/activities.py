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


def _require_echo(kind: str, name: str, *, same: bool) -> None:
    """Refuse a result for another handoff, or under another name: the trail would name the wrong role."""
    if not (same and name):
        raise CatalogueError(
            f"{kind.partition('.')[2]} must answer with the handoff of its brief and under its own name; correct its result"
        )


def specialist_activity(name: str, specialist: Specialist) -> ActivityFunction:
    """Return 'specialist.<name>' (Brief -> Finding)."""
    return _examining(f"specialist.{name}", specialist, lambda _: name)


def reviewer_activity(name: str, reviewer: Reviewer) -> ActivityFunction:
    """Return 'reviewer.<name>' (ReviewBrief -> Review)."""
    return _reviewing(f"reviewer.{name}", reviewer, lambda _: name)


def generic_specialist_activity(generic: str, role: GenericSpecialist) -> ActivityFunction:
    """Return 'role.<generic>' (Brief -> Finding), which answers under the name that its brief declares."""
    return _examining(f"role.{generic}", role, lambda brief: brief.specialist)


def generic_reviewer_activity(generic: str, role: GenericReviewer) -> ActivityFunction:
    """Return 'role.<generic>' (ReviewBrief -> Review), which answers under the name that its brief declares."""
    return _reviewing(f"role.{generic}", role, lambda brief: brief.reviewer)


def _examining(
    kind: str, role: Specialist | GenericSpecialist, name_in: Callable[[Brief], str]
) -> ActivityFunction:
    @activity.defn(name=kind)
    async def examine(brief: Brief) -> Finding:
        with translated():
            finding, name = await role.examine(brief), name_in(brief)
            _require_echo(kind, name, same=(finding.handoff, finding.specialist) == (brief.handoff, name))
            return finding

    return examine


def _reviewing(
    kind: str, role: Reviewer | GenericReviewer, name_in: Callable[[ReviewBrief], str]
) -> ActivityFunction:
    @activity.defn(name=kind)
    async def review(brief: ReviewBrief) -> Review:
        with translated():
            result, name = await role.review(brief), name_in(brief)
            _require_echo(kind, name, same=(result.handoff, result.reviewer) == (brief.handoff, name))
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

"""The authorization to act, checked by each action itself immediately before its effect."""

from datetime import UTC, datetime

from dispatch.approval.decisions import permits
from dispatch.models.errors import RefusedError
from dispatch.models.work.execution import ActionCommand
from dispatch.storage.approvers_file import ApproversFile


class Permits:
    """Every action may ask for it (`systems.get(Permits)`); none needs to declare it."""

    def __init__(self, approvers: ApproversFile) -> None:
        self._approvers = approvers

    def require(self, order: ActionCommand) -> None:
        """Raise RefusedError('not_permitted') if the guard result and the decisions do not permit this action now.

        Call it after the lookup of an earlier effect, not before: an authorization that expired after the effect would
        hide that it was made.
        """
        if why := permits(order, datetime.now(UTC), self._approvers.read()):
            raise RefusedError(f"{order.bound.action.name} is not permitted: {why}", "not_permitted")

"""Checks people's decisions against the approvers file, read again each time so that a revocation counts immediately.

Finally, only for a person with a daily limit, it asks that person's approval quota (workflows/approval_quota.py) by an
update with start. If Temporal does not answer, the check fails and is retried; nothing is granted meanwhile.
"""

from collections.abc import Mapping
from typing import Final

from temporalio import activity
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError

from activities.failures import translated
from activities.quotas.asking import ask_workflow
from dispatch.approval.approval_quota import closed, quota_request, with_quota
from dispatch.approval.deadlines import check_extension
from dispatch.approval.decisions import check_decision
from dispatch.models.contract import Contract
from dispatch.models.errors import ApproversError, UnavailableError
from dispatch.models.people.approval_quota import (
    APPROVAL_QUOTA,
    ASK,
    ApprovalQuotaAnswer,
    ApprovalQuotaRequest,
)
from dispatch.models.people.decision import DecisionCheck, DecisionCheckResult
from dispatch.models.people.extension import ExtensionCheck, ExtensionCheckResult
from dispatch.storage.approvers_file import ApproversFile

TRIES: Final = 3
"""The attempts of a local activity (workflows/parts/options.py, LOCAL_RETRY)."""
REASON_LENGTH: Final = 300


class DecisionChecks:
    """`parameters` are the shapes of the actions' parameters by name, against which edits are checked."""

    def __init__(self, approvers: ApproversFile, parameters: Mapping[str, type[Contract]]) -> None:
        self._approvers, self._parameters = approvers, parameters

    @activity.defn(name="verify_decision")
    async def verify_decision(self, check: DecisionCheck) -> DecisionCheckResult:
        """Accept a raw decision or refuse it with the reason; a refusal is a result and never an error.

        If the approvers file or the quota cannot be read, the check is retried and finally refused: the gate stays open,
        and the same decision may be sent again.
        """
        with translated():
            try:
                return await self._evaluate(check)
            except (ApproversError, UnavailableError) as error:
                if activity.info().attempt < TRIES:
                    raise
                return DecisionCheckResult(
                    handoff=check.handoff,
                    accepted=False,
                    reason=_not_now(error),
                )

    @activity.defn(name="verify_extension")
    async def verify_extension(self, check: ExtensionCheck) -> ExtensionCheckResult:
        """Accept a later deadline or refuse it with the reason, as `verify_decision` does decisions."""
        with translated():
            try:
                return check_extension(check, self._approvers.read())
            except ApproversError as error:
                if activity.info().attempt < TRIES:
                    raise
                return ExtensionCheckResult(
                    handoff=check.handoff, extension=check.extension, accepted=False, reason=_not_now(error)
                )

    async def _evaluate(self, check: DecisionCheck) -> DecisionCheckResult:
        approvers = self._approvers.read()
        result = check_decision(check, approvers, self._parameters)
        ask = quota_request(check, result, approvers, str(activity.info().workflow_id))
        return result if ask is None else with_quota(result, await _answer(ask))


def _not_now(error: Exception) -> str:
    return f"cannot be judged now, send it again: {error}"[:REASON_LENGTH]


async def _answer(ask: ApprovalQuotaRequest) -> ApprovalQuotaAnswer:
    """Ask a person's approval quota of the day. Raises Unavailable if Temporal, or a worker, does not answer."""
    try:
        return await ask_workflow(
            APPROVAL_QUOTA,
            ASK,
            ask,
            ApprovalQuotaAnswer,
            workflow_id=ask.of.workflow_id,
            begins_with=ask.of,
            reuse=WorkflowIDReusePolicy.REJECT_DUPLICATE,
            summary=f"what {ask.of.approver} approves on {ask.of.day.isoformat()} (UTC)",
            named=f"the approval quota of {ask.of.approver}",
        )
    except WorkflowAlreadyStartedError:
        return closed(ask)

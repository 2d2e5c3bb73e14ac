"""Arguments and results of the gateway to Temporal."""

import hashlib
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from pydantic import JsonValue
from temporalio.client import WorkflowExecutionDescription, WorkflowExecutionStatus

from dispatch.models.people.decision import DecisionType
from dispatch.models.request.automatic import AutomaticMail
from dispatch.models.request.submission import RECEPTION, Submission
from workflows.search_attributes import DESK, OWNER, REVIEW_POINT, STATE


@dataclass(frozen=True)
class Submitted:
    """The result of a start; `new` is False if the same trigger was submitted before: it is one request.

    `differs` is True where that request began with other content, which is then not taken in. `automatic` is the sign by which automatic mail was told, which is set apart and never answered.
    `added` is True where it is no request of its own: it was added to the open one that it answers.
    """

    request_id: str
    new: bool
    automatic: AutomaticMail | None = None
    differs: bool = False
    added: bool = False


@dataclass(frozen=True)
class RequestDescription:
    """A request as Temporal describes it, without asking a worker; `mark` changes with every event."""

    request_id: str
    kind: str
    status: WorkflowExecutionStatus
    started: datetime
    closed: datetime | None
    run_id: str
    namespace: str
    mark: str
    summary: str
    desk: str | None = None
    state: str = ""
    owner: str = ""
    review_point: datetime | None = None

    @property
    def is_running(self) -> bool:
        return self.status is WorkflowExecutionStatus.RUNNING


def description_of(seen: WorkflowExecutionDescription, summary: str) -> RequestDescription:
    """Read what Temporal describes."""
    status, listed = seen.status or WorkflowExecutionStatus.RUNNING, seen.typed_search_attributes
    return RequestDescription(
        request_id=seen.id,
        kind=seen.workflow_type,
        status=status,
        started=seen.start_time,
        closed=seen.close_time,
        run_id=seen.run_id,
        namespace=seen.namespace,
        mark=f"{seen.run_id}.{seen.history_length}.{status.name}",
        summary=summary,
        desk=listed.get(DESK),
        state=listed.get(STATE, ""),
        owner=listed.get(OWNER, ""),
        review_point=listed.get(REVIEW_POINT),
    )


@dataclass(frozen=True)
class DecisionOutcome:
    """The result of a decision, and its consequences; `kept` until a matching gate opens."""

    accepted: bool
    kept: bool
    reason: str
    follows: str = ""


@dataclass(frozen=True)
class ExtensionOutcome:
    """The result of an extension."""

    accepted: bool
    reason: str


def request_id_of(submission: Submission) -> str:
    """Return the id of a request, made of desk and trigger, so that one trigger is one request; a hash hides addresses.

    A mail is known by its Message-ID and by what its sender wrote: some programs give two mails one Message-ID. The id
    of a JSON request is its sender's promise that there is one request of that id.
    """
    trigger = submission.trigger
    known_by = trigger.trigger_id
    if trigger.kind == "mail" and trigger.content:
        known_by += f"\n{trigger.content}"
    digest = hashlib.sha256(known_by.encode()).hexdigest()[:16]
    return f"{submission.desk or RECEPTION}-{trigger.kind}-{digest}"


def decision_for(
    decision_type: DecisionType,
    approver: str,
    proposal_id: str,
    digest: str,
    reason: str = "",
    edits: Mapping[str, JsonValue] | None = None,
    **more: str | None,
) -> dict[str, JsonValue]:
    """Build a decision for the `decide` signal, bound to the digest that was shown.

    `more` are `purpose`, `question` and `reason_for_requester`; empty ones are left out.
    """
    return {
        **{name: value for name, value in more.items() if value},
        "decision_id": f"d-{uuid.uuid4().hex[:16]}",
        "proposal_id": proposal_id,
        "action_digest": digest,
        "decision_type": decision_type.value,
        "edits": dict(edits or {}),
        "reason": reason,
        "approver": approver,
        "issued_at": datetime.now(UTC).isoformat(),
    }

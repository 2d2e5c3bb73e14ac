"""One row of the list as visibility gives it: search attributes for rank and filter, a memo for what it says."""

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from temporalio.api.common.v1 import Payload
from temporalio.api.workflow.v1 import WorkflowExecutionInfo

from dispatch.models.request.list_summary import LIST_SUMMARY, ListSummary
from dispatch.models.work.playbook import Tier
from dispatch.process.list_summary import read_summary
from workflows.parts.status_publisher import DESK, OWNER, PRIORITY, REVIEW_POINT, STATE

_PLAIN: Final = b"json/plain"
_NO_PRIORITY: Final = 9
_LAST: Final = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Waiting:
    """One waiting request, by its search attributes and its memo; ten thousand of them are kept, so it is small.

    The memo is kept as it came and read for the rows that are shown. `text` is what a search looks through: id, subject,
    requester, reason and amount in folded case.
    """

    request_id: str
    desk: str
    state: str
    owner: str
    due: datetime | None
    priority: int | None
    started: datetime
    memo: bytes = b""
    tier: Tier | None = None
    text: str = ""

    @property
    def rank(self) -> tuple[int, datetime, datetime, str]:
        """Most urgent first: by priority, then by what falls due, then by age."""
        return self.priority or _NO_PRIORITY, self.due or _LAST, self.started, self.request_id

    @property
    def list_summary(self) -> ListSummary | None:
        """What waits, in a line; None where its desk wrote no memo, or one that cannot be read here."""
        return read_summary(_PLAIN, self.memo) if self.memo else None

    def holds(self, wanted: str) -> bool:
        """Tell whether a search finds it; `wanted` in folded case."""
        return wanted in self.text or wanted in self.owner.casefold()


def row_of(found: WorkflowExecutionInfo, before: Waiting | None) -> Waiting:
    """Read a row straight from the wire: the SDK's own reading costs a page of a thousand ten times as long.

    `before` is the same request in the reading before: what its memo says is taken from there while the memo is the same.
    """
    fields = found.search_attributes.indexed_fields
    due = _value(fields, REVIEW_POINT.name)
    request_id = found.execution.workflow_id
    memo = _memo(found.memo.fields)
    if before is not None and before.memo == memo:
        memo, tier, text = before.memo, before.tier, before.text
    else:
        tier, text = _said(request_id, read_summary(_PLAIN, memo) if memo else None)
    return Waiting(
        request_id=request_id,
        desk=sys.intern(_value(fields, DESK.name) or ""),
        state=sys.intern(_value(fields, STATE.name) or ""),
        owner=sys.intern(_value(fields, OWNER.name) or ""),
        due=datetime.fromisoformat(due) if due else None,
        priority=_value(fields, PRIORITY.name),
        started=found.start_time.ToDatetime(tzinfo=UTC),
        memo=memo,
        tier=tier,
        text=text,
    )


def _said(request_id: str, list_summary: ListSummary | None) -> tuple[Tier | None, str]:
    if list_summary is None:
        return None, request_id.casefold()
    said = (request_id, list_summary.subject, list_summary.requester, list_summary.why, list_summary.amount)
    # The line end keeps a search from finding what stands in two fields together.
    return list_summary.tier, "\n".join(said).casefold()


def _memo(fields: Mapping[str, Payload]) -> bytes:
    """Give the memo's bytes; nothing where there is none, or it is encrypted."""
    payload = fields.get(LIST_SUMMARY)
    return payload.data if payload is not None and payload.metadata.get("encoding") == _PLAIN else b""


def _value(fields: Mapping[str, Payload], name: str) -> Any:
    return json.loads(fields[name].data) if name in fields else None

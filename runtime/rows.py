"""One request as a row of a list, read from Temporal's visibility without a worker.

Search attributes hold rank and filter values; the memo holds the texts of the row.
"""

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from temporalio.api.common.v1 import Payload
from temporalio.api.workflow.v1 import WorkflowExecutionInfo

from dispatch.models.request.list_summary import LIST_SUMMARY, ListSummary
from dispatch.models.request.status import WAITING_STATES, Ending, RequestState
from dispatch.models.work.playbook import Tier
from dispatch.models.work.ranking import NEUTRAL, RankingPolicy
from dispatch.process.list_summary import read_summary
from dispatch.ranking.rank import waiting_points
from workflows.search_attributes import DESK, OWNER, PRIORITY, REVIEW_POINT, STATE

COORDINATOR: Final = "Coordinator"
WORKFLOW_TYPES: Final = (COORDINATOR, "FollowUp")
"""What is listed: requests, and follow-up checks of what was done."""
ALL: Final = f"WorkflowType IN ({', '.join(repr(kind) for kind in WORKFLOW_TYPES)})"
"""The visibility query for every request, open or ended."""
WAITING: Final = (
    f"{ALL} AND ExecutionStatus = 'Running' "
    f"AND RequestState IN ({', '.join(repr(state.value) for state in WAITING_STATES)})"
)
"""The visibility query for those that wait for somebody outside the desk."""

_PLAIN: Final = b"json/plain"
_SCORES: Final = RankingPolicy().urgency
"""The score of rows without one: follow-up checks, and requests that are not routed yet."""
_PER_DAY: Final = RankingPolicy().waiting_per_day
_LAST: Final = datetime.max.replace(tzinfo=UTC)
# The memo of a request that no longer waits is out of date, except for why it was set apart.
_TELLING: Final = frozenset({*WAITING_STATES, RequestState.WAITING_FOR_PARTS, Ending.SET_APART})


@dataclass(frozen=True, slots=True)
class Row:
    """One request, by its search attributes and its memo; ten thousand of them are kept, so it is small.

    The memo is kept as it came and read for the rows that are shown. `text` is what a search looks through: id, subject,
    requester, reason and amount in folded case. `part_of` is the request for several desks that it is one desk's part of.
    """

    request_id: str
    desk: str
    state: str
    owner: str
    review_point: datetime | None
    priority: int | None
    started: datetime
    memo: bytes = b""
    tier: Tier | None = None
    text: str = ""
    score: int | None = None
    waiting_per_day: int = _PER_DAY
    part_of: str = ""

    def points(self, now: datetime) -> int:
        """Return the points of its rank, with those for the time that it has waited at `now`."""
        score = _SCORES[(self.priority or NEUTRAL) - 1] if self.score is None else self.score
        return score + waiting_points(self.waiting_per_day, self.started, now)

    def place(self, now: datetime) -> tuple[int, datetime, datetime, str]:
        """Return the sort key of lists: most points first, then the due time, then age."""
        return -self.points(now), self.review_point or _LAST, self.started, self.request_id

    @property
    def list_summary(self) -> ListSummary | None:
        """Return one line on what waits, or why the request was set apart.

        None where its desk wrote no memo, or one that cannot be read here, and where it no longer applies.
        """
        return read_summary(_PLAIN, self.memo) if self.memo and self.state in _TELLING else None

    def matches(self, wanted: str) -> bool:
        """Return whether a search for `wanted`, in folded case, finds it."""
        return wanted in self.text or wanted in self.owner.casefold()


def row_of(found: WorkflowExecutionInfo, before: Row | None = None) -> Row:
    """Read a row directly from the protobuf message: the SDK's own parsing takes ten times as long for a page of a thousand.

    `before` is the same request in the previous reading: its parsed memo is reused if the memo is unchanged.
    """
    fields = found.search_attributes.indexed_fields
    review_point = _value(fields, REVIEW_POINT.name)
    request_id = found.execution.workflow_id
    memo = _memo(found.memo.fields)
    if before is not None and before.memo == memo:
        memo, tier, text = before.memo, before.tier, before.text
        score, per_day = before.score, before.waiting_per_day
    else:
        said = read_summary(_PLAIN, memo) if memo else None
        tier, text = _searched(request_id, said)
        score, per_day = (said.score, said.waiting_per_day) if said else (None, _PER_DAY)
    return Row(
        request_id=request_id,
        desk=sys.intern(_value(fields, DESK.name) or ""),
        state=sys.intern(_value(fields, STATE.name) or ""),
        owner=sys.intern(_value(fields, OWNER.name) or ""),
        review_point=datetime.fromisoformat(review_point) if review_point else None,
        priority=_value(fields, PRIORITY.name),
        started=found.start_time.ToDatetime(tzinfo=UTC),
        memo=memo,
        tier=tier,
        text=text,
        score=score,
        waiting_per_day=per_day,
        part_of=found.parent_execution.workflow_id if found.type.name == COORDINATOR else "",
    )


def _searched(request_id: str, list_summary: ListSummary | None) -> tuple[Tier | None, str]:
    if list_summary is None:
        return None, request_id.casefold()
    parts = (
        request_id,
        list_summary.subject,
        list_summary.requester,
        list_summary.why,
        list_summary.amount,
    )
    # The line end prevents a search from matching across two fields.
    return list_summary.tier, "\n".join(parts).casefold()


def _memo(fields: Mapping[str, Payload]) -> bytes:
    """Return the memo's bytes; None if there is none, or if it is encrypted."""
    payload = fields.get(LIST_SUMMARY)
    return payload.data if payload is not None and payload.metadata.get("encoding") == _PLAIN else b""


def _value(fields: Mapping[str, Payload], name: str) -> Any:
    return json.loads(fields[name].data) if name in fields else None

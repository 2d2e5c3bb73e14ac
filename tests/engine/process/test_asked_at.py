"""When a request was asked: the sender's own time, within bounds."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.asked import submission

RECEIVED = datetime(2026, 11, 2, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("before", "counted"),
    [(None, 0), (timedelta(hours=5), 5), (timedelta(days=3), 72), (timedelta(days=40), 72)],
)
def test_a_sender_dates_a_request_back_by_three_days_at_most(before: timedelta | None, counted: int) -> None:
    """A mail may wait on its way; a clock that anybody can set opens no window again."""
    trigger = submission().trigger.model_copy(update={"received_at": RECEIVED})
    written = None if before is None else RECEIVED - before
    asked = submission().model_copy(update={"trigger": trigger, "written_at": written}).asked_at
    assert RECEIVED - asked == timedelta(hours=counted)

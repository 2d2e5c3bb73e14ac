"""A fake for tests: refunds that are asked for under the subject LATER have a time. No worker but a test's ever runs it."""

from datetime import UTC, datetime, timedelta
from typing import ClassVar, Final

from desks.support.specialists.refund_policy import RefundPolicy
from dispatch.models.work.finding import Brief, Finding

LATER: Final = "Order for the office"


class FakeLaterRefunds(RefundPolicy):
    """Recommends what RefundPolicy does, `after` the moment in which it was asked for the first time."""

    after: ClassVar[timedelta] = timedelta(seconds=4)

    async def examine(self, brief: Brief) -> Finding:
        finding = await super().examine(brief)
        if brief.subject != LATER or brief.asked_at is None:
            return finding
        due = (brief.asked_at + self.after).astimezone(UTC)
        timed = tuple(one.model_copy(update={"not_before": due}) for one in finding.recommended)
        return finding.model_copy(update={"recommended": timed})


class FakeSomewhatLaterRefunds(FakeLaterRefunds):
    """The same, late enough for another request to be done before it."""

    after = timedelta(seconds=12)


class FakeMuchLaterRefunds(FakeLaterRefunds):
    """The same, in an hour: later than any test ends."""

    after = timedelta(hours=1)


def in_seconds(due: datetime) -> float:
    """Return how far away a moment is."""
    return (due - datetime.now(UTC)).total_seconds()

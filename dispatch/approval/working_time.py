"""Counting in working time: hours pass within working hours only, and a day leads to the same time of the next working day.

24 hours are a day here as everywhere: '1 day' and '24 hours' are one duration. A wait that begins outside working hours
counts from their beginning. The zone is an argument, because looking it up reads a file.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final, NamedTuple

from dispatch.models.work.calendar import Calendar, Weekday, WorkingTimeBrief, WorkingTimes, minutes_of

FURTHEST: Final = timedelta(days=366)
"""The upper bound of a count, so that it ends for a calendar full of holidays too."""

_WEEKDAYS: Final = tuple(Weekday)
_DAY: Final = timedelta(days=1)
_MINUTES_A_DAY: Final = 1440


class _Hours(NamedTuple):
    calendar: Calendar
    zone: tzinfo
    last: date

    def days_from(self, day: date) -> Iterator[date]:
        """Yield the working days from `day` on, up to the bound."""
        while day <= self.last:
            if day not in self.calendar.holidays and self.calendar.hours.get(_WEEKDAYS[day.weekday()]):
                yield day
            day += _DAY

    def spans_from(self, day: date) -> Iterator[tuple[datetime, datetime]]:
        """Yield when work begins and ends, in UTC, from `day` on."""
        for working_day in self.days_from(day):
            for span in self.calendar.hours[_WEEKDAYS[working_day.weekday()]]:
                begin, end = (self._moment(working_day, minutes) for minutes in minutes_of(span))
                # Empty where clocks skip the whole span.
                if begin < end:
                    yield begin, end

    def _moment(self, day: date, minutes: int) -> datetime:
        more, minutes = divmod(minutes, _MINUTES_A_DAY)
        return self.at(day + more * _DAY, time(minutes // 60, minutes % 60))

    def at(self, day: date, wall: time) -> datetime:
        """Return the moment of a time on the wall clock; one that occurs twice is the first, one that is skipped comes after."""
        return datetime.combine(day, wall.replace(fold=0), self.zone).astimezone(UTC)

    def local(self, at: datetime) -> datetime:
        return at.astimezone(self.zone)


def moment_after(start: datetime, lasts: timedelta, calendar: Calendar, zone: tzinfo) -> datetime:
    """Return when so much working time has passed since `start`, in UTC; at most `FURTHEST` after it.

    The moment lies within working hours, their ends included. It never falls as `start` grows, nor as the days or the
    hours of `lasts` grow; only days counted from within an hour that the clock goes through twice may change places.
    """
    start = start.astimezone(UTC)
    limit = start + FURTHEST
    hours = _Hours(calendar, zone, limit.astimezone(zone).date())
    begun = _at_work(start, hours, may_end=False)
    due = _days_later(begun, lasts.days, hours) if begun is not None else None
    due = _hours_later(due, lasts - lasts.days * _DAY, hours) if due is not None else None
    return limit if due is None else min(due, limit)


def working_times(brief: WorkingTimeBrief, zone: tzinfo) -> WorkingTimes:
    """Return the moments of a wait; each escalation is counted from the one before it."""
    opened_at, lengths, calendar = brief.opened_at, brief.lengths, brief.calendar
    escalations: list[datetime] = []
    if lengths.escalate_after is not None:
        last = opened_at
        for _ in range(lengths.escalations):
            last = moment_after(last, lengths.escalate_after, calendar, zone)
            escalations.append(last)
    return WorkingTimes(
        handoff=brief.handoff,
        deadline=moment_after(opened_at, lengths.deadline, calendar, zone),
        reminders=tuple(moment_after(opened_at, one, calendar, zone) for one in lengths.reminders),
        escalations=tuple(escalations),
    )


def _at_work(at: datetime, hours: _Hours, *, may_end: bool) -> datetime | None:
    """Return the first moment of work that is not before `at`; None if there is none up to the bound.

    `may_end` says whether the end of a span counts: something may fall due then, but nothing begins.
    """
    for begin, end in hours.spans_from(hours.local(at).date()):
        if at < end or (may_end and at == end):
            return max(at, begin)
    return None


def _days_later(at: datetime, days: int, hours: _Hours) -> datetime | None:
    if days == 0:
        return at
    local = hours.local(at)
    for number, day in enumerate(hours.days_from(local.date() + _DAY), start=1):
        if number == days:
            return _at_work(hours.at(day, local.time()), hours, may_end=True)
    return None


def _hours_later(at: datetime, left: timedelta, hours: _Hours) -> datetime | None:
    if not left:
        return at
    for begin, end in hours.spans_from(hours.local(at).date()):
        since = max(at, begin)
        if left <= end - since:
            return since + left
        left -= max(end - since, timedelta())
    return None

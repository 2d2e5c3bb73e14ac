"""Working time: what counts and what does not, over weekends, holidays and changes of the clock."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from dispatch.approval.working_time import FURTHEST, moment_after, working_times
from dispatch.models.handoff import PENDING_HANDOFF
from dispatch.models.work.calendar import Calendar, WaitLengths, Weekday, WorkingTimeBrief
from dispatch.playbooks.time_zones import zone_named

WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday")
BERLIN = zone_named("Europe/Berlin")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def calendar(**changed: Any) -> Calendar:
    """Return a week from Monday to Friday, nine to six with an hour's pause, without Christmas."""
    usual = {
        "timezone": "Europe/Berlin",
        "hours": {day: ["09:00-12:00", "13:00-18:00"] for day in WEEK},
        "holidays": ["2026-12-24", "2026-12-25", "2027-01-01"],
    }
    return Calendar.model_validate(usual | changed)


def berlin(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN)


@pytest.mark.parametrize(
    ("start", "lasts", "due"),
    [
        ("2026-11-30T10:00", HOUR, "2026-11-30T11:00"),  # a Monday
        ("2026-11-30T11:30", HOUR, "2026-11-30T13:30"),  # over the pause
        ("2026-11-30T11:00", HOUR, "2026-11-30T12:00"),  # an end counts
        ("2026-11-30T17:30", HOUR, "2026-12-01T09:30"),  # over the night
        ("2026-12-04T17:00", 2 * HOUR, "2026-12-07T10:00"),  # over the weekend
        ("2026-12-05T15:00", HOUR, "2026-12-07T10:00"),  # from a Saturday
        ("2026-12-05T15:00", DAY, "2026-12-08T09:00"),
        ("2026-11-30T10:15", DAY, "2026-12-01T10:15"),
        ("2026-12-04T10:15", DAY, "2026-12-07T10:15"),
        ("2026-12-23T16:00", DAY, "2026-12-28T16:00"),  # two holidays and a weekend
        ("2026-12-23T16:00", DAY + 3 * HOUR, "2026-12-29T10:00"),
        ("2026-12-31T16:00", 5 * DAY, "2027-01-08T16:00"),
        ("2026-10-23T16:00", DAY, "2026-10-26T16:00"),  # the clock goes back between them
        ("2027-03-26T16:00", 2 * DAY, "2027-03-30T16:00"),  # and forward
    ],
)
def test_what_passes_while_nobody_works_does_not_count(start: str, lasts: timedelta, due: str) -> None:
    """Hours pass within working hours only; a day leads to the same time of the next working day."""
    assert moment_after(berlin(start), lasts, calendar(), BERLIN) == berlin(due)


@pytest.mark.parametrize(
    ("start", "due"),
    [("2026-10-25T00:30", "2026-10-25T04:30"), ("2027-03-28T00:30", "2027-03-28T06:30")],
)
def test_a_desk_that_works_at_night_counts_real_hours(start: str, due: str) -> None:
    """An hour that the clock goes through twice is two hours of work, and one that it skips is none."""
    night = calendar(hours={"sunday": ["00:00-24:00"]})
    lasts = 5 * HOUR
    assert moment_after(berlin(start), lasts, night, BERLIN) == berlin(due)
    assert berlin(due).astimezone(UTC) - berlin(start).astimezone(UTC) == lasts


def test_another_day_at_another_length_is_still_one_day() -> None:
    """Where the next working day has no such time, it is the first moment of work after it."""
    short = calendar(
        hours={"thursday": ["09:00-18:00"], "friday": ["09:00-12:00"], "monday": ["10:00-18:00"]}
    )
    assert moment_after(berlin("2026-12-03T17:00"), DAY, short, BERLIN) == berlin("2026-12-07T10:00")


def test_a_year_of_holidays_ends_the_count() -> None:
    """A calendar whose every working day is a holiday leads to the bound, and to no endless search."""
    begin = date(2026, 11, 30)
    free = calendar(holidays=[begin + n * DAY for n in range(800)])
    start = berlin("2026-11-30T10:00")
    assert moment_after(start, HOUR, free, BERLIN) == start + FURTHEST
    assert moment_after(start, 3 * DAY, free, BERLIN) == start + FURTHEST


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"hours": {}}, "no working time at all"),
        ({"hours": {"monday": []}}, "no working time at all"),
        ({"hours": {"monday": ["12:00-09:00"]}}, "hours of monday must follow each other"),
        ({"hours": {"monday": ["09:00-12:00", "11:00-13:00"]}}, "hours of monday must follow each other"),
        ({"hours": {"monday": ["9-12"]}}, "pattern"),
        ({"hours": {"mondays": ["09:00-12:00"]}}, "monday"),
        ({"holidays": ["25 December"]}, "holidays"),
    ],
)
def test_a_calendar_that_does_not_hold_is_refused(changed: dict[str, Any], says: str) -> None:
    """No hours at all, hours that overlap or run backwards, and days that are none."""
    with pytest.raises(ValidationError, match=says):
        calendar(**changed)


def test_each_escalation_is_counted_from_the_one_before() -> None:
    """Four hours, four times, are four times four working hours, and not half a working day."""
    start = berlin("2026-11-30T09:00")
    times = working_times(
        WorkingTimeBrief(
            handoff=PENDING_HANDOFF,
            opened_at=start,
            lengths=WaitLengths(
                deadline=4 * DAY, reminders=(2 * HOUR, DAY), escalate_after=4 * HOUR, escalations=3
            ),
            calendar=calendar(),
        ),
        BERLIN,
    )
    assert times.deadline == berlin("2026-12-04T09:00")
    assert times.reminders == (berlin("2026-11-30T11:00"), berlin("2026-12-01T09:00"))
    assert times.escalations == tuple(
        map(berlin, ("2026-11-30T14:00", "2026-11-30T18:00", "2026-12-01T14:00"))
    )


ZONES = st.sampled_from(["Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "UTC"])
# Nobody's clock changes between four in the morning and midnight in these zones.
MINUTES = st.integers(min_value=4 * 60, max_value=1439)
MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 (UTC by `timezones`)
LENGTHS = st.builds(
    lambda days, minutes: timedelta(days=days, minutes=minutes), st.integers(0, 12), st.integers(0, 600)
)


@st.composite
def calendars(draw: st.DrawFn) -> Calendar:
    hours = {}
    for weekday in draw(st.sets(st.sampled_from(list(Weekday)), min_size=1)):
        bounds = sorted(draw(st.sets(MINUTES, min_size=2, max_size=6)))
        pairs = zip(bounds[::2], bounds[1::2], strict=False)
        hours[weekday] = tuple(f"{b // 60:02}:{b % 60:02}-{e // 60:02}:{e % 60:02}" for b, e in pairs)
    holidays = draw(st.lists(st.dates(date(2026, 1, 1), date(2028, 6, 1)), max_size=20))
    return Calendar(timezone=draw(ZONES), hours=hours, holidays=tuple(holidays))


def works(at: datetime, kept: Calendar) -> bool:
    """Check by the wall clock alone whether somebody works at a moment, the ends of work included."""
    local = at.astimezone(ZoneInfo(kept.timezone))
    day = list(Weekday)[local.weekday()]
    wall = f"{local:%H:%M:%S.%f}"
    spans = (span.split("-") for span in kept.hours.get(day, ()))
    return local.date() not in kept.holidays and any(
        f"{begin}:00.000000" <= wall <= f"{end}:00.000000" for begin, end in spans
    )


@given(calendars(), MOMENTS, LENGTHS)
def test_what_falls_due_does_so_while_somebody_works(
    kept: Calendar, start: datetime, lasts: timedelta
) -> None:
    """Whatever the calendar: within working hours, not before it began, and not beyond the bound."""
    due = moment_after(start, lasts, kept, zone_named(kept.timezone))
    assert start <= due <= start + FURTHEST
    assert due == start + FURTHEST or works(due, kept)


@given(calendars(), MOMENTS, st.timedeltas(timedelta(), timedelta(days=40)), LENGTHS)
def test_what_begins_later_falls_due_no_sooner(
    kept: Calendar, start: datetime, later: timedelta, lasts: timedelta
) -> None:
    """Of two waits of one length, the one that opens first ends first, or with the other."""
    zone = zone_named(kept.timezone)
    assert moment_after(start, lasts, kept, zone) <= moment_after(start + later, lasts, kept, zone)


@given(calendars(), MOMENTS, LENGTHS, st.integers(0, 5), st.integers(0, 300))
def test_what_is_longer_falls_due_no_sooner(
    kept: Calendar, start: datetime, lasts: timedelta, days: int, minutes: int
) -> None:
    """More days, or more hours of the same days, never bring a moment forward."""
    zone = zone_named(kept.timezone)
    due = moment_after(start, lasts, kept, zone)
    assert due <= moment_after(start, lasts + timedelta(days=days), kept, zone)
    assert due <= moment_after(start, lasts + timedelta(minutes=minutes), kept, zone)


@given(calendars(), MOMENTS, st.integers(0, 600), st.integers(0, 600))
def test_hours_add_up(kept: Calendar, start: datetime, first: int, second: int) -> None:
    """Some hours and then some more come to the same moment as all of them at once."""
    zone, one, other = zone_named(kept.timezone), timedelta(minutes=first), timedelta(minutes=second)
    halfway = moment_after(start, one, kept, zone)
    at_once = moment_after(start, one + other, kept, zone)
    if halfway < start + FURTHEST and at_once < start + FURTHEST and second:
        assert moment_after(halfway, other, kept, zone) == at_once

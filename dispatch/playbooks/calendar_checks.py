"""Checks that deadlines in working time can be reached, and that their time zone exists."""

import difflib
from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from dispatch.models.durations import spoken
from dispatch.models.work.calendar import Calendar
from dispatch.models.work.playbook import Counting, Playbook, Timing, Waiting
from dispatch.playbooks.time_zones import zone_names

_DAY: Final = timedelta(days=1)
_MOST_DAYS: Final = 250
"""Calendar days without holidays; with them it stays within the year that is counted at most."""

Problem = tuple[str, str, str]
"""Path, problem, remedy."""


def calendar_problems(playbook: Playbook) -> Iterator[Problem]:
    """Yield the errors of a playbook's calendar and of the waits that count in it."""
    if playbook.calendar is not None:
        yield from _zone("calendar", playbook.calendar)
    yield from timing_problems("missing_information", playbook.missing_information, playbook.calendar)
    for tier, policy in playbook.guardian.tiers.items():
        if policy.waiting is not None:
            yield from timing_problems(f"guardian.tiers.{tier}.waiting", policy.waiting, playbook.calendar)
    yield from timing_problems("escalation", playbook.escalation, playbook.calendar)


def timing_problems(path: str, timing: Timing, calendar: Calendar | None) -> Iterator[Problem]:
    """Yield the errors of one wait, which counts in its own calendar or else in this one."""
    if timing.counts is Counting.ALL_TIME:
        return
    if timing.calendar is not None:
        yield from _zone(f"{path}.calendar", timing.calendar)
        calendar = timing.calendar
    if calendar is None:
        yield (
            f"{path}.counts",
            "working_time is counted in a calendar, and there is none",
            "Add calendar with timezone and hours.",
        )
        return
    for name, lasts in _durations(timing):
        yield from _countable(f"{path}.{name}", lasts, calendar)


def _durations(timing: Timing) -> Iterator[tuple[str, timedelta]]:
    yield from ((f"reminders[{index}]", lasts) for index, lasts in enumerate(timing.reminders))
    if isinstance(timing, Waiting) and timing.escalate_after is not None:
        yield "escalate_after", timing.escalate_after
    yield "deadline", timing.deadline


def _countable(path: str, lasts: timedelta, calendar: Calendar) -> Iterator[Problem]:
    longest, hours = calendar.longest_day, lasts % _DAY
    if hours > longest:
        yield (
            path,
            f"{spoken(hours)} are more than the longest working day has, which is {spoken(longest)}",
            "Write it in days, each of which is one working day.",
        )
    if lasts.days * 7 > _MOST_DAYS * calendar.days_a_week:
        yield (
            path,
            f"{lasts.days} working days, at {calendar.days_a_week} a week, are too close to a year or beyond it",
            "Write a shorter one.",
        )


def _zone(path: str, calendar: Calendar) -> Iterator[Problem]:
    if calendar.timezone not in zone_names():
        close = difflib.get_close_matches(calendar.timezone, zone_names(), n=1)
        yield (
            f"{path}.timezone",
            f"there is no time zone {calendar.timezone!r}",
            f"Write an IANA name, such as {close[0] if close else 'Europe/Berlin'}.",
        )

"""A desk's working hours: the hours of a week, and the holidays."""

from datetime import date, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Annotated, ClassVar, Self

from pydantic import Field, model_validator

from dispatch.models.contract import Contract, Moment
from dispatch.models.handoff import Handoff, StageInput


class Weekday(StrEnum):
    """In the order of `date.weekday()`."""

    MONDAY = "monday"
    TUESDAY = "tuesday"
    WEDNESDAY = "wednesday"
    THURSDAY = "thursday"
    FRIDAY = "friday"
    SATURDAY = "saturday"
    SUNDAY = "sunday"


_TIME = r"([01]\d|2[0-3]):[0-5]\d"
Span = Annotated[str, Field(pattern=rf"^{_TIME}-({_TIME}|24:00)$")]
"""'09:00-12:30', on the wall clock; '24:00' ends a day."""


class Calendar(Contract):
    """Working hours by weekday, and holidays, on the wall clock of one time zone."""

    timezone: str = Field(min_length=1, max_length=100, description="an IANA name, such as Europe/Berlin")
    hours: dict[Weekday, tuple[Span, ...]] = Field(description="weekday -> spans; a day without is free")
    holidays: tuple[date, ...] = Field(
        default=(), max_length=1000, description="days on which nobody works, whatever the weekday"
    )

    @model_validator(mode="after")
    def _works(self) -> Self:
        if not any(self.hours.values()):
            raise ValueError("hours names no working time at all, so no deadline would ever come")
        for weekday, spans in self.hours.items():
            minutes = [minute for span in spans for minute in minutes_of(span)]
            if any(later <= earlier for earlier, later in pairwise(minutes)):
                raise ValueError(
                    f"the hours of {weekday} must follow each other, each beginning after the last end"
                )
        return self

    @property
    def longest_day(self) -> timedelta:
        """Return the working hours of the longest day."""
        lengths = (sum(end - begin for begin, end in map(minutes_of, spans)) for spans in self.hours.values())
        return timedelta(minutes=max(lengths))

    @property
    def days_a_week(self) -> int:
        """Return on how many days of a week without a holiday somebody works."""
        return sum(bool(spans) for spans in self.hours.values())


def minutes_of(span: str) -> tuple[int, int]:
    """Return the begin and the end of a span, in minutes since midnight."""
    begin, end = (int(at[:2]) * 60 + int(at[3:]) for at in span.split("-"))
    return begin, end


class WaitLengths(Contract):
    """What one wait counts, from its opening."""

    deadline: timedelta
    reminders: tuple[timedelta, ...] = ()
    escalate_after: timedelta | None = None
    escalations: int = Field(default=0, ge=0, description="how often it can turn to the next")


class WorkingTimeBrief(StageInput):
    noun: ClassVar[str] = "a wait"

    opened_at: Moment
    lengths: WaitLengths
    calendar: Calendar


class WorkingTimes(Contract):
    """The moments of one wait; kept in history, so that a replay never counts again."""

    handoff: Handoff
    deadline: Moment
    reminders: tuple[Moment, ...] = ()
    escalations: tuple[Moment, ...] = ()

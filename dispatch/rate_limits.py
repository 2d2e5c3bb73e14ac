"""Rate limits: a bound on the tries of one key, and a lock after wrong passphrases.

Counters live in memory and are lost with the process; what they guard, argon2 makes slow by itself.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

MOST_KEPT: Final = 10_000
"""Counters kept at most; the oldest go first, so that a flood of names cannot fill the memory."""


class RateLimit:
    """At most `most` tries within `window`, counted in fixed windows from the first try on, for each key."""

    def __init__(self, most: int, window: timedelta, now: Callable[[], datetime]) -> None:
        self._most, self._window, self._now = most, window, now
        self._counts: dict[str, tuple[datetime, int]] = {}

    def wait_seconds(self, key: str) -> int:
        """Count a try; return 0 if it is allowed, else the seconds to wait."""
        now = self._now()
        began, count = self._counts.get(key, (now, 0))
        if now - began >= self._window:
            began, count = now, 0
        self._counts.pop(key, None)
        self._counts[key] = (began, count + 1)
        _trim(self._counts)
        return 0 if count < self._most else _seconds(began + self._window - now)


@dataclass(frozen=True)
class _Failures:
    number: int
    locked_until: datetime | None


class Lockout:
    """After `most` wrong passphrases a key, such as a name or a device, is locked for `first`; each further one doubles it, up to `longest`."""

    def __init__(self, most: int, first: timedelta, longest: timedelta, now: Callable[[], datetime]) -> None:
        self._most, self._first, self._longest, self._now = most, first, longest, now
        self._failures: dict[str, _Failures] = {}

    def wait_seconds(self, name: str) -> int:
        """Count a try; return 0 if it is allowed, else the seconds for which the name is still locked.

        A try counts as failed until `succeeded` says otherwise: of many that come at the same moment, none would have
        failed yet when the next one asks.
        """
        before = self._failures.get(name, _Failures(0, None))
        if before.locked_until is not None and (left := _seconds(before.locked_until - self._now())):
            return left
        number = before.number + 1
        until = None
        if number >= self._most:
            doublings = min(number - self._most, 10)
            until = self._now() + min(self._first * 2**doublings, self._longest)
        self._failures.pop(name, None)
        self._failures[name] = _Failures(number, until)
        _trim(self._failures)
        return 0

    def succeeded(self, name: str) -> None:
        self._failures.pop(name, None)


def _trim(counters: dict[str, object] | dict[str, tuple[datetime, int]] | dict[str, _Failures]) -> None:
    while len(counters) > MOST_KEPT:
        del counters[next(iter(counters))]


def _seconds(left: timedelta) -> int:
    return max(0, int(left.total_seconds() + 0.999))

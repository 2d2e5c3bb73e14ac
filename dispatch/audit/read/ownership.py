"""Ownership intervals: who had the request when, and for how long, from its statuses."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from dispatch.audit.models import AuditKind, Trail

_NOBODY = "nobody"


class OwnershipInterval(NamedTuple):
    """One owner's interval; `entry` is the seq of the status that began it."""

    owner: str
    state: str
    since: datetime
    until: datetime
    entry: int

    @property
    def lasted(self) -> timedelta:
        return self.until - self.since


def ownership_intervals(trail: Trail) -> tuple[OwnershipInterval, ...]:
    """Return every interval from the trigger to the end, or to the last event of an open request."""
    return tuple(_stays(trail))


def _stays(trail: Trail) -> Iterator[OwnershipInterval]:
    last = max((entry.at for entry in trail.entries if entry.at is not None), default=None)
    owner, state, since, seq = "coordinator", "intake", trail.started_at, 1
    for entry in trail.entries:
        if entry.kind is not AuditKind.STATUS or entry.at is None or not entry.receiver:
            continue
        if since is not None and entry.at > since and owner != _NOBODY:
            yield OwnershipInterval(owner, state, since, entry.at, seq)
        owner, state, since, seq = entry.receiver, entry.what, entry.at, entry.seq
    if since is not None and last is not None and last > since and owner != _NOBODY:
        yield OwnershipInterval(owner, state, since, last, seq)


def by_owner(found: tuple[OwnershipInterval, ...]) -> dict[str, timedelta]:
    """Sum up by owner, longest first."""
    sums: dict[str, timedelta] = {}
    for stay in found:
        sums[stay.owner] = sums.get(stay.owner, timedelta()) + stay.lasted
    return dict(sorted(sums.items(), key=lambda pair: -pair[1]))

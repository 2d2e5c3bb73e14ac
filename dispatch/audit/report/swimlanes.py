"""Swim lanes: who did what in which order, drawn as strips of steps with the long waits between them marked.

The axis counts steps and not seconds: work takes milliseconds and people take days, and to one scale only the days
would be seen. Times stand below, and every gap of more than a moment says how long it was.
"""

from datetime import timedelta
from typing import Final, NamedTuple

from dispatch.audit.models import AuditEntry, AuditKind, Trail
from dispatch.models.durations import spoken

STEPS: Final = 44
"""Steps in one strip; longer trails continue in the next."""
_GAP: Final = timedelta(seconds=2)
_LEFT, _TOP, _STEP, _LANE = 120, 22, 20, 26
_HIDDEN: Final = frozenset({AuditKind.STATUS, AuditKind.WAIT})
_ORDER: Final = (
    "requester",
    "coordinator",
    "specialists",
    "reviewers",
    "guardian",
    "people",
    "actions",
    "verifier",
    "clock",
)
_ROLES: Final = {
    "specialist": "specialists",
    "reviewer": "reviewers",
    "approver": "people",
    "action": "actions",
    "guardian": "guardian",
    "verifier": "verifier",
    "requester": "requester",
    "unknown": "people",
    "clock": "clock",
}


class Step(NamedTuple):
    """One entry as a dot in its sender's lane, with a line to the receiver's."""

    entry: AuditEntry
    x: int
    y: int
    to_y: int


class Gap(NamedTuple):
    x: int
    text: str


class Strip(NamedTuple):
    lanes: tuple[tuple[str, int], ...]
    steps: tuple[Step, ...]
    gaps: tuple[Gap, ...]
    width: int
    height: int


def strips(trail: Trail) -> tuple[Strip, ...]:
    """Draw the trail as strips of at most STEPS steps."""
    shown = [entry for entry in trail.entries if entry.kind not in _HIDDEN]
    used = {lane_of(name) for entry in shown for name in (entry.sender, entry.receiver)}
    lanes = tuple((lane, _TOP + _LANE * n) for n, lane in enumerate(lane for lane in _ORDER if lane in used))
    drawn = [_strip(shown[start : start + STEPS], dict(lanes)) for start in range(0, len(shown), STEPS)]
    widest = max((strip.width for strip in drawn), default=0)
    return tuple(strip._replace(width=widest) for strip in drawn)


def lane_of(name: str) -> str:
    """Return the lane of a sender or receiver; the fixed team belongs to the coordinator, and who writes to us asks."""
    role = name.partition(".")[0]
    if role in _ROLES:
        return _ROLES[role]
    return "requester" if "@" in name else "coordinator"


def _strip(entries: list[AuditEntry], lanes: dict[str, int]) -> Strip:
    steps, gaps, x, before = [], [], _LEFT, None
    for entry in entries:
        if before is not None and entry.at is not None and entry.at - before > _GAP:
            gaps.append(Gap(x + _STEP // 2, spoken(entry.at - before)))
            x += _STEP * 2
        steps.append(Step(entry, x, lanes[lane_of(entry.sender)], lanes[lane_of(entry.receiver)]))
        x += _STEP
        before = entry.at or before
    height = _TOP + _LANE * len(lanes) + 4
    return Strip(tuple(lanes.items()), tuple(steps), tuple(gaps), max(x + _STEP, 900), height)

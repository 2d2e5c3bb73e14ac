"""Filters of the templates: times, ages, states, tiers as text."""

import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from markupsafe import Markup

from dispatch.models.moments import format_short, format_stamp
from dispatch.models.people.decision import ApprovalItem
from dispatch.models.work.proposal import BoundAction

_HIDDEN: Final = frozenset({"Cf", "Co", "Cn", "Zl", "Zp"})
_JOINERS: Final = frozenset({"\N{ZERO WIDTH JOINER}", "\N{ZERO WIDTH NON-JOINER}"})
_HOUR, _DAY = 3600, 86_400
TITLES: Final = {
    "route": "Choose the desk",
    "sort": "Say what is asked",
    "settle": "Settle it",
}
_SENDERS: Final = {"coordinator": "the desk", "requester": "the requester"}


def title(name: str) -> str:
    """Return a readable name of a proposal's item; an action's own title is in its view."""
    return TITLES.get(name, capital(words(name)))


def title_of(bound: BoundAction) -> str:
    """Return an action's title as its class says it."""
    return bound.view.title if bound.view is not None and bound.view.title else title(bound.action.name)


def item_title(item: ApprovalItem) -> str:
    """Return the title of one item of a gate."""
    return item.title or title(item.name)


def counted(names: Iterable[str]) -> list[str]:
    """Return each name once, with how often it came if it came more than once: 'Refund (2)'."""
    return [f"{name} ({number})" if number > 1 else name for name, number in Counter(names).items()]


def iso(at: datetime) -> str:
    """Return a time in ISO format."""
    return at.astimezone(UTC).isoformat(timespec="seconds")


def length(span: timedelta) -> str:
    """Return a length in its two largest units: '2 d 4 h', '35 min'."""
    seconds = int(abs(span.total_seconds()))
    if seconds >= 10 * _DAY:
        return f"{seconds // _DAY} d"
    if seconds >= _DAY:
        hours = seconds % _DAY // _HOUR
        return f"{seconds // _DAY} d" + (f" {hours} h" if hours else "")
    if seconds >= _HOUR:
        minutes = seconds % _HOUR // 60
        return f"{seconds // _HOUR} h" + (f" {minutes} min" if minutes and seconds < 6 * _HOUR else "")
    return f"{seconds // 60} min" if seconds >= 60 else "< 1 min"  # noqa: PLR2004 (a minute)


def left(due: datetime, now: datetime) -> str:
    """Describe the time until a deadline."""
    return f"in {length(due - now)}" if due > now else f"{length(now - due)} ago"


def age(since: datetime, now: datetime) -> str:
    """Describe how long ago something was."""
    return length(now - since)


def words(name: str) -> str:
    """Return an identifier as words."""
    return name.replace("_", " ")


def capital(text: str) -> str:
    """Return the text with a capital first letter and the rest unchanged."""
    return text[:1].upper() + text[1:]


def who(name: str) -> str:
    """Return a readable name of a handoff's sender or receiver."""
    return _SENDERS.get(name) or words(name.removeprefix("approver.").removeprefix("specialist."))


def revealed(value: Any) -> Any:
    """Write out characters that are invisible or change the order of text: direction marks, zero widths, controls.

    It is the templates' `finalize`, so every text on a page passes it. Joiners that writing systems need stay.
    """
    if not isinstance(value, str) or isinstance(value, Markup) or value.isascii():
        return value
    return "".join(f"[U+{ord(c):04X}]" if _is_hidden(c) else c for c in value)


def _is_hidden(character: str) -> bool:
    return character not in _JOINERS and unicodedata.category(character) in _HIDDEN


def short(digest: str) -> str:
    """Return the beginning of a digest, enough to compare by eye."""
    return digest[:12]


FILTERS: Final[Mapping[str, Callable[..., Any]]] = {
    "moment": format_short,
    "clock": format_stamp,
    "title": title,
    "item_title": item_title,
    "counted": counted,
    "title_of_item": title,
    "iso": iso,
    "left": left,
    "age": age,
    "words": words,
    "capital": capital,
    "who": who,
    "short": short,
}

"""Where something stands in copy, in words for people and as marks for a page."""

import re
from collections.abc import Iterable, Sequence
from typing import Final

from desks.marketing.models.flag import Flag
from desks.marketing.rules.noting import Noted
from dispatch.models.work.exhibit import Mark
from dispatch.text.links import foreign_links
from dispatch.text.sensitive_data import bank_accounts, card_numbers

_LONGEST: Final = 500
_MOST_MARKS: Final = 200
_LONG_NUMBER: Final = re.compile(r"\b(?:[A-Z]{2}\d{2}[A-Z0-9 ]{8,40}|\d[\d -]{10,30}\d)\b")


def line_of(source: str, place: int) -> int:
    """Return the line of a place, the first line being 1."""
    return source.count("\n", 0, place) + 1


def where(source: str, one: Flag) -> str:
    """Return where a flag stands: its line, or nothing where it is of the whole copy."""
    return f"line {line_of(source, one.start)}: " if one.end > one.start else ""


def sentence(source: str, one: Noted) -> str:
    """Return one line about a kind of exception: where it stands first, what is wrong, and what to write."""
    first = one.first
    text = f"{where(source, first)}{one.in_words}"
    if first.replacement and first.replacement not in text:
        text = f"{text.rstrip('.')} → {first.replacement}"
    return text


def marks_of(flags: Iterable[Flag], length: int) -> tuple[Mark, ...]:
    """Return the flags as marks of the source; what is of the whole copy has no place and is left to the list."""
    found = [
        Mark(
            start=min(one.start, length),
            end=min(one.end, length),
            severity=one.severity,
            rule=one.rule[:200],
            text=one.message[:_LONGEST],
            replacement=(one.replacement or "")[:_LONGEST],
        )
        for one in flags
        if one.start < one.end
    ]
    return tuple(sorted(found, key=lambda mark: (mark.start, mark.end))[:_MOST_MARKS])


def report(source: str, name: str, changes: Sequence[str], every: Sequence[Noted]) -> str:
    """Return the whole list as a file for the requester: all that is open, the gravest first, and what was changed."""
    lines = [f"What was found in {name}", ""]
    lines += [f"Open ({len(every)} kinds):", ""] if every else ["Nothing is open."]
    lines += [f"- [{one.severity}] {sentence(source, one)} ({one.rule})" for one in every]
    lines += ["", f"Changed ({len(changes)}):", "", *(f"- {change}" for change in changes)] if changes else []
    return "\n".join(lines) + "\n"


def without_links(text: str) -> str:
    """Return a text for a mail: what copy is quoted with leads nowhere, and tells no account or card."""
    if bank_accounts(text) or card_numbers(text):
        text = _LONG_NUMBER.sub("…", text)
    for host in sorted(foreign_links(text, ()), key=len, reverse=True):
        text = text.replace(f"https://{host}", host).replace(f"http://{host}", host)
        text = text.replace(host, host.replace(".", "[.]"))
    return text

"""The report of one request: one self-contained HTML file, or plain Markdown."""

import difflib
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from pydantic import JsonValue

from dispatch.audit.models import AuditEntry, AuditKind, Trail
from dispatch.audit.read.chain import chain_of, effects, unfounded
from dispatch.audit.read.ownership import by_owner, ownership_intervals
from dispatch.audit.read.payload import field, many, text, words
from dispatch.audit.report.explain import explain, place
from dispatch.audit.report.swimlanes import strips
from dispatch.models.durations import spoken
from dispatch.models.moments import format_stamp
from dispatch.models.money import amount_named, format_money

TEMPLATES: Final = Path(__file__).parent / "templates"
_SHORT: Final = 12
_OWNERS_COLOURS: Final = 6


def as_html(trail: Trail) -> str:
    """Return the report as one file: styles and drawings inside, no script, everything from the history escaped."""
    return _environment(html=True).get_template("trail.html").render(_view(trail))


def as_markdown(trail: Trail) -> str:
    """Return the same in plain Markdown, for a mail or a ticket."""
    return _environment(html=False).get_template("trail.md").render(_view(trail))


def _environment(*, html: bool) -> Environment:
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=html,  # noqa: S701 (Markdown is no HTML; its cells are escaped by the filter `cell`)
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {
        "short": _short,
        "clock": _clock,
        "issued": _issued,
        "spoken": spoken,
        "said": _said,
        "cell": _cell,
    }
    return made


def _view(trail: Trail) -> dict[str, Any]:
    trigger = next((e for e in trail.entries if e.kind is AuditKind.TRIGGER), None)
    outcome = next((e for e in reversed(trail.entries) if e.kind is AuditKind.OUTCOME), None)
    found = ownership_intervals(trail)
    return {
        "trail": trail,
        "trigger": trigger,
        "outcome": outcome,
        "playbook": _playbook(trail),
        "lasted": _lasted(trail),
        "stays": found,
        "owners": _owners(trail),
        "strips": strips(trail),
        "decisions": [
            e for e in trail.entries if e.kind in {AuditKind.DECISION, AuditKind.REFUSAL, AuditKind.MESSAGE}
        ],
        "effects": [(entry, chain_of(trail, entry)) for entry in effects(trail)],
        "proposals": list(_proposals(trail)),
        "evidence": _evidence(trail),
        "digests": list(_digests(trail)),
        "unfounded": unfounded(trail),
        "sentences": explain(trail),
        "events": sum(run.events for run in trail.runs),
        "accounted": _accounted(trail),
        "amount": amount,
        "signature": signature,
        "place": lambda entry: place(trail, entry),
        "by_seq": {entry.seq: entry for entry in trail.entries},
    }


def signature(entry: AuditEntry) -> tuple[str, str]:
    """Return the state of a decision's signature and the key that it names: verified, unsigned, or not verified."""
    key = words(entry.facts, "signed_with") or words(entry.facts, "content", "key_id")
    if words(entry.facts, "signed_with"):
        return "verified at receipt", key
    if words(entry.facts, "content", "signature") or key:
        return "signature given, not verified", key
    return "unsigned", ""


def amount(entry: AuditEntry) -> str:
    """Describe what an action costs, where its parameters hold an amount in the currency's smallest unit."""
    parameters = field(entry.facts, "parameters")
    money = amount_named("amount_minor", parameters) if isinstance(parameters, dict) else None
    return format_money(money) if money is not None else ""


def _accounted(trail: Trail) -> int:
    """Count the events that are in an entry or in a class of internal events."""
    shown = {(entry.run, event_id) for entry in trail.entries for event_id in entry.event_ids}
    kept = {(one.run, event_id) for one in trail.internal_events for event_id in one.event_ids}
    return len(shown | kept)


def _lasted(trail: Trail) -> timedelta | None:
    ended = trail.ended_at or max((e.at for e in trail.entries if e.at), default=None)
    return ended - trail.started_at if ended and trail.started_at else None


def _playbook(trail: Trail) -> dict[str, JsonValue]:
    """Return the playbook of the request: the one of the last triage."""
    found = [
        e.facts["playbook"] for e in trail.entries if e.kind is AuditKind.RESULT and "playbook" in e.facts
    ]
    last = found[-1] if found else None
    return last if isinstance(last, dict) else {}


def _owners(trail: Trail) -> list[dict[str, Any]]:
    """Return each owner with their share of the time and the number of their colour."""
    sums = by_owner(ownership_intervals(trail))
    whole = sum(sums.values(), timedelta()) or timedelta(seconds=1)
    return [
        {"name": name, "lasted": lasted, "share": 100 * (lasted / whole), "colour": number % _OWNERS_COLOURS}
        for number, (name, lasted) in enumerate(sums.items())
    ]


def _proposals(trail: Trail) -> Iterator[dict[str, Any]]:
    """Yield each draft with what changed since the one before it."""
    before: str | None = None
    for entry in trail.entries:
        if entry.kind is AuditKind.PROPOSAL:
            draft = words(entry.facts, "draft", longest=100_000)
            yield {"entry": entry, "draft": draft, "changes": _changes(before, draft)}
            before = draft


def _changes(before: str | None, after: str) -> list[tuple[str, str]]:
    if before is None or before == after:
        return []
    marks = {"+": "ins", "-": "del", " ": "same"}
    lines = difflib.ndiff(before.splitlines(), after.splitlines())
    return [(marks[line[0]], line[2:]) for line in lines if line[0] in marks]


def _evidence(trail: Trail) -> list[dict[str, Any]]:
    """Return each piece of evidence once, in its last version, with the entries that cite it."""
    found: dict[str, dict[str, Any]] = {}
    for entry in trail.entries:
        if entry.kind is AuditKind.FINDING:
            for one in many(entry.facts, "evidence"):
                found[words(one, "evidence_id")] = {"entry": entry, "one": one, "for": []}
        elif entry.kind in {AuditKind.ACTION, AuditKind.GUARD_RESULT}:
            ground = f"{words(entry.facts, 'name')} {words(entry.facts, 'subject')}"
            for name in many(entry.facts, "evidence"):
                if str(name) in found and ground not in found[str(name)]["for"]:
                    found[str(name)]["for"].append(ground)
    return list(found.values())


def _digests(trail: Trail) -> Iterator[dict[str, Any]]:
    """Yield each action's digest with every entry that names it, in order: the same bytes from draft to effect."""
    named: dict[str, list[AuditEntry]] = {}
    for entry in trail.entries:
        here = [words(entry.facts, "action_digest"), words(entry.facts, "content", "action_digest")]
        here += [words(one, "action_digest") for one in many(entry.facts, "actions")]
        for digest in dict.fromkeys(here):
            if digest:
                named.setdefault(digest, []).append(entry)
    for digest, entries in named.items():
        known = next((e for e in entries if words(e.facts, "name")), None)
        what = (
            f"{words(known.facts, 'name')} {words(known.facts, 'subject')}"
            if known
            else "names no action here"
        )
        recomputed = [e for e in entries if "digest_holds" in e.facts]
        others = sorted({words(e.facts, "digest_recomputed") for e in recomputed} - {""})
        yield {
            "digest": digest,
            "what": what,
            "entries": entries,
            "holds": "; ".join(f"differs: {other}" for other in others)
            or ("recomputed, matches" if recomputed else "not recomputed"),
        }


def _short(digest: str | None) -> str:
    return digest[:_SHORT] if digest else ""


def _clock(moment: datetime | None) -> str:
    return format_stamp(moment) if moment else ""


def _issued(value: JsonValue) -> str:
    """Return the time that a decision states; an unreadable one is shown unchanged."""
    try:
        at = datetime.fromisoformat(str(value))
    except ValueError:
        return text(value, 40) if value else "not said"
    return format_stamp(at) if at.tzinfo is not None else f"{at} (no zone given)"


def _said(value: JsonValue) -> str:
    """Return a parameter as text: texts as they are, the rest as JSON."""
    return text(value, 1_000)


def _cell(value: object) -> str:
    """Escape a text for a Markdown table's cell."""
    plain = " ".join(str(value).split())
    for mark in "\\`*_{}[]<>|#":
        plain = plain.replace(mark, f"\\{mark}")
    return plain

"""Whose desk a request is, what each item asks, and how soon: by the playbooks' own words, total for any text."""

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from dispatch.models.language import ENGLISH
from dispatch.models.request.intake import Triage, TriageBrief
from dispatch.models.request.item import OTHER, Item
from dispatch.models.work.playbook import Playbook, PlaybookInForce, Reception
from dispatch.process.fields import field_values, whole_value
from dispatch.process.intake import OVERFLOW_ITEM
from dispatch.text.extraction import says
from dispatch.text.new_words import own_words

_UNROUTED_PRIORITY: Final = 3
_FAIRNESS_KEY_BYTES: Final = 64


class Fit(NamedTuple):
    """How well phrases fit a text; more hits beat longer ones."""

    hits: int
    letters: int


def triage(brief: TriageBrief, playbooks: Mapping[str, PlaybookInForce], reception: Reception) -> Triage:
    """Route, rank and sort the items; never raises for any text. A request that is unread goes where a person routes it.

    Without a desk (unknown name, no phrase fits, or two fit equally) `playbook` is None and a person routes.
    """
    desk, why = _route(brief, playbooks)
    in_force = playbooks[desk] if desk is not None else None
    items, priority = brief.intake.items, _UNROUTED_PRIORITY
    if in_force is not None and brief.intake.unread:
        priority = in_force.playbook.priority
    elif in_force is not None:
        items, left_out = _sorted_items(brief, in_force.playbook)
        priority, sign = _priority(brief, in_force.playbook)
        why = "; ".join(part for part in (why, sign, left_out) if part)
    language, unusable = _language(brief.submission.language, in_force)
    why = "; ".join(part for part in (why, unusable) if part)
    return Triage(
        handoff=brief.handoff,
        playbook=in_force,
        reception=reception,
        desks=tuple(sorted(playbooks)),
        priority=priority,
        fairness_key=fairness_key(brief.submission.sender.address),
        items=items,
        why=why,
        language=language,
    )


def _language(stated: str | None, in_force: PlaybookInForce | None) -> tuple[str, str]:
    """Return the language to write in, and why it is not the one that the submission states."""
    known = in_force.playbook.languages if in_force is not None else (ENGLISH,)
    if stated is None or stated in known:
        return stated or known[0], ""
    return known[
        0
    ], f"the stated language {stated!r} is none of the desk's ({', '.join(known)}); {known[0]} is used"


def fairness_key(address: str) -> str:
    """Return the address's domain in lower case, 'unknown' without one; Temporal takes 64 bytes at most."""
    domain = address.rpartition("@")[2].strip().rstrip(".").lower() if "@" in address else ""
    # The right end of a domain names the organisation; the left one is free to vary.
    return domain.encode("utf-8", "replace")[-_FAIRNESS_KEY_BYTES:].decode("utf-8", "ignore") or "unknown"


def _whole_request(brief: TriageBrief) -> str:
    return f"{brief.intake.subject}\n{brief.intake.body}"


def _own_request(brief: TriageBrief) -> str:
    """Return what the sender says now: what is quoted tells neither a field nor an urgency."""
    return f"{brief.intake.subject}\n{own_words(brief.intake.body)}"


def _route(brief: TriageBrief, playbooks: Mapping[str, PlaybookInForce]) -> tuple[str | None, str]:
    if brief.intake.unread and brief.desk is None:
        return None, f"{brief.intake.unread}; a person routes"
    named = brief.desk or brief.submission.desk
    if named:
        if named in playbooks:
            return named, f"the desk {named} was named"
        return None, f"the named desk {named[:60]!r} does not exist; a person routes"
    text = _whole_request(brief)
    # Hits alone: which desk has the longer words for one thing says nothing of whose the request is.
    hits = {
        desk: fit_of(text, entry.playbook.routing.phrases).hits for desk, entry in sorted(playbooks.items())
    }
    best = max(hits.values(), default=0)
    first = [desk for desk, number in hits.items() if number == best]
    if best == 0:
        return None, "no desk's phrases fit; a person routes"
    if len(first) > 1:
        return None, f"{' and '.join(first)} fit equally well; a person routes"
    return first[0], f"{best} of the phrases of {first[0]} fit"


def fit_of(text: str, phrases: Iterable[str]) -> Fit:
    """Count the phrases that occur in the text as whole words, whatever their case and accents."""
    hit = says(text, phrases)
    return Fit(len(hit), sum(map(len, hit)))


def _sorted_items(brief: TriageBrief, playbook: Playbook) -> tuple[tuple[Item, ...], str]:
    stated = {
        field: value
        for field, raw in brief.submission.fields.items()
        if field in playbook.fields
        and (value := whole_value((spec := playbook.fields[field]).pattern, raw, spec.writings)) is not None
    }
    own = _own_request(brief)
    whole = {field: field_values(spec, own) for field, spec in playbook.fields.items()}
    alone = len(brief.intake.items) == 1
    items = tuple(
        _sorted_item(item, playbook, stated, whole, brief.intake.subject if alone else "")
        for item in brief.intake.items
    )
    unfit = sorted(set(brief.submission.fields) - set(stated))
    return items, f"stated fields that the desk cannot use: {', '.join(unfit)}"[:300] if unfit else ""


def _sorted_item(
    item: Item,
    playbook: Playbook,
    stated: Mapping[str, str],
    whole: Mapping[str, tuple[str, ...]],
    subject: str,
) -> Item:
    kind = kind_of(item, playbook)
    if kind == OTHER and subject and item.item_id != OVERFLOW_ITEM:
        kind = _best_ask(subject, playbook)
    fields = dict(stated)
    for field, spec in playbook.fields.items():
        own = field_values(spec, item.text)
        if len(own) == 1:
            fields[field] = own[0]
    for field in _wanted(kind, playbook):
        # Only what this item's kind may be asked for: the damage that another item tells is none of this one's.
        if field not in fields and len(whole.get(field, ())) == 1:
            fields[field] = whole[field][0]
    return item.model_copy(update={"kind": kind, "fields": fields})


def _wanted(kind: str, playbook: Playbook) -> tuple[str, ...]:
    """Return the fields that the desk would have to ask for: required by the kind, or by a handoff rule on its work."""
    ask = playbook.intents.get(kind)
    if ask is None:
        return ()
    by_rules = (
        rule.field
        for rule in playbook.routing_rules
        if rule.field is not None
        and rule.when.intent in {None, kind}
        and (rule.when.specialist is None or rule.when.specialist in ask.specialists)
    )
    return tuple(dict.fromkeys((*ask.requires, *by_rules)))


def kind_of(item: Item, playbook: Playbook) -> str:
    """Return the ask whose phrases fit the item best, the first declared of equals, 'other' where none fits."""
    # Several asks in one text have no one kind; taking the best would skip the rest in silence.
    return OTHER if item.item_id == OVERFLOW_ITEM else _best_ask(item.text, playbook)


def _best_ask(text: str, playbook: Playbook) -> str:
    fits = {name: fit_of(text, ask.phrases) for name, ask in playbook.intents.items()}
    best = max(fits, key=lambda name: fits[name])
    return best if fits[best].hits else OTHER


def _priority(brief: TriageBrief, playbook: Playbook) -> tuple[int, str]:
    text = _own_request(brief)
    signs = [(sign.priority, phrase) for sign in playbook.urgency for phrase in says(text, sign.phrases)]
    if not signs:
        return playbook.priority, ""
    priority, phrase = min(signs)
    return priority, f"urgent: {phrase!r} was said"

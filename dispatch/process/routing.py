"""Whose desk a request is, what each item asks, and how soon: by the playbooks' own words, total for any text."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from dispatch.models.language import ENGLISH
from dispatch.models.request.classified import Classified, Understanding
from dispatch.models.request.intake import Triage, TriageBrief
from dispatch.models.request.item import OTHER, Item
from dispatch.models.work.playbook import Playbook, PlaybookInForce, Reception
from dispatch.models.work.ranking import Rank, RankingFacts
from dispatch.process.family.splitting import answering_desk, parts_in
from dispatch.process.fields import enclosed_values, field_values, stated_value
from dispatch.process.intake import OVERFLOW_ITEM
from dispatch.process.sorting import Texts, has_own_subject, is_in_scope, merged, reasons, sort_item, texts_of
from dispatch.ranking.deadlines import deadline_in
from dispatch.ranking.organisations import fairness_key, organisation_of
from dispatch.ranking.rank import rank
from dispatch.text.enclosed import enclosing
from dispatch.text.extraction import amounts_in, says, says_outright
from dispatch.text.new_words import own_words

_MOST_AMOUNTS: Final = 20


class Fit(NamedTuple):
    """How well phrases fit a text; more hits beat longer ones."""

    hits: int
    letters: int


def triage(
    brief: TriageBrief,
    playbooks: Mapping[str, PlaybookInForce],
    reception: Reception,
    understanding: Understanding | None = None,
) -> Triage:
    """Route, rank and sort the items; never raises for any text. A request that is unread goes where a person routes it.

    `understanding` holds what the classifiers of the desks read in `texts_of(brief).all()`. Without a desk (unknown
    name, none fits, or two fit equally) `playbook` is None and a person routes.
    """
    read = _Read.of(brief, understanding or Understanding())
    parts = parts_in(brief, playbooks, read.by_desk)
    desk, why = answering_desk(parts, playbooks) if parts else _route(brief, playbooks, read)
    in_force = playbooks[desk] if desk is not None else None
    items, ranked = brief.intake.items, Rank()
    facts = RankingFacts(asked_at=brief.submission.asked_at)
    sender, weight = brief.submission.sender.address, None
    if in_force is not None:
        playbook, notes = in_force.playbook, ""
        if not brief.intake.unread and not parts:
            items, notes = _sorted_items(brief, playbook, read)
        facts = _ranking_facts(brief, playbook)
        ranked = rank(facts, playbook.ranking)
        weight = playbook.ranking.shares.get(organisation_of(sender))
        why = "; ".join(part for part in (why, ranked.in_words, notes) if part)
    language, unusable = _language(brief.submission.language, read.language, in_force)
    why = "; ".join(part for part in (why, unusable) if part)
    return Triage(
        handoff=brief.handoff,
        playbook=in_force,
        reception=reception,
        desks=tuple(sorted(playbooks)),
        ranking=facts,
        rank=ranked,
        fairness_key=fairness_key(sender),
        fairness_weight=weight,
        items=items,
        why=why,
        language=language,
        parts=parts,
    )


class _Read(NamedTuple):
    """What the classifiers made of a request, by desk and text; `texts` are those that they read."""

    texts: Texts
    language: str
    by_desk: Mapping[str, Mapping[str, Classified]]
    made_by: Mapping[str, str]

    @classmethod
    def of(cls, brief: TriageBrief, understanding: Understanding) -> "_Read":
        texts = texts_of(brief)
        in_order = texts.all()
        by_desk = {
            desk: dict(zip(in_order, read, strict=True)) for desk, read in understanding.by_desk.items()
        }
        return cls(texts, understanding.language, by_desk, understanding.made_by)


def _language(stated: str | None, found: str, in_force: PlaybookInForce | None) -> tuple[str, str]:
    """Return the language to write in, and why it is not the one that the submission states or is written in."""
    known = in_force.playbook.languages if in_force is not None else (ENGLISH,)
    wanted = stated if stated is not None else found
    if not wanted or wanted in known:
        return wanted or known[0], ""
    how = "stated language" if stated is not None else "request's language"
    return known[0], f"the {how} {wanted!r} is none of the desk's ({', '.join(known)}); {known[0]} is used"


def _whole_request(brief: TriageBrief) -> str:
    return f"{brief.intake.subject}\n{enclosing(brief.intake.body).around}"


def _own_request(brief: TriageBrief) -> str:
    """Return what the sender says now: what is quoted tells neither a field nor an urgency."""
    return f"{brief.intake.subject}\n{own_words(brief.intake.body)}"


def _route(
    brief: TriageBrief, playbooks: Mapping[str, PlaybookInForce], read: _Read
) -> tuple[str | None, str]:
    if brief.intake.unread and brief.desk is None:
        return None, f"{brief.intake.unread}; a person routes"
    named = brief.desk or brief.submission.desk
    if not named and brief.submission.part is not None:
        return None, "no desk takes this part of a request for its own; a person routes"
    if named:
        if named in playbooks:
            return named, f"the desk {named} was named"
        return None, f"the named desk {named[:60]!r} does not exist; a person routes"
    return _by_text(_whole_request(brief), playbooks, read)


def _by_text(text: str, playbooks: Mapping[str, PlaybookInForce], read: _Read) -> tuple[str | None, str]:
    """Find the desk by its examples where it has any, by its phrases otherwise."""
    # Hits alone: which desk has the longer words for one thing says nothing of whose the request is.
    hits = {
        desk: fit_of(text, entry.playbook.routing.phrases).hits
        for desk, entry in sorted(playbooks.items())
        if desk not in read.by_desk
    }
    best = max(hits.values(), default=0)
    first = [desk for desk, number in hits.items() if number == best > 0]
    taken = {
        desk: one.playbook
        for desk, one in sorted(playbooks.items())
        if desk in read.by_desk and is_in_scope(tuple(read.by_desk[desk].values()), one.playbook.triage)
    }
    fitting = sorted((*first, *taken))
    if not fitting:
        return None, "no desk takes it for its own; a person routes"
    if len(fitting) > 1:
        return _by_most_phrases(text, fitting, playbooks)
    desk = fitting[0]
    if desk in taken:
        scope = max(one.in_scope for one in read.by_desk[desk].values())
        return desk, f"{desk} is asked for it by its examples ({scope:.2f})"
    return desk, f"{best} of the phrases of {desk} fit"


def _by_most_phrases(
    text: str, fitting: Sequence[str], playbooks: Mapping[str, PlaybookInForce]
) -> tuple[str | None, str]:
    """Return the one of several desks that has the most routing phrases in a text; none where two have equally many."""
    hits = {desk: fit_of(text, playbooks[desk].playbook.routing.phrases).hits for desk in fitting}
    most = max(hits.values())
    names, (desk, *others) = " and ".join(fitting), [desk for desk in fitting if hits[desk] == most]
    if others:
        return None, f"{names} fit equally well; a person routes"
    return desk, f"{names} take it for their own, and most phrases of {desk} fit ({most})"


def fit_of(text: str, phrases: Iterable[str]) -> Fit:
    """Count the phrases that occur in the text as whole words, whatever their case and accents."""
    hit = says(text, phrases)
    return Fit(len(hit), sum(map(len, hit)))


class Told(NamedTuple):
    """Values of the desk's fields that are not of one item alone: stated beside the text, and told anywhere in it."""

    stated: Mapping[str, str]
    whole: Mapping[str, tuple[str, ...]]


def told_in(brief: TriageBrief, playbook: Playbook) -> Told:
    """Return what the submission states, as far as the desk can use it, and what its sender's own words tell."""
    stated = {
        field: value
        for field, raw in brief.submission.fields.items()
        if field in playbook.fields and (value := stated_value(playbook.fields[field], raw)) is not None
    }
    own, names = _own_request(brief), [document.name for document in brief.submission.attachments]
    material = enclosed_values(brief.intake.body, names)
    whole = {f: material if s.enclosed else field_values(s, own) for f, s in playbook.fields.items()}
    return Told(stated, whole)


def _sorted_items(brief: TriageBrief, playbook: Playbook, read: _Read) -> tuple[tuple[Item, ...], str]:
    told = told_in(brief, playbook)
    classified = _classified_items(brief, read.texts, read.by_desk.get(playbook.desk, {}))
    subject = brief.intake.subject if has_own_subject(brief) else ""
    items = tuple(
        with_fields(_with_kind(item, playbook, classified, subject), playbook, told)
        for item in brief.intake.items
    )
    notes = []
    if classified:
        items = merged(items, classified, playbook)
        notes.append(reasons(items, read.made_by.get(playbook.desk, ""), classified))
    if unfit := sorted(set(brief.submission.fields) - set(told.stated)):
        notes.append(f"stated fields that the desk cannot use: {', '.join(unfit)}"[:300])
    return items, "; ".join(notes)


def _classified_items(
    brief: TriageBrief, texts: Texts, read: Mapping[str, Classified]
) -> dict[str, Classified]:
    """Return each item's reading; a single item has its subject's too, and the surer of both counts."""
    if not read:
        return {}
    classified = {item.item_id: read[item.text] for item in brief.intake.items}
    if has_own_subject(brief):
        only = brief.intake.items[0].item_id
        both = (classified[only], read[texts.with_subject])
        classified[only] = max(both, key=lambda one: one.candidates[0].score)
    return classified


def _with_kind(item: Item, playbook: Playbook, classified: Mapping[str, Classified], subject: str) -> Item:
    if classified:
        return sort_item(item, classified[item.item_id], playbook)
    kind = kind_of(item, playbook)
    if kind == OTHER and subject and item.item_id != OVERFLOW_ITEM:
        kind = _best_ask(subject, playbook)
    return item.model_copy(update={"kind": kind})


def with_fields(item: Item, playbook: Playbook, told: Told) -> Item:
    """Return the item with the fields that it states, and with those that its kind needs and the request tells once."""
    fields = dict(told.stated)
    for field, spec in playbook.fields.items():
        own = () if spec.enclosed else field_values(spec, item.text)
        if len(own) == 1:
            fields[field] = own[0]
    for field in _wanted(item.kind, playbook):
        # Only what this item's kind may be asked for: the damage that another item tells is none of this one's.
        if field not in fields and len(told.whole.get(field, ())) == 1:
            fields[field] = told.whole[field][0]
    return item.model_copy(update={"fields": fields})


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


def _ranking_facts(brief: TriageBrief, playbook: Playbook) -> RankingFacts:
    """Return what the sender's own words tell of how soon it is wanted; of an unread request only when it was asked."""
    asked_at = brief.submission.asked_at
    if brief.intake.unread:
        return RankingFacts(asked_at=asked_at, urgency=playbook.priority)
    text = _own_request(brief)
    said = frozenset(says_outright(text, (phrase for sign in playbook.urgency for phrase in sign.phrases)))
    signs = [
        (sign.priority, phrase) for sign in playbook.urgency for phrase in sign.phrases if phrase in said
    ]
    urgency, sign = min(signs, default=(playbook.priority, ""))
    weighed = (amount for amount in amounts_in(text) if amount.currency in playbook.ranking.value)
    amounts = sorted(weighed, key=lambda amount: (-amount.amount_minor, amount.currency))
    return RankingFacts(
        asked_at=asked_at,
        urgency=urgency,
        sign=sign,
        deadline=deadline_in(text, asked_at),
        amounts=tuple(amounts[:_MOST_AMOUNTS]),
    )

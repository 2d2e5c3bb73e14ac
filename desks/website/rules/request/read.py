"""Reads a request's words: what is to change on which page; what is not understood is kept, and asked about."""

import re
from collections.abc import Iterator
from typing import Final

from desks.website.models.changes import Change, Check, Unclear, Wish
from desks.website.rules.request.clauses import asks_for_something, clauses_of
from desks.website.rules.request.expectations import check_in
from desks.website.rules.request.forms import adding, file_sent, removing, setting
from desks.website.rules.request.marks import Marked, marked
from desks.website.rules.request.pages import without_page
from desks.website.rules.request.replacing import from_to, replacing

_LEAD: Final = re.compile(
    r"^(?:(?:please|kindly|also|and|then|next|finally|secondly|first(?:ly)?,|ok(?:ay)?|hi|hello|hey|so|now|"
    r"(?:can|could|would|will) (?:you|we|somebody|someone)(?: please| kindly)?|we(?:'d| would)? (?:need|like|want)(?: you)? to|we should|"
    r"i(?:'d| would)? (?:like|want|need)(?: you)? to|you (?:can|should|need to)|"
    r"bitte|außerdem|zudem|dann|und|(?:können|könnten|würden) sie(?: bitte)?|(?:kannst|könntest|würdest) du(?: bitte)?)[,:]?\s+)+",
    re.IGNORECASE,
)
_TAIL: Final = re.compile(
    r"(?:[,\s]+(?:please|thanks|thank you|now|today|asap|as soon as possible|bitte|danke|again|instead|sie))*[\s.!?;,]*$",
    re.IGNORECASE,
)
_EVERYWHERE: Final = re.compile(
    r"\s{0,4},?\s{0,4}\b(?:everywhere(?: on (?:the|this) page)?|in all places|all over the page|throughout(?: the page)?|wherever it (?:stands|appears|occurs)|"
    r"(?:all|every) (?:occurrences?|instances?|mentions?)(?: of)?|überall(?: auf der seite)?|an allen stellen|alle vorkommen(?: von)?)\b",
    re.IGNORECASE,
)
_DOUBT: Final = re.compile(
    r"\b(?:not|never|don'?t|do not|doesn'?t|won'?t|if|unless|in case|provided|maybe|perhaps|either|or|except|but|nicht|kein[en]?|nie|falls|sofern|wenn|vielleicht|oder|außer|aber|all pages|every page|"
    r"allen seiten|jeder seite)\b",
    re.IGNORECASE,
)
_SCOPE_FIRST: Final = re.compile(
    r"^(?:in|on|inside|within|im|auf) (?P<scope>[^\ue000-\uebff,]{2,60}?(?:[\ue000-\uebff][^\ue000-\uebff,]{0,30}?)?|[\ue000-\uebff]),? "
    r"(?P<rest>(?:replace|change|swap|correct|fix|update|remove|delete|ersetzen?|ersetze|ändern?|ändere|tauschen?|tausche|entfernen?|entferne|"
    r"löschen?|lösche) .+)$",
    re.IGNORECASE,
)
_ANNOUNCING: Final = frozenset(
    {
        *(
            "please",
            "we",
            "i",
            "make",
            "need",
            "have",
            "do",
            "carry",
            "out",
            "the",
            "following",
            "these",
            "a",
            "few",
            "some",
        ),
        *(
            "small",
            "change",
            "changes",
            "update",
            "updates",
            "edit",
            "edits",
            "correction",
            "corrections",
            "to",
            "on",
            "for",
        ),
        *(
            "us",
            "would",
            "like",
            "want",
            "website",
            "site",
            "page",
            "pages",
            "bitte",
            "folgende",
            "änderung",
            "änderungen",
        ),
        *("ein", "paar", "kleine", "haben", "wir", "für", "sie", "machen", "ändern", "auf", "der", "seite"),
    }
)


def wish_of(body: str, subject: str = "") -> Wish:
    """Return the changes that the words ask for, in their order, and the clauses that were not understood.

    A page that is named stays meant until another is. The subject names a page, and asks where the body does not.
    """
    wish = _read(body, _pages_in(subject))
    if not wish.changes and not wish.unclear and subject:
        wish = _read(f"{subject}\n\n{body}", ())
    return wish


def _pages_in(subject: str) -> tuple[str, ...]:
    text = marked(subject)
    _, page = without_page(text.text, text)
    return (page,) if page else ()


def _read(body: str, known: tuple[str, ...]) -> Wish:
    text = marked(body)
    changes: list[Change] = []
    unclear: list[Unclear] = []
    checks: list[Check] = []
    pages = list(known)
    page = known[0] if known else ""
    for clause in clauses_of(text.text):
        plain, named = without_page(clause, text)
        if named:
            page = named
            pages.append(named)
        said = text.said(clause)
        plain = _TAIL.sub("", _LEAD.sub("", plain.strip(" ,:")))
        if (found := check_in(plain, text)) is not None:
            checks.append(found)
            continue
        change = _change(plain, text)
        if change is not None and not _DOUBT.search(plain):
            changes.append(change.model_copy(update={"page": page, "said": said}))
        elif change is not None or (asks_for_something(plain) and not _announces(plain)):
            unclear.append(Unclear(said=said, why="not_understood"))
    return Wish(
        changes=tuple(changes),
        unclear=tuple(unclear),
        checks=tuple(checks),
        pages=tuple(dict.fromkeys(pages)),
    )


def _announces(clause: str) -> bool:
    """Return whether a clause only announces the changes that follow."""
    return all(word in _ANNOUNCING for word in re.findall(r"\w+", clause.casefold()))


def _change(plain: str, text: Marked) -> Change | None:
    everywhere = bool(_EVERYWHERE.search(plain))
    clause = _EVERYWHERE.sub(" ", plain).strip() if everywhere else plain
    if found := _SCOPE_FIRST.match(clause):
        clause = f"{found['rest']} in {found['scope']}"
    for change in _readings(" ".join(clause.split()), text):
        return change.model_copy(update={"everywhere": everywhere}) if everywhere else change
    return None


def _readings(clause: str, text: Marked) -> Iterator[Change]:
    """Yield what a clause may mean, the most telling form first."""
    yield from file_sent(clause, text)
    yield from from_to(clause, text)
    yield from replacing(clause, text)
    yield from adding(clause, text)
    yield from removing(clause, text)
    yield from setting(clause, text)

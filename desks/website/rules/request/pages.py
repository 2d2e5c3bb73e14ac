"""Finds which page a clause names, and takes that out of it."""

import re
from typing import Final

from desks.website.rules.request.marks import PAGE, QUOTE, URL, Marked

_AT: Final = r"(?:on|in|at|of|from|for|auf|in|von|bei|an)"
_ART: Final = r"(?:the |our |your |this |der |unserer |die |unsere )?"
_NOUN: Final = r"(?:web ?page|page|web ?site|site|file|url|seite|webseite|datei)"
_HOME: Final = r"(?:home ?page|start ?page|front ?page|landing page|startseite|homepage)"
_NO_NAMES: Final = frozenset(
    {
        "web",
        "this",
        "that",
        "same",
        "whole",
        "entire",
        "current",
        "the",
        "our",
        "each",
        "every",
        "all",
        "same web",
        "right",
    }
)


def without_page(clause: str, text: Marked) -> tuple[str, str]:
    """Return a clause without the page that it names, and that page as it was named; empty where it names none."""
    mark = text.kinds(PAGE, URL)
    quote = text.kinds(QUOTE)
    forms = (
        (rf"\b{_AT} {_ART}(?:{_NOUN} )?(?P<mark>{mark})(?: {_NOUN})?(?![^\s,.:;!?)])", None),
        (rf"^(?:{_ART}{_NOUN} )?(?P<mark>{mark})\s*(?::|,|\u2013|-(?=\s)|$)", None),
        (rf"\b(?:{_AT} )?{_ART}{_NOUN}:? (?P<mark>{mark})", None),
        (rf"\b{_AT} {_ART}(?P<home>{_HOME})\b", "/"),
        (rf"\b{_AT} {_ART}(?:{_NOUN}) (?:called |named |titled |namens )?(?P<quote>{quote})", None),
        (rf"\b{_AT} {_ART}(?P<quote>{quote}) (?:{_NOUN})\b", None),
        (
            rf"\b{_AT} (?:the|our|your|der|unserer) (?P<name>[\w-]+(?: [\w-]+){{0,2}}?)[ -](?:page|seite)\b",
            None,
        ),
        (r"\b(?:auf|in|von) (?:der|unserer) (?P<name>[\wäöüß-]{3,40}?)-?seite\b", None),
        (rf"^(?:{_ART})(?P<name>[\w-]+(?: [\w-]+)?) page\s*:", None),
    )
    for form, fixed in forms:
        found = re.search(form, clause, re.IGNORECASE)
        if not found:
            continue
        groups = found.groupdict()
        named = fixed or ""
        if groups.get("mark"):
            one = text.mark(groups["mark"])
            if one.kind == URL and not one.text.startswith("http"):
                continue
            named = one.text
        elif groups.get("quote"):
            named = text.mark(groups["quote"]).text
        elif groups.get("name"):
            named = groups["name"].strip()
            if named.lower() in _NO_NAMES:
                continue
        rest = f"{clause[: found.start()]} {clause[found.end() :]}"
        return " ".join(rest.split()).strip(" ,:"), named
    return clause, ""

"""Reads changes of words into others: 'replace A with B', in their many forms."""

import re
from collections.abc import Iterator
from typing import Final

from desks.website.models.changes import Change, Kind, Part, Target
from desks.website.rules.request.marks import AMOUNT, QUOTE, URL, Marked
from desks.website.rules.request.targets import target_of

TO: Final = r"(?:to (?:be|read|say|link to|point to|go to)|to|into|with|by|as|so that it (?:says|reads)|in|auf|durch|mit|zu|gegen|als)"
_SCOPE: Final = (
    r"(?: ?(?:in|on|of|for|inside|within|im|auf) [^\ue000-\uebff]*(?:[\ue000-\uebff][^\ue000-\uebff]*)?)?"
)
_SIE: Final = r"(?: sie)?"


def replacing(clause: str, text: Marked) -> Iterator[Change]:
    """Read 'replace A with B', 'change A to B in the heading', 'ersetze A durch B', 'A → B', 'A should read B'."""
    old = text.kinds(QUOTE, AMOUNT, URL)
    noun = r"(?:(?:the |der |die |das |den )?(?:old |current |alten? )?(?:text|words?|phrase|sentence|wording|price|number|date|line|name|wort|worte|satz|preis|zahl|datum) )?"
    sie = r"(?: sie)?"
    forms = (
        rf"(?:replace|swap|substitute|exchange|change|update|correct|fix|turn|edit|ersetzen?{sie}|tauschen?{sie}|ändern?{sie}|ändere|ersetze|tausche|korrigieren?{sie}|korrigiere){{}} {noun}(?:from |von )?(?P<old>{old}){{}} {TO} {noun}(?P<new>{old})(?: aus)?{{}}",
        rf"{{}}(?:change|update) {noun}from (?P<old>{old}){{}} to (?P<new>{old}){{}}",
        rf"(?:instead of|statt|anstatt|anstelle von) (?P<old>{old}),? (?:write|put|use|say|schreiben?{sie}|schreibe|setzen?{sie})?{{}} ?(?P<new>{old}){{}}",
        rf"(?:use|write|put|say|schreiben?{sie}|schreibe) (?P<new>{old}){{}} (?:instead of|statt|anstatt|anstelle von) (?P<old>{old}){{}}",
        rf"{{}}{noun}(?P<old>{old}){{}} (?:should|must|needs to|has to|soll(?:te)?|muss) (?:now |instead |jetzt )?(?:read|be|say|become|be changed to|be replaced (?:with|by)|lauten|heißen|sein) (?P<new>{old}){{}}",
        rf"{{}}{noun}(?P<old>{old}){{}} (?:soll(?:te)?|muss) (?:jetzt |künftig |nun )?(?P<new>{old}) (?:lauten|heißen|sein)",
        rf"{{}}{noun}(?P<old>{old}){{}} ?(?:->|=>|→) ?(?P<new>{old}){{}}",
        rf"{{}}{noun}(?P<old>{old}) (?:durch|mit|gegen|in|zu) (?P<new>{old}) (?:ersetzen|tauschen|austauschen|ändern|korrigieren){{}}",
    )
    for form in forms:
        filled = form
        for name in ("a", "b", "c"):
            filled = filled.replace("{}", f"(?P<{name}>{_SCOPE})", 1)
        found = re.fullmatch(filled, clause, re.IGNORECASE)
        if not found:
            continue
        scopes = [part for name in ("a", "b", "c") if (part := found.groupdict().get(name)) and part.strip()]
        target = Target(part=Part.TEXT, words=text.mark(found["old"]).text, said=text.mark(found["old"]).said)
        if len(scopes) > 1:
            return
        if scopes:
            scope = target_of(scopes[0], text)
            if (
                scope is None
                or (scope.words and scope.part is Part.TEXT)
                or scope.attribute not in ("", "alt")
            ):
                return
            target = _scoped(target, scope)
        yield Change(kind=Kind.REPLACE, target=target, value=text.mark(found["new"]).text)
        return


def _scoped(target: Target, scope: Target) -> Target:
    """Return the words of one target inside the place of another."""
    return scope.model_copy(
        update={"words": target.words, "around": scope.words, "said": f"{target.said} in {scope.said}"}
    )


def from_to(clause: str, text: Marked) -> Iterator[Change]:
    """Read 'change the heading from A to B', and 'update the price from A to B'."""
    old = text.kinds(QUOTE, AMOUNT, URL)
    sie = _SIE
    if found := re.fullmatch(
        rf"(?:change|update|correct|ändern?{sie}|ändere) (?P<noun>[^\ue000-\uebff]{{1,60}}?) (?:from|von) (?P<old>{old}) (?:to|auf|in|zu) (?P<new>{old})",
        clause,
        re.IGNORECASE,
    ):
        named = target_of(f"{found['noun']} {found['old']}", text)
        words = text.mark(found["old"])
        if named is None or named.part is Part.TEXT:
            named = Target(part=Part.TEXT, words=words.text, said=words.said)
        if named.part in (Part.TITLE, Part.DESCRIPTION) or named.attribute:
            yield Change(
                kind=Kind.SET,
                target=named.model_copy(update={"words": ""}),
                value=text.mark(found["new"]).text,
            )
        elif named.part is Part.TEXT:
            yield Change(kind=Kind.REPLACE, target=named, value=text.mark(found["new"]).text)
        else:
            yield Change(kind=Kind.SET, target=named, value=text.mark(found["new"]).text)
        return

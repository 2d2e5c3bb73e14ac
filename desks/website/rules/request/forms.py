"""Reads what a clause asks for otherwise than to replace words: to set, remove and add something, or to take a file."""

import re
from collections.abc import Iterator

from desks.website.models.changes import Change, Kind, Part, Target, Where
from desks.website.rules.request.clauses import VERBS
from desks.website.rules.request.marks import AMOUNT, FILE, PAGE, QUOTE, URL, Marked
from desks.website.rules.request.replacing import TO
from desks.website.rules.request.targets import target_of


def setting(clause: str, text: Marked) -> Iterator[Change]:
    """Read 'change the heading A to B', 'set the meta description to B', 'the link A should go to URL', 'in #x put B'."""
    value = text.kinds(QUOTE, AMOUNT, URL, FILE, PAGE)
    sie = r"(?: sie)?"
    forms = (
        rf"(?:{VERBS}){sie} (?P<target>.+?) {TO} (?P<value>{value})(?: um)?",
        rf"(?:in|inside|on|im|in der|auf) (?P<target>.+?),? (?:put|write|insert|show|use|schreiben?{sie}|schreibe|setzen?{sie}) (?P<value>{value})(?: ein)?",
        rf"(?P<target>.+?) (?:should|must|needs to|has to|soll(?:te)?|muss) (?:now |jetzt )?(?:read|be|say|go to|point to|link to|lead to|become|lauten|heißen|führen(?: auf| zu)?|zeigen auf|auf) (?P<value>{value})(?: lauten| heißen| zeigen| verweisen)?",
        rf"(?P<target>.+?) (?:soll(?:te|en)?|muss) (?:jetzt |künftig |nun )?(?:auf |zu )?(?P<value>{value}) (?:lauten|heißen|sein|zeigen|führen|verweisen|stehen)",
        rf"(?P<target>.+?) (?:auf|in|zu|durch) (?P<value>{value}) (?:ändern|setzen|umbenennen|ersetzen)",
        rf"(?:put|write|add|use|set|schreiben?{sie}|schreibe|setzen?{sie}) (?P<value>{value}) (?:as|in|into|als|in) (?P<target>.+)",
        rf"(?:add|set|give|ergänzen?{sie}|ergänze) (?:the |an |a |den |einen )?(?P<alt>alt(?:ernative)?(?:[- ]?text)?|alternativtext) (?P<value>{value}) (?:to|for|on|für|zu|bei) (?P<target>.+)",
        rf"(?P<target>(?:the |die |der |den )?(?:new |neue[rns]? )?(?:page |meta )?(?:title|description|titel|beschreibung|meta-beschreibung)) ?[:=] ?(?P<value>{value})",
    )
    for form in forms:
        found = re.fullmatch(form, clause, re.IGNORECASE)
        if not found:
            continue
        words = found["target"]
        if "alt" in found.re.groupindex:
            words = f"alt text of {words}"
        target = target_of(re.sub(r"\b(?:new|neue[rns]?)\b ", "", words), text)
        if target is None or (target.part is Part.TEXT and not target.selector):
            continue
        mark = text.mark(found["value"])
        if target.part is Part.LINK and not target.attribute and mark.kind in (URL, FILE, PAGE):
            target = target.model_copy(update={"attribute": "href"})
        if mark.kind == PAGE and target.attribute not in ("href", "src"):
            continue
        if target.part is Part.IMAGE and not target.attribute:
            if mark.kind not in (FILE, URL):
                continue
            target = target.model_copy(update={"attribute": "src"})
        yield Change(kind=Kind.SET, target=target, value=mark.text)
        return


def removing(clause: str, text: Marked) -> Iterator[Change]:
    """Read 'remove the paragraph that begins with A', 'delete A', 'lösche den Absatz, der mit A beginnt'."""
    forms = (
        r"(?:remove|delete|drop|take out|get rid of|entfernen?(?: sie)?|löschen?(?: sie)?|lösche|streichen?(?: sie)?|streiche|entferne) (?P<target>.+)",
        r"(?P<target>.+) (?:should|must|can) (?:be removed|be deleted|go)",
        r"(?P<target>.+) (?:entfernen|löschen|streichen|soll weg|kann weg)",
    )
    for form in forms:
        if found := re.fullmatch(form, clause, re.IGNORECASE):
            target = target_of(found["target"], text)
            if target is not None:
                yield Change(kind=Kind.REMOVE, target=target)
                return


def adding(clause: str, text: Marked) -> Iterator[Change]:
    """Read 'add the paragraph A after the heading B', 'füge nach B den Satz A ein'."""
    value = text.kinds(QUOTE)
    where = r"(?P<where>after|below|under|underneath|behind|following|before|above|in front of|nach|hinter|unter|vor|über)"
    sie = r"(?: sie)?"
    what = r"(?P<what>(?:(?:the|a|an|another|new|following|words?|text|den|einen|eine|die|das|neuen?|folgenden) )*(?:paragraph|sentence|list item|bullet point|bullet|item|heading|headline|line|text|absatz|satz|listenpunkt|überschrift|text)?:? ?)"
    forms = (
        rf"(?:add|insert|put|append|place|ergänzen?{sie}|ergänze|füge[n]?{sie}|setzen?{sie}|schreiben?{sie}) {what}(?P<value>{value})(?: as (?:a|an)(?: new)? (?P<kind>paragraph|list item|heading))? {where} (?P<target>.+?)(?: (?:ein|hinzu|an))?",
        rf"{where} (?P<target>.+?),? (?:add|insert|put|place|ergänzen?{sie}|ergänze|füge[n]?{sie}|setzen?{sie}|schreiben?{sie}) {what}(?P<value>{value})(?: (?:ein|hinzu|an))?",
        rf"(?:füge[n]?{sie}|ergänze|ergänzen?{sie}|setze[n]?{sie}|schreiben?{sie}) {where} (?P<target>.+?) {what}(?P<value>{value})(?: (?:ein|hinzu|an))?",
    )
    for form in forms:
        found = re.fullmatch(form, clause, re.IGNORECASE)
        if not found:
            continue
        target = target_of(found["target"], text)
        if target is None or target.part in (Part.TITLE, Part.DESCRIPTION) or target.attribute:
            continue
        named = (found["what"] + " " + (found.groupdict().get("kind") or "")).lower()
        before = re.match(r"before|above|in front|vor|über", found["where"], re.IGNORECASE)
        yield Change(
            kind=Kind.ADD,
            target=target,
            value=text.mark(found["value"]).text,
            where=Where.BEFORE if before else Where.AFTER,
            added=_added(named),
        )
        return


def _added(named: str) -> Part:
    for pattern, part in (
        (r"paragraph|absatz", Part.PARAGRAPH),
        (r"list|bullet|\bitem", Part.LIST_ITEM),
        (r"heading|headline|überschrift", Part.HEADING),
    ):
        if re.search(pattern, named):
            return part
    return Part.TEXT


def file_sent(clause: str, text: Marked) -> Iterator[Change]:
    """Read 'replace the page with the attached file', 'the new version is attached'."""
    attached = re.search(
        r"\b(?:attached|attachment|enclosed|im anhang|anhang|angehängte?[nrs]?|beigefügte?[nrs]?)\b",
        clause,
        re.IGNORECASE,
    )
    if attached and not re.search(text.kinds(QUOTE), clause):
        yield Change(
            kind=Kind.FILE, target=Target(part=Part.SELECTOR, selector="html", said=text.said(clause))
        )

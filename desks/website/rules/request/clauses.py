"""Cuts a request into clauses, of which each asks for one change at most."""

import re
from collections.abc import Iterator
from typing import Final

VERBS: Final = (
    r"(?:change|replace|set|update|rename|make|rewrite|reword|correct|fix|swap|substitute|exchange|remove|delete|drop|take out|"
    r"add|insert|put|append|write|point|link|edit|turn|use|publish|upload|adjust|modify|alter|shorten|"
    r"ändern?|ändere|ersetzen?|ersetze|setzen?|setze|entfernen?|entferne|löschen?|lösche|streichen?|streiche|füge[n]?|"
    r"ergänzen?|ergänze|schreiben?|schreibe|tauschen?|tausche|aktualisieren?|aktualisiere|korrigieren?|korrigiere|"
    r"benennen?|benenne|verlinken?|verlinke|veröffentlichen?|veröffentliche)"
)
_ASKS: Final = re.compile(
    rf"\b(?:{VERBS[3:-1]}|should|must|needs? to|instead of|soll(?:te|en|ten)?|muss|statt|make sure|ensure|verify|"
    r"hinzufügen|einfügen|austauschen|umbenennen|stell\w* sicher|wrong|typo|falsch|no longer|nicht mehr|outdated|veraltet)\b"
    r"|->|=>|→",
    re.IGNORECASE,
)
_BULLET: Final = re.compile(r"^\s{0,12}(?:[-*\u2022\u2013]|\d{1,2}[.)]|[a-z]\))\s+")
_SENTENCE_END: Final = re.compile(r"(?<=[.!?;])\s+|(?<=:)\s*\n\s*")
_AND: Final = re.compile(
    rf"(?: ?[,;] ?| )(?:and(?: then| also)?|then|und(?: dann| auch)?|sowie|dann) (?=(?:please |bitte |also |auch |in |on |auf |im )?(?:the \w{{1,40}} )?{VERBS}\b)"
    r"|(?: ?,)? (?:and|und) (?=(?:the|die|der|das) [\w-]{1,40}(?: [\w-]{1,40})? [\ue000-\uebff] (?:should|must|needs to|soll)\b)"
    rf"| ?[,;] ?(?={VERBS}\b)",
    re.IGNORECASE,
)
_CONDITION: Final = re.compile(
    r"\b(?:if|unless|in case|provided|as long as|only when|except|falls|wenn|sofern|solange|außer)\b",
    re.IGNORECASE,
)
_POLITE: Final = re.compile(r"\b(?:please|kindly|bitte)\b,?", re.IGNORECASE)
_MARK: Final = "[\ue000-\uebff]"
_PAIR: Final = re.compile(
    rf"\A(?P<begin>.{{0,120}}?)\b(?P<verb>{VERBS}(?: sie)?) (?P<a>{_MARK}) (?P<to>with|to|by|into|durch|in|gegen|mit) (?P<b>{_MARK})"
    rf"(?:,? (?:and|und)|,) (?P<rest>{_MARK} (?P=to) {_MARK}.*)",
    re.IGNORECASE,
)


def clauses_of(text: str) -> Iterator[str]:
    """Yield the clauses of a marked text: bullets, sentences, and what 'and' joins before another verb."""
    for block in _blocks(text):
        for sentence in _SENTENCE_END.split(block):
            words = " ".join(sentence.split())
            # A condition is one for all that follows it, so such a sentence stays whole, and is asked about.
            for clause in (words,) if _CONDITION.search(words) else _AND.split(words):
                plain = " ".join(_POLITE.sub(" ", clause).split())
                if plain:
                    yield from _pairs(plain)


def _pairs(clause: str) -> Iterator[str]:
    """Yield 'replace A with B and C with D' as two clauses."""
    while found := _PAIR.fullmatch(clause):
        yield f"{found['begin']} {found['verb']} {found['a']} {found['to']} {found['b']}".strip()
        clause = f"{found['begin']} {found['verb']} {found['rest']}".strip()
    yield clause


def asks_for_something(clause: str) -> bool:
    """Return whether a clause speaks of a change, understood or not."""
    return bool(_ASKS.search(clause))


def _blocks(text: str) -> Iterator[str]:
    """Yield paragraphs with their wrapped lines joined, and each bullet as one."""
    block: list[str] = []
    for line in (*text.split("\n"), ""):
        bullet = _BULLET.match(line)
        if bullet or not line.strip():
            if block:
                yield " ".join(block)
            block = [line[bullet.end() :]] if bullet else []
        elif block and block[-1].rstrip().endswith(":"):
            yield " ".join(block)
            block = [line]
        else:
            block.append(line)

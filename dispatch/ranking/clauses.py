"""What the clause around a day tells of it: that something is wanted by then, or that it is over or told of something else."""

import re
from typing import Final

_BEFORE, _AFTER = 160, 80
"""Characters of the clause around a find that are looked at."""


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text, re.IGNORECASE)


_PARTING: Final = _pattern(
    r"[.!?;:](?=[ \n]|\Z)|,(?=[ \n]|\Z)(?![ \n](?:dass|ob|that|whether)\b)|\n\n|(?<=[ \n])(?:and|but|so|because|or|und|aber|sondern|weil|oder|daher|deshalb)(?=[ \n])"
)
_NEED: Final = _pattern(
    r"\b(?:need|needs|must|ha(?:s|ve) to|please|pls|kindly|can|could|will|would you|want|wants|require|requires|expect|expects|be|urgent"
    r"|urgently|deadline|latest|have(?= \|)|unless|brauche?n?|benötigen?|muss|müssen|bitte|bitten|spätestens|erwarten?|frist|dringend"
    r"|kann|können|könnten|kannst|könntest|würden sie|möchten?|wollen|wird|werden|wünschen?"
    r"|geht|reicht|schaff(?:en|t)|wenn|falls|sollte (?:ich|es|bis)|sonst)\b"
)
_PAST: Final = _pattern(
    r"\b(?:was|were|had|did|been|ordered|bought|received|arrived|came|got|sent|returned|paid|worked|promised|said|told"
    r"|expected|missed|delivered|announced|stated|assured|happened|lasted|stayed|used|broke|made|sold|signed|shipped|written|moved|changed|placed|ended|died|needed it|wanted it|ago"
    r"|war|waren|hatten?|wurden?|kam|kamen|bekam|bestellte|kaufte|sollten?|gestern|bestellt|gekauft|erhalten|bekommen"
    r"|geliefert|gekommen|angekommen|geschickt|gesendet|versendet|bezahlt|versprochen|zugesagt|angekündigt|gesagt|gemeldet"
    r"|gearbeitet|funktioniert|gehalten|gebraucht)\b"
)
_ELSE: Final = _pattern(
    r"\b(?:(?:was|were) told|(?<!\bi )said|says|promised|according to|see you|must have (?:been|\w{2,20}ed)|reach(?:ed|able)"
    r"|no (?:need|rush|hurry)|need not|(?:do|does)(?:n't| not) (?:need|have to)"
    r"|(?:i|we)(?:'ll| will| shall| am going to| are going to)(?! (?:need|want|require|be|have to))"
    r"|opens|closes|warranty|should(?: have|'ve)|supposed to|was to|were to|would have|opening hours|closed|valid|holidays?|vacation|on leave"
    r"|out of (?:the )?office|away|abroad|travelling|wait|waited|waiting|runs|ends|lasts|expires|day before"
    r"|open(?! (?:the|my|an?|our|up)\b)"
    r"|hätten?|geöffnet|offen|öffnungszeiten|geschlossen|gültig|urlaub|verreist|abwesend|unterwegs|gewartet|warten|läuft"
    r"|endet|gilt|gelten|einlösbar|garantie|widerrufen|laut|angeblich|gesagt|versprochen|zugesagt|angekündigt|erreich(?:bar|en)"
    r"|müssen nicht|muss nicht)\b"
)


_LASTS: Final = _pattern(r"until|till|bis")
_FAREWELL: Final = _pattern(
    r"!|[,.]?\s{1,3}(?:viele|liebe|beste|herzliche|schöne|freundliche|mit|lg|vg|mfg|gr(?:ü|ue)(?:ß|ss)e|best|kind|regards)\b"
)
_NOT: Final = _pattern(r"\b(?:not|no|nothing|never|nichts?|keine?n?)\b")
_NOT_THEN: Final = _pattern(r"(?:\bnot|n't|\bnicht)(?: \w{1,20}){0,4} \|")
_FIRST: Final = _pattern(r"before|until|till|vor\b")
_TODAY: Final = _pattern(r"\b(?:today|heute)\b")
_IF: Final = _pattern(r"\b(?:if|unless|wenn|falls|sollte)\b")
_RANGE: Final = _pattern(r"(?:day|tag|mittwoch|mo|di|mi|do|fr|sa|mon|tue|wed|thu|fri|sat)s?\.?[ ]\Z")
_WEEKDAY: Final = 12
_WHETHER: Final = _pattern(r"\b(?:whether|ob)\b")


def _clause(text: str, start: int, end: int) -> str:
    """Return what stands around a find, up to where another thought begins."""
    before = text[max(0, start - _BEFORE) : start]
    for parting in _PARTING.finditer(before):
        before = " " * parting.end() + before[parting.end() :]
    after = text[end : end + _AFTER]
    parting_after = _PARTING.search(after)
    return f"{before.strip()} | {after[: parting_after.start()] if parting_after else after}"


def _is_denied(clause: str, found: str) -> bool:
    """Check for 'do not deliver before Friday' and 'nothing came until today'; not for 'if it is not here before Friday'."""
    still = _TODAY.search(found) and _NOT.search(clause)
    return bool(still or (_FIRST.match(found) and _NOT_THEN.search(clause))) and _IF.search(clause) is None


def is_needed(text: str, start: int, end: int) -> bool:
    """Check whether the clause asks for something."""
    clause = _clause(text, start, end)
    return _NEED.search(clause) is not None and _ELSE.search(clause) is None


def is_told_of_something_else(text: str, start: int, end: int) -> bool:
    """Check whether a clause tells of the past, of opening hours, of an absence: then its day is no deadline.

    'Until', 'till' and 'bis' tell as well how long something lasts: theirs is one only where the clause asks for something, or
    has nothing else in it.
    """
    clause, lasts = _clause(text, start, end), _LASTS.match(text, start) is not None
    if lasts and _RANGE.search(text, max(0, start - _WEEKDAY), start):
        return True
    if clause.strip() == "|":
        return _FAREWELL.match(text, end) is not None
    if _ELSE.search(clause) is not None or _is_denied(clause, text[start:end]):
        return True
    if lasts and not text.startswith("?", end):
        return _NEED.search(f"{clause} {text[start:end]}") is None
    if _WHETHER.search(clause) is not None and _PAST.search(clause) is not None:
        return True
    return _PAST.search(clause) is not None and _NEED.search(f"{clause} {text[start:end]}") is None

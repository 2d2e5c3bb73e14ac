"""What the clause around a day tells of it: that something is wanted by then, or that it is over or told of something else."""

import re
from typing import Final

_BEFORE, _AFTER = 160, 80
"""Characters of the clause around a find that are looked at."""


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text, re.IGNORECASE)


_PARTING: Final = _pattern(
    r"[.!?;:,](?=[ \n]|\Z)|\n\n|(?<=[ \n])(?:and|but|so|because|or|und|aber|sondern|weil|oder|daher|deshalb)(?=[ \n])"
)
_NEED: Final = _pattern(
    r"\b(?:need|needs|must|ha(?:s|ve) to|please|pls|kindly|can|could|will|would you|want|wants|require|requires|be|urgent"
    r"|urgently|deadline|latest|brauche?n?|benötigen?|muss|müssen|bitte|bitten|spätestens|erwarten?|frist|dringend"
    r"|kann|können|könnten|kannst|könntest|würden sie|möchten?|wollen|wird|werden|wünschen?)\b"
)
_PAST: Final = _pattern(
    r"\b(?:was|were|had|did|been|ordered|bought|received|arrived|came|got|sent|returned|paid|worked|promised|said|told"
    r"|expected|missed|delivered|shipped|announced|stated|assured|happened|lasted|stayed|used|broke|needed it|wanted it|ago"
    r"|war|waren|hatten?|wurden?|kam|kamen|bekam|bestellte|kaufte|sollten?|gestern|bestellt|gekauft|erhalten|bekommen"
    r"|geliefert|gekommen|angekommen|geschickt|gesendet|versendet|bezahlt|versprochen|zugesagt|angekündigt|gesagt|gemeldet"
    r"|gearbeitet|funktioniert|gehalten|gebraucht)\b"
)
_ELSE: Final = _pattern(
    r"\b(?:should(?: have|'ve)|supposed to|was to|were to|would have|opening hours|closed|valid|holidays?|vacation|on leave"
    r"|out of (?:the )?office|away|abroad|travelling|wait|waited|waiting|runs|ends|lasts|expires|day before"
    r"|open(?! (?:the|my|an?|our|up)\b)"
    r"|hätten?|geöffnet|offen|öffnungszeiten|geschlossen|gültig|urlaub|verreist|abwesend|unterwegs|gewartet|warten|läuft"
    r"|endet)\b"
)


def _clause(text: str, start: int, end: int) -> str:
    """Return what stands around a find, up to where another thought begins."""
    before = text[max(0, start - _BEFORE) : start]
    for parting in _PARTING.finditer(before):
        before = " " * parting.end() + before[parting.end() :]
    after = text[end : end + _AFTER]
    parting_after = _PARTING.search(after)
    return f"{before.strip()} | {after[: parting_after.start()] if parting_after else after}"


def is_needed(text: str, start: int, end: int) -> bool:
    """Check whether the clause asks for something."""
    clause = _clause(text, start, end)
    return _NEED.search(clause) is not None and _ELSE.search(clause) is None


def is_told_of_something_else(text: str, start: int, end: int) -> bool:
    """Check whether a clause tells of the past, of opening hours, of an absence: then its day is no deadline."""
    clause = _clause(text, start, end)
    is_farewell = clause.strip() == "|" and text.startswith("!", end)
    if is_farewell or _ELSE.search(clause) is not None:
        return True
    return _PAST.search(clause) is not None and _NEED.search(f"{clause} {text[start:end]}") is None

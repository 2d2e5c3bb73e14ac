"""Reads what a request wants to be true afterwards, which the acceptance checks then show."""

import re

from desks.website.models.changes import Check
from desks.website.rules.request.marks import AMOUNT, QUOTE, URL, Marked


def check_in(clause: str, text: Marked) -> Check | None:
    """Read what the request wants to be true afterwards: 'make sure that the page still shows A'."""
    begin = r"(?:make sure|ensure|check|verify|stellen?(?: sie)?|stelle)(?: sicher)?,?(?: afterwards)?(?: that| dass)? "
    if not (opened := re.match(begin, clause, re.IGNORECASE)):
        return None
    rest = clause[opened.end() :]
    quote, link = text.kinds(QUOTE, AMOUNT), text.kinds(URL)
    subject = r"(?:the page|it|there is|die seite|sie|es)? ?"
    if found := re.fullmatch(
        rf"{subject}(?:no longer|not|doesn't|does not|nicht mehr|kein[e]?) ?(?:shows?|contains?|says?|mentions?|has|zeigt|enthält)? ?({quote})(?: (?:zeigt|enthält))?",
        rest,
        re.IGNORECASE,
    ):
        return Check(kind="absent", value=text.mark(found[1]).text, source="request")
    if found := re.fullmatch(
        rf"({quote}) (?:is|steht|ist) (?:gone|not there|no longer there|nicht mehr (?:da|dort))",
        rest,
        re.IGNORECASE,
    ):
        return Check(kind="absent", value=text.mark(found[1]).text, source="request")
    if found := re.fullmatch(
        rf"{subject}(?:still |then |now |noch )?(?:shows?|contains?|says?|mentions?|has|zeigt|enthält) ({quote})",
        rest,
        re.IGNORECASE,
    ):
        return Check(kind="shows", value=text.mark(found[1]).text, source="request")
    if found := re.fullmatch(
        rf"{subject}(?:still |then |now )?(?:links?|points?) to ({link})", rest, re.IGNORECASE
    ):
        return Check(kind="link", value=text.mark(found[1]).text, source="request")
    return None

"""Text that a sender encloses for the desk to work on, below a line such as 'Copy:': material, and no ask of theirs.

Narrow on purpose: the mark stands alone on its line, or begins it with words that nobody begins a sentence with.
"""

import re
from typing import Final, NamedTuple

_NAMES: Final = (
    r"(?:(?:the |our |final |draft |new |ad |post |mail |email |body |page |newsletter |landing page |web ){0,3}copy|(?:draft|post|ad|mail|email|page|newsletter|body|landing page) text"
    r"|(?:the |our |your )?text(?: below| follows)?|draft(?: below| follows)?|copy (?:below|follows)|caption|(?:der |unser )?(?:werbe|anzeigen|post|newsletter|mail|seiten)text|entwurf|textentwurf|(?:der |unser )?text)"
)
_ALONE: Final = re.compile(
    rf"\A(?:[-=*_#\u2014]{{2,40}} ?(?:begin (?:of )?)?{_NAMES} ?:? ?[-=*_#\u2014]{{2,40}}|[*_#]{{0,4}} ?(?:here(?:'s| is) |hier (?:ist )?)?{_NAMES} ?:[*_]{{0,3}})\s*",
    re.IGNORECASE,
)
_BEGINS: Final = re.compile(
    r"[*_]{0,2}(?:draft copy|ad copy|post copy|final copy|copy|post text|ad text|draft text|caption|werbetext|anzeigentext|posttext|newslettertext)[*_]{0,2} ?:[*_]{0,2} (?=\S)",
    re.IGNORECASE,
)
_END: Final = re.compile(
    rf"\A(?:[-=*_#\u2014]{{2,40}} ?(?:end|ende)(?: of)?(?: {_NAMES})? ?[-=*_#\u2014]{{0,40}}|\[?end of {_NAMES}\]?\.?|\[?ende des \w{{0,20}}text\w{{0,2}}\]?\.?)\s*",
    re.IGNORECASE,
)
ENCLOSED_MARK: Final = "Text:"
"""Begins an enclosed text where the desk writes one down."""
_PLAIN: Final = re.compile(
    r"\A[*_#]{0,4} ?(?:(?:the|our|your|der|unser) )?text ?:[*_]{0,3}\s*", re.IGNORECASE
)
_LABEL: Final = re.compile(r"\A\s{0,20}[*_]{0,2}[^\W\d_][\w /-]{0,30} ?:")
"""A line of a form, such as 'Name: Ada': what follows its 'Text:' is the sender's own message."""
_SIGNATURE: Final = re.compile(r"-- ?")
_LONGEST_MARK: Final = 120


class Enclosing(NamedTuple):
    """A text in two parts; `enclosed` is None where nothing is enclosed."""

    around: str
    enclosed: str | None


def enclosing(text: str) -> Enclosing:
    """Return what stands around an enclosed text, and that text; the first mark begins it, an end mark or the signature ends it."""
    lines = text.split("\n")
    for index, line in enumerate(lines):
        if len(line) <= _LONGEST_MARK and _ALONE.fullmatch(line) and not _is_of_form(line, lines[:index]):
            begin, inside = index, lines[index + 1 :]
        elif match := _BEGINS.match(line[:_LONGEST_MARK]):
            begin, inside = index, [line[match.end() :], *lines[index + 1 :]]
        else:
            continue
        end = next((at for at, each in enumerate(inside) if _ends(each)), len(inside))
        enclosed = "\n".join(inside[:end]).strip("\n")
        if not enclosed.strip():
            return Enclosing(text, None)
        after = inside[end:]
        rest = after[1:] if after and not _SIGNATURE.fullmatch(after[0]) else after
        return Enclosing("\n".join([*lines[:begin], *rest]).strip("\n"), enclosed)
    return Enclosing(text, None)


def _is_of_form(mark: str, before: list[str]) -> bool:
    written = [line for line in before if line.strip()]
    return (
        _PLAIN.fullmatch(mark) is not None
        and bool(written)
        and all(_LABEL.match(line) is not None for line in written)
    )


def _ends(line: str) -> bool:
    return len(line) <= _LONGEST_MARK and (
        _END.fullmatch(line) is not None or _SIGNATURE.fullmatch(line) is not None
    )

"""One SELECT with named values: read as tokens, so that a value is bound and the text never changes with it."""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

_TOKENS: Final = re.compile(
    r"""
    (?P<comment>--[^\n]*|/\*.*?\*/)
  | (?P<quoted>'(?:[^']|'')*'|"(?:[^"]|"")*")
  | (?P<cast>::)
  | :(?P<name>[a-z][a-z0-9_]{0,39})
  | (?P<end>;)
  | (?P<refused>\?|\$[0-9]+|\$[A-Za-z_]*\$|`|@[A-Za-z_]|[EeUu]&?'|/\*|'|")
  | (?P<word>[^\W\d]\w*)
  | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_BEGINNINGS: Final = frozenset({"select", "with", "values"})
_CHANGES: Final = frozenset(
    {
        *("insert", "update", "delete", "merge", "truncate", "into", "drop", "alter", "create"),
        *("grant", "revoke", "attach", "detach", "pragma", "vacuum"),
    }
)
"""What no read needs; the connection refuses a change in any case."""


class Bound(NamedTuple):
    """A statement with numbered places, and the names of its values in their order."""

    text: str
    names: tuple[str, ...]


def check_select(statement: str) -> str:
    """Return a statement; raises ValueError unless it is one that only reads, with values as :name."""
    words: list[str] = []
    for match in _TOKENS.finditer(statement):
        kind, text = match.lastgroup, match[0]
        if kind == "end" and statement[match.end() :].strip():
            raise ValueError("it holds more than one statement; write one SELECT")
        if kind == "refused":
            raise ValueError(f"it holds {text!r}; write a value as :name, and texts in plain single quotes")
        if kind == "word":
            words.append(text.lower())
    if not words or words[0] not in _BEGINNINGS:
        raise ValueError("it is no SELECT")
    if changes := sorted(_CHANGES.intersection(words)):
        raise ValueError(f"it holds the word {changes[0].upper()}; quote it if it is the name of a column")
    return statement


def names_in_statement(statement: str) -> Iterator[str]:
    """Yield the names of a statement's values."""
    return (match["name"] for match in _TOKENS.finditer(statement) if match["name"])


def numbered(statement: str) -> Bound:
    """Return a statement with $1, $2, ... in the places of its values, as PostgreSQL has them."""
    names: list[str] = []

    def place(match: re.Match[str]) -> str:
        name = match["name"]
        if not name:
            return match[0] if match.lastgroup != "end" else ""
        if name not in names:
            names.append(name)
        return f"${names.index(name) + 1}"

    return Bound(_TOKENS.sub(place, statement), tuple(names))

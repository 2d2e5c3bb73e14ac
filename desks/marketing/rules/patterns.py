"""Patterns that people of a business write, run by RE2: in time linear in the text, whatever the pattern.

RE2 has no look-around and no references back. What looks around at the very beginning or end of a pattern is taken off and
checked beside the match, which is all that most style rules need; any other is refused by name when the file is loaded.
"""

import re as checked_text
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import re2

_MOST_CHARS: Final = 20_000
_MEMORY: Final = 16 << 20
_LETTERS: Final = r"\pL\pN\pM_"
_LOOK_BEHIND: Final = ("(?<=", "(?<!")
_LOOK_AHEAD: Final = ("(?=", "(?!")
_NEAR: Final = 200
_WORDS: Final = checked_text.compile(r"\s+")


class PatternError(ValueError):
    """A pattern cannot be used; the text says why, as the end of a sentence."""


class Match(NamedTuple):
    """Where a pattern fits; `group` is its first group, empty where it has none."""

    start: int
    end: int
    group: str


class _Edge(NamedTuple):
    """What must stand, or must not, beside a match."""

    pattern: Any
    wanted: bool


class Pattern:
    """A pattern of RE2 with what it looks at around it; `whole_words` is checked in letters of every script."""

    def __init__(
        self, source: str, *, ignore_case: bool = False, whole_words: bool = False, lines: bool = True
    ) -> None:
        """Compile; raises PatternError."""
        if len(source) > _MOST_CHARS:
            raise PatternError(f"is longer than {_MOST_CHARS:,} characters")
        inner, behind, ahead = _without_edges(source)
        self._ignore_case, self._lines, self._whole_words = ignore_case, lines, whole_words
        self._regex = self._compiled(inner)
        # Anchored at the place that it looks at.
        self._behind = [_Edge(self._compiled(f"(?:{text})\\z"), wanted) for text, wanted in behind]
        self._ahead = [_Edge(self._compiled(f"\\A(?:{text})"), wanted) for text, wanted in ahead]

    def _compiled(self, source: str) -> Any:
        options = re2.Options()
        options.log_errors = False
        options.max_mem = _MEMORY
        options.case_sensitive = not self._ignore_case
        prefix = "(?m)" if self._lines else ""
        try:
            return re2.compile(prefix + _with_every_letter(source), options)
        except re2.error as error:
            raise PatternError(_reason(error)) from None

    def finditer(self, text: str) -> Iterator[Match]:
        """Yield the matches from left to right; empty ones are none."""
        for match in self._regex.finditer(text):
            start, end = match.span()
            if start < end and self._holds(text, start, end):
                yield Match(start, end, (match.group(1) or "") if self._regex.groups else "")

    def fits(self, text: str) -> bool:
        """Return whether the whole text is the pattern."""
        return self._regex.fullmatch(text) is not None

    def _holds(self, text: str, start: int, end: int) -> bool:
        if self._whole_words and not is_whole(text, start, end):
            return False
        before, after = text[max(start - _NEAR, 0) : start], text[end : end + _NEAR]
        return all((edge.pattern.search(before) is not None) == edge.wanted for edge in self._behind) and all(
            (edge.pattern.search(after) is not None) == edge.wanted for edge in self._ahead
        )


def is_whole(text: str, start: int, end: int) -> bool:
    """Return whether a place is not cut out of a longer word, in any script."""
    before, after = text[start - 1 : start], text[end : end + 1]
    return not (_in_word(before) and _in_word(text[start : start + 1])) and not (
        _in_word(after) and _in_word(text[end - 1 : end])
    )


def _in_word(char: str) -> bool:
    return char.isalnum() or char == "_"


def phrase(words: str) -> str:
    """Return the pattern of a phrase as it stands, over any white space between its words."""
    return r"\s+".join(re2.escape(word) for word in _WORDS.split(words.strip()))


def _reason(error: Exception) -> str:
    told = error.args[0] if error.args else ""
    text = told.decode("utf-8", "replace") if isinstance(told, bytes) else str(told)
    if "(?<" in text or "(?=" in text or "(?!" in text:
        return (
            "looks around inside the pattern, which RE2 does not do; only at its beginning or end is possible"
        )
    if "invalid escape sequence" in text and text.rstrip()[-1:].isdigit():
        return "refers back to a group, which RE2 does not do"
    return f"is no pattern of RE2: {text}"


def _with_every_letter(source: str) -> str:
    r"""Return the pattern with `\w` and `\W` for letters of every script; RE2's own are ASCII."""
    pieces: list[str] = []
    in_class = False
    index = 0
    while index < len(source):
        char = source[index]
        if char == "\\" and index + 1 < len(source):
            pair = source[index : index + 2]
            index += 2
            if pair == "\\w":
                pieces.append(_LETTERS if in_class else f"[{_LETTERS}]")
            elif pair == "\\W" and not in_class:
                pieces.append(f"[^{_LETTERS}]")
            else:
                pieces.append(pair)
            continue
        if char == "[" and not in_class:
            in_class = True
            # A closing bracket at the beginning of a class is one of its characters.
            for begin in ("[^]", "[]"):
                if source.startswith(begin, index):
                    pieces.append(begin)
                    index += len(begin)
                    break
            else:
                pieces.append(char)
                index += 1
            continue
        if char == "]" and in_class:
            in_class = False
        pieces.append(char)
        index += 1
    return "".join(pieces)


def looks_around(source: str) -> bool:
    """Return whether a pattern looks at what stands before or behind it."""
    return any(sign in source for sign in ("(?<=", "(?<!", "(?=", "(?!"))


def _without_edges(source: str) -> tuple[str, list[tuple[str, bool]], list[tuple[str, bool]]]:
    """Take off what looks around at the edges; each with whether it must be there."""
    behind: list[tuple[str, bool]] = []
    ahead: list[tuple[str, bool]] = []
    if not looks_around(source) or _has_alternatives(source):
        return source, behind, ahead
    while source.startswith(_LOOK_BEHIND):
        end = _group_end(source, 0)
        behind.append((source[4:end], source[3] == "="))
        source = source[end + 1 :]
    while source.endswith(")"):
        start = _last_group(source)
        if start < 0 or not source.startswith(_LOOK_AHEAD, start):
            break
        ahead.append((source[start + 3 : -1], source[start + 2] == "="))
        source = source[:start]
    if not source:
        raise PatternError("looks around and holds nothing else")
    return source, behind, ahead


def _groups(source: str) -> Iterator[tuple[int, int, int]]:
    """Yield each parenthesis and bar as its place, what it does to the depth, and the depth before it."""
    depth, index, in_class = 0, 0, False
    while index < len(source):
        char = source[index]
        if char == "\\":
            index += 2
            continue
        if in_class:
            in_class = char != "]"
        elif char == "[":
            in_class = True
            index += source.startswith(("[]", "[^]"), index)
        elif char == "(":
            yield index, 1, depth
            depth += 1
        elif char == ")":
            depth -= 1
            yield index, -1, depth
        elif char == "|":
            yield index, 0, depth
        index += 1


def _has_alternatives(source: str) -> bool:
    return any(change == 0 and depth == 0 for _, change, depth in _groups(source))


def _group_end(source: str, start: int) -> int:
    for place, change, depth in _groups(source):
        if change == -1 and depth == 0 and place > start:
            return place
    raise PatternError("has a parenthesis that is not closed")


def _last_group(source: str) -> int:
    start = -1
    for place, change, depth in _groups(source):
        if change == 1 and depth == 0:
            start = place
    return start

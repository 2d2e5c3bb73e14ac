"""The exhibits of a draft as a page shows them: texts side by side with marks in place, and pictures."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from itertools import pairwise
from typing import Final

from dispatch.models.errors import DispatchError
from dispatch.models.request.submission import DocumentRef
from dispatch.models.work.exhibit import Exhibit, Mark
from dispatch.models.work.proposal import Proposal
from dispatch.models.work.severity import Severity
from dispatch.storage.documents import DocumentStore
from inbox.comparison import word_by_word

MOST_BYTES: Final = 400_000
"""Of both texts together; longer ones are named and not compared."""
MOST_LINES: Final = 6_000
_RANKS: Final = tuple(Severity)
CONTEXT: Final = 2
"""The unchanged lines that are shown before and after what changed."""


@dataclass(frozen=True)
class Segment:
    """A piece of a line; `marks` are numbers of the exhibit's marks, from 1."""

    text: str
    changed: bool = False
    marks: tuple[int, ...] = ()
    severity: str = ""
    ends: tuple[int, ...] = ()
    """Those of the marks that end here, where their numbers are shown."""


@dataclass(frozen=True)
class Row:
    """One line on either side, with its number from 1; None where the side has no such line."""

    before: tuple[Segment, ...] = ()
    after: tuple[Segment, ...] = ()
    before_number: int | None = None
    after_number: int | None = None
    left_out: int = 0
    """How many unchanged lines stand here; such a row has nothing else."""


@dataclass(frozen=True)
class ShownExhibit:
    """An exhibit of a page; `problem` says why it cannot be shown."""

    title: str
    source: str
    before: DocumentRef | None
    after: DocumentRef
    is_picture: bool = False
    rows: tuple[Row, ...] = ()
    marks: tuple[Mark, ...] = ()
    problem: str = ""


def shown_exhibits(proposal: Proposal | None, store: DocumentStore) -> tuple[ShownExhibit, ...]:
    """Return what the draft of a proposal shows to people; reads texts from the store."""
    return tuple(_shown(one, store) for one in (proposal.draft.exhibits if proposal is not None else ()))


def is_exhibited(proposal: Proposal | None, sha256: str) -> bool:
    """Check whether a document is a picture of the draft, so that a page may show it."""
    exhibits = proposal.draft.exhibits if proposal is not None else ()
    return any(one.is_picture and sha256 in {d.sha256 for d in one.documents} for one in exhibits)


def _shown(exhibit: Exhibit, store: DocumentStore) -> ShownExhibit:
    shown = ShownExhibit(
        exhibit.title, exhibit.source, exhibit.before, exhibit.after, is_picture=exhibit.is_picture
    )
    if exhibit.is_picture:
        return shown
    size = sum(document.size_bytes for document in exhibit.documents)
    if size > MOST_BYTES:
        return replace(shown, problem=f"too long to be compared here ({size} bytes)")
    try:
        before, after = (
            store.get(document.sha256).decode(errors="replace") if document is not None else ""
            for document in (exhibit.before, exhibit.after)
        )
    except DispatchError as error:
        return replace(shown, problem=str(error))
    rows = side_by_side(before, after, exhibit.marks, alone=exhibit.before is None)
    if rows is None:
        return replace(shown, problem=f"too long to be compared here (more than {MOST_LINES} lines)")
    return replace(shown, rows=tuple(rows), marks=exhibit.marks)


def side_by_side(before: str, after: str, marks: Sequence[Mark], *, alone: bool = False) -> list[Row] | None:
    """Return both texts line by line: what changed and what is marked, each with a little of what is around it.

    None where the texts have too many lines. `alone`: there was nothing before, and the text is shown whole.
    """
    old, new = before.splitlines(), after.splitlines()
    if len(old) + len(new) > MOST_LINES:
        return None
    marked = _Marked(after, marks)
    if alone:
        return [Row(after=marked.line(n, line), after_number=n + 1) for n, line in enumerate(new)]
    rows: list[Row] = []
    for tag, i, j, k, m in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            rows += [
                Row((Segment(old[i + n]),), marked.line(k + n, new[k + n]), i + n + 1, k + n + 1)
                for n in range(j - i)
            ]
            continue
        paired = min(j - i, m - k)
        for n in range(max(j - i, m - k)):
            was = old[i + n] if n < j - i else None
            now = new[k + n] if n < m - k else None
            left, right = _words(was, now) if n < paired else (_whole(was), _whole(now))
            rows.append(
                Row(
                    left,
                    marked.within(k + n, right) if now is not None else (),
                    i + n + 1 if was is not None else None,
                    k + n + 1 if now is not None else None,
                )
            )
    return list(_folded(rows))


def _whole(line: str | None) -> tuple[Segment, ...]:
    return () if line is None else (Segment(line, changed=True),)


def _words(was: str | None, now: str | None) -> tuple[tuple[Segment, ...], tuple[Segment, ...]]:
    pieces = word_by_word(was or "", now or "")
    return (
        tuple(Segment(p.text, p.mark == "removed") for p in pieces if p.mark != "added"),
        tuple(Segment(p.text, p.mark == "added") for p in pieces if p.mark != "removed"),
    )


class _Marked:
    """The marks of a text, found line by line."""

    def __init__(self, text: str, marks: Sequence[Mark]) -> None:
        starts, at = [], 0
        for kept in text.splitlines(keepends=True):
            starts.append(at)
            at += len(kept)
        self._starts = starts
        self._by_line: dict[int, list[tuple[int, Mark]]] = {}
        for number, mark in enumerate(marks, 1):
            first = max(0, bisect_right(starts, mark.start) - 1)
            last = max(first, bisect_right(starts, max(mark.start, mark.end - 1)) - 1)
            for line_number in range(first, last + 1):
                self._by_line.setdefault(line_number, []).append((number, mark))

    def line(self, number: int, text: str) -> tuple[Segment, ...]:
        return self.within(number, (Segment(text),))

    def within(self, number: int, segments: tuple[Segment, ...]) -> tuple[Segment, ...]:
        """Cut the segments of a line where a mark begins or ends."""
        here = self._by_line.get(number)
        if not here:
            return segments
        start, at, cut = self._starts[number], 0, list[Segment]()
        for segment in segments:
            end = at + len(segment.text)
            inside = {p - start for _, m in here for p in (m.start, m.end) if at < p - start < end}
            for left, right in pairwise(sorted({at, end, *inside})):
                touching = [(n, m) for n, m in here if m.start - start < right and m.end - start > left]
                cut.append(
                    Segment(
                        segment.text[left - at : right - at],
                        segment.changed,
                        tuple(n for n, _ in touching),
                        max((m.severity for _, m in touching), key=_RANKS.index, default=""),
                        tuple(n for n, m in touching if m.end - start <= right),
                    )
                )
            at = end
        return tuple(cut)


def _folded(rows: Sequence[Row]) -> Iterator[Row]:
    """Leave out unchanged lines that are far from any change and any mark."""
    near = set[int]()
    for number, row in enumerate(rows):
        if (
            any(s.changed or s.marks for s in (*row.before, *row.after))
            or row.before_number is None
            or row.after_number is None
        ):
            near.update(range(number - CONTEXT, number + CONTEXT + 1))
    left_out = 0
    for number, row in enumerate(rows):
        if number in near:
            if left_out:
                yield Row(left_out=left_out)
                left_out = 0
            yield row
        else:
            left_out += 1
    if left_out:
        yield Row(left_out=left_out)

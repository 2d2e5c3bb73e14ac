"""What a draft shows to people beside it: texts side by side, marks in their places, pictures."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.models.request.submission import DocumentRef
from dispatch.models.work.exhibit import Exhibit, Mark
from dispatch.models.work.proposal import Draft, Proposal
from dispatch.models.work.severity import Severity
from dispatch.storage.documents import DocumentStore
from inbox.exhibits import MOST_BYTES, Segment, is_exhibited, shown_exhibits, side_by_side
from tests.bound import HANDOFF

TEXTS = st.text(alphabet="ab \n\r\u2028é", max_size=60)


def mark(start: int, end: int, severity: Severity = Severity.MAJOR) -> Mark:
    return Mark(start=start, end=end, severity=severity, rule="brand.term", text="no such word")


def kept(store: DocumentStore, text: str, kind: str = "text/plain") -> DocumentRef:
    return store.put(text.encode(), kind, "copy.txt")


def showing(*exhibits: Exhibit) -> Proposal:
    draft = Draft(title="", text="", statements=(), exhibits=exhibits)
    return Proposal(handoff=HANDOFF, proposal_id="p1", draft=draft, actions=())


@given(before=TEXTS, after=TEXTS, data=st.data())
def test_no_line_of_either_text_is_lost_or_changed(before: str, after: str, data: st.DataObject) -> None:
    """Each side, with the unchanged lines that are left out, is the text itself; marks cut lines and change nothing."""
    places = st.integers(0, len(after))
    pairs = data.draw(st.lists(st.tuples(places, places), max_size=4))
    rows = side_by_side(before, after, [mark(min(pair), max(pair)) for pair in pairs])
    assert rows is not None
    old, new = before.splitlines(), after.splitlines()
    for row in rows:
        if row.left_out:
            continue
        if row.before_number is not None:
            assert "".join(s.text for s in row.before) == old[row.before_number - 1]
        if row.after_number is not None:
            assert "".join(s.text for s in row.after) == new[row.after_number - 1]
    unshown = sum(row.left_out for row in rows)
    assert sum(row.after_number is not None for row in rows) + unshown == len(new)
    assert sum(row.before_number is not None for row in rows) + unshown == len(old)


@given(
    lines=st.lists(st.text(alphabet="abc ", min_size=1, max_size=8), min_size=1, max_size=6), data=st.data()
)
def test_what_is_marked_is_marked_and_nothing_else(lines: list[str], data: st.DataObject) -> None:
    """The marked letters, over all lines, are those from start to end, without the line ends."""
    text = "\n".join(lines)
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    rows = side_by_side(text, text, [mark(start, end)])
    assert rows is not None
    shown = "".join(s.text for row in rows for s in row.after if s.marks)
    assert shown == text[start:end].replace("\n", "")


def test_a_changed_word_is_shown_as_such_on_its_side() -> None:
    """Words that left stand on the left, those that came on the right; far lines are left out and counted."""
    before = "\n".join([*(f"line {n}" for n in range(20)), "Buy it now!", "end"])
    after = before.replace("now!", "today.")
    rows = side_by_side(before, after, [])
    assert rows is not None
    assert rows[0].left_out == 18
    changed = next(row for row in rows if row.after_number == 21)
    assert changed.before[-1] == Segment("now!", changed=True)
    assert changed.after[-1] == Segment("today.", changed=True)


def test_the_graver_of_two_marks_gives_a_place_its_look() -> None:
    """Where two marks meet, both are named and the graver one counts."""
    rows = side_by_side("abcd", "abcd", [mark(0, 3, Severity.MINOR), mark(2, 4, Severity.CRITICAL)])
    assert rows is not None
    assert [(s.text, s.marks, s.severity, s.ends) for s in rows[0].after] == [
        ("ab", (1,), "minor", ()),
        ("c", (1, 2), "critical", (1,)),
        ("d", (2,), "critical", (2,)),
    ]


def test_what_cannot_be_shown_is_named_with_the_reason(tmp_path: Path) -> None:
    """A text that is too long, and one that is not in the store, leave a sentence and break nothing."""
    store = DocumentStore(tmp_path)
    long = kept(store, "x" * (MOST_BYTES + 1))
    lost = kept(DocumentStore(tmp_path / "other"), "elsewhere")
    proposal = showing(Exhibit(title="Copy", after=long), Exhibit(title="Copy", after=lost))
    first, second = shown_exhibits(proposal, store)
    assert "too long" in first.problem
    assert "restore it from a backup" in second.problem
    assert shown_exhibits(None, store) == ()


def test_only_a_picture_of_the_draft_is_one(tmp_path: Path) -> None:
    """A page shows no other document by its digest: not the copy, not what another request holds."""
    store = DocumentStore(tmp_path)
    picture, text = kept(store, "p", "image/png"), kept(store, "t")
    proposal = showing(Exhibit(title="Page", after=picture), Exhibit(title="Copy", after=text))
    assert is_exhibited(proposal, picture.sha256)
    assert not is_exhibited(proposal, text.sha256)
    assert not is_exhibited(None, picture.sha256)


def test_a_mark_that_ends_before_it_begins_is_none() -> None:
    """A mark of a wrong role is refused where it is made."""
    with pytest.raises(ValueError, match="ends before it begins"):
        mark(3, 2)

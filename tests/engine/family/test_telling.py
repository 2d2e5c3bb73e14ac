"""The one answer: every part is told, in the words that were reviewed for it, and in no others."""

from datetime import UTC, datetime
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.mail.composers.letter import Letter
from dispatch.models.request.family import FamilyBrief, FamilyPart, PartAnswer, PartReport, PlannedPart
from dispatch.models.request.item import Disposition, Item, ItemOutcome
from dispatch.models.request.status import Ending
from dispatch.models.work.finding import Statement
from dispatch.models.work.proposal import Draft
from dispatch.process.family.dividing import family_of
from dispatch.process.family.ending import ending_of_family, items_of_family, owner_of_family
from dispatch.process.family.telling import answer_of, parts_not_as_reviewed, write_answer
from dispatch.process.family.waiting import targets, where_they_stand, without
from tests.support_desk import assembly_brief, handoff, playbook

ITEMS: Final = (
    Item(item_id="item-1", text="Please refund my order."),
    Item(item_id="item-2", text="The page shows the old price."),
)
WHEN: Final = datetime(2026, 11, 5, 12, tzinfo=UTC)


def part(
    number: int, desk: str, *paragraphs: str, ending: Ending | None = Ending.DONE, **more: Any
) -> FamilyPart:
    """Return a part with one item; without an `ending` it is still open."""
    answer = None
    if ending is not None:
        answer = PartAnswer(ending=ending, paragraphs=paragraphs, reviewed=bool(paragraphs))
    fields: dict[str, Any] = {
        "state": ending or "waiting_for_approval",
        "ended": ending is not None,
        "ending": ending,
    }
    report = PartReport(request_id=f"{desk}-part-0123456789abcdef", answer=answer, **(fields | more))
    return FamilyPart(
        planned=PlannedPart(desk=desk, item_ids=(f"item-{number}",)),
        request_id=report.request_id,
        begun=True,
        report=report,
    )


def brief(*parts: FamilyPart, number: int = 1) -> FamilyBrief:
    came = assembly_brief(items=ITEMS).submission
    return FamilyBrief(
        handoff=handoff("assembler"),
        request_id="reception-mail-0123456789abcdef",
        number=number,
        submission=came,
        playbook=playbook(),
        items=ITEMS,
        parts=parts,
    )


def letter(*parts: FamilyPart) -> str:
    return write_answer(brief(*parts), Letter().compose).draft.text


def test_every_part_is_told_in_its_own_words() -> None:
    """One letter, with the requester's words before each part's reviewed text, and nothing that breaks an invariant."""
    proposal = write_answer(
        brief(
            part(1, "support", "We have refunded EUR 49.90.", "It takes five days."),
            part(2, "website", "The page shows EUR 29.00."),
        ),
        Letter().compose,
    )
    text = proposal.draft.text
    assert (
        text.index("You wrote: “Please refund my order.”") < text.index("EUR 49.90") < text.index("five days")
    )
    assert text.index("five days") < text.index("old price") < text.index("EUR 29.00")
    assert proposal.exceptions == ()
    assert proposal.delivery == proposal.actions[0].digest
    assert proposal.actions[0].action.subject == "answer-1"


@pytest.mark.parametrize(
    ("ending", "more", "told"),
    [
        (Ending.DONE, {}, "This is done."),
        (Ending.REJECTED, {}, "cannot do what you ask for"),
        (Ending.ABANDONED, {}, "did not have your answer"),
        (Ending.WITHDRAWN, {}, "You took this back"),
        (Ending.CANCELLED, {}, "have stopped working on this"),
        (Ending.ESCALATED, {}, "A colleague looks at this"),
        (Ending.UNKNOWN, {}, "A colleague looks at this"),
        (None, {"owner": "refunds"}, "waits for a decision by refunds"),
        (None, {"state": "waiting_for_information", "owner": "requester"}, "need your answer"),
        (None, {"state": "specialists", "owner": "coordinator"}, "still working on this"),
        (None, {"state": "scheduled", "owner": "coordinator", "by": WHEN}, "planned for"),
        (None, {"state": "failed", "ended": True}, "A colleague looks at this"),
    ],
)
def test_a_part_without_a_text_is_told_by_how_it_ended(
    ending: Ending | None, more: dict[str, Any], told: str
) -> None:
    """Done, refused, with whom, waiting for whom: each has its own sentence."""
    assert told in letter(part(1, "support", "Refunded."), part(2, "website", ending=ending, **more))


_PARAGRAPHS = st.lists(
    st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=60),
    min_size=1,
    max_size=4,
)


@given(_PARAGRAPHS, _PARAGRAPHS)
def test_what_is_told_is_what_was_reviewed(first: list[str], second: list[str]) -> None:
    """For any reviewed texts: each paragraph is in the letter, word for word, in order, and no invariant is broken."""
    parts = part(1, "support", *first), part(2, "website", *second)
    proposal = write_answer(brief(*parts), Letter().compose)
    assert parts_not_as_reviewed(proposal, parts) == ()
    told = [s.text for s in proposal.draft.statements if s.item_ids == ("item-1",)]
    assert told[1:] == first


@given(_PARAGRAPHS, st.integers(min_value=0, max_value=3))
def test_a_changed_text_is_found(paragraphs: list[str], place: int) -> None:
    """A paragraph that is left out, added or changed breaks the invariant of that part."""
    parts = part(1, "support", *paragraphs), part(2, "website", "Second.")
    proposal = write_answer(brief(*parts), Letter().compose)
    index = place % len(paragraphs)
    other = [*paragraphs[:index], f"{paragraphs[index]} and more", *paragraphs[index + 1 :]]
    for changed in (other, paragraphs[:-1], [*paragraphs, "More."]):
        (broken,) = parts_not_as_reviewed(proposal, (part(1, "support", *changed or ["Nothing."]), parts[1]))
        assert (broken.standard, broken.item_ids) == ("parts.as_reviewed", ("item-1",))


def test_a_draft_is_told_by_its_statements_or_whole() -> None:
    """Without greeting and closing where the statements stand in the text; where they do not, all of it."""
    said = (Statement(text="Refunded."), Statement(text="In five days."))
    text = "Dear Ada,\n\nRefunded.\n\nIn five days.\n\nKind regards"
    assert answer_of(Draft(title="", text=text, statements=said)) == ("Refunded.", "In five days.")
    edited = "Dear Ada,\n\nRefunded today.\n\nKind regards"
    assert answer_of(Draft(title="", text=edited, statements=said)) == (edited,)
    assert answer_of(Draft(title="", text=edited, statements=())) == (edited,)


@pytest.mark.parametrize(
    ("endings", "whole"),
    [
        ((Ending.DONE, Ending.DONE), Ending.DONE),
        ((Ending.DONE, Ending.REJECTED), Ending.REJECTED),
        ((Ending.PARTLY_DONE, Ending.DONE), Ending.PARTLY_DONE),
        ((Ending.COMPENSATED, Ending.REJECTED), Ending.COMPENSATED),
        ((Ending.UNKNOWN, Ending.ESCALATED), Ending.UNKNOWN),
        ((Ending.WITHDRAWN, Ending.DONE), Ending.WITHDRAWN),
        ((Ending.WITHDRAWN, Ending.WITHDRAWN), Ending.WITHDRAWN),
    ],
)
def test_the_whole_ends_as_its_most_serious_part(endings: tuple[Ending, Ending], whole: Ending) -> None:
    """Done only where each part is; the reason names each part's ending."""
    family = family_of("r-1", (), WHEN).model_copy(
        update={"parts": (part(1, "support", ending=endings[0]), part(2, "website", ending=endings[1]))}
    )
    ending, why = ending_of_family(family)
    assert ending is whole
    assert f"support: {endings[0]}" in why
    assert f"website: {endings[1]}" in why


def test_a_part_without_an_outcome_leaves_the_whole_with_a_person() -> None:
    """Nothing that is not known counts as done."""
    lost = part(2, "website", ending=None, state="failed", ended=True)
    family = family_of("r-1", (), WHEN).model_copy(update={"parts": (part(1, "support"), lost)})
    assert ending_of_family(family)[0] is Ending.ESCALATED
    said = items_of_family(family, ITEMS)
    assert [one.item_id for one in said] == ["item-1", "item-2"]
    assert all(one.disposition is Disposition.OPEN for one in said)


def test_items_are_accounted_for_as_their_parts_say() -> None:
    """Each item of the whole is in its outcome once, as the part that had it accounts for it."""
    done = ItemOutcome(item_id="item-1", text="x", disposition=Disposition.ACTED, how="refunded")
    family = family_of("r-1", (), WHEN).model_copy(
        update={
            "parts": (
                part(1, "support", items=(done,)),
                part(2, "website", ending=Ending.REJECTED, owner="ana"),
            )
        }
    )
    first, second = items_of_family(family, ITEMS)
    assert first == done
    assert second.how.startswith("website: rejected")
    assert owner_of_family(family) == "ana"


def test_a_message_goes_to_the_part_that_asked() -> None:
    """A part that waits for the requester's answer comes before the others; otherwise all that are open get it."""
    asking = part(1, "support", ending=None, state="waiting_for_information", owner="requester")
    deciding = part(2, "website", ending=None, owner="refunds")
    family = family_of("r-1", (), WHEN).model_copy(update={"parts": (asking, deciding)})
    assert targets(family) == (asking,)
    both = family.model_copy(update={"parts": (part(1, "support", ending=None), deciding)})
    assert len(targets(both)) == 2
    assert "website waits for refunds" in where_they_stand(family)


def test_what_has_not_begun_never_begins() -> None:
    """A part that is not begun when the whole is taken back ends with it; the others are told."""
    family = family_of("r-1", (PlannedPart(desk="support", item_ids=("item-1",)),), WHEN)
    ended = without(family, Ending.WITHDRAWN, "taken back")
    assert ended.parts[0].ended
    assert ending_of_family(ended)[0] is Ending.WITHDRAWN

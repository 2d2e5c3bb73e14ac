"""Which requests are divided: those whose items are surely of two desks, and no other; every item is in one part."""

from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.models.request.classified import Candidate, Classified
from dispatch.models.request.intake import Triage, TriageBrief
from dispatch.models.request.item import Item
from dispatch.models.request.requester import SenderDoubt
from dispatch.models.request.submission import Party
from dispatch.models.work.examples import NONE
from dispatch.models.work.playbook import PlaybookInForce
from dispatch.process.family.dividing import due_parts, family_of, part_id, submission_of
from dispatch.process.family.splitting import ByText, parts_of
from dispatch.process.intake import take_in
from dispatch.process.routing import triage
from tests.asked import HANDOFF, NOW, RECEPTION, in_force, submission

SUPPORT: Final = in_force()
WEBSITE: Final = in_force(
    desk="website",
    routing={"phrases": ["web page", "typo"], "after": ["support"]},
    intents={"change": {"phrases": ["typo", "change"], "specialists": ["records"]}},
)
DESKS: Final = {"support": SUPPORT, "website": WEBSITE}
PLAYBOOKS: Final = {desk: one.playbook for desk, one in DESKS.items()}
BOTH: Final = "Please refund my order.\n\nAlso, there is a typo on the web page, please change it."


def triaged(body: str, desks: dict[str, PlaybookInForce] | None = None, **changes: Any) -> Triage:
    came = submission(body, "A question", **changes)
    brief = TriageBrief(handoff=HANDOFF, intake=take_in(came, HANDOFF), submission=came)
    return triage(brief, DESKS if desks is None else desks, RECEPTION)


def test_items_of_two_desks_are_divided() -> None:
    """Each desk gets its item, the first of them answers for all, and the trail says how it was divided."""
    result = triaged(BOTH)
    assert [(part.desk, part.item_ids) for part in result.parts] == [
        ("support", ("item-1",)),
        ("website", ("item-2",)),
    ]
    assert result.playbook == SUPPORT
    assert "item-1 for support; item-2 for website; support answers for all" in result.why
    assert result.parts[1].after == ("support",)


@pytest.mark.parametrize(
    "body",
    [
        "Please refund my order. Where is my other order?",
        "Please refund my order.\n\nThank you, the web page looks good.",
        "Is there a typo in the confirmation of my order?",
        "Please refund my order.\n\nWould you sponsor our summer party?",
        "Hello",
        "",
    ],
)
def test_what_is_one_desk_s_stays_whole(body: str) -> None:
    """One desk, a word of another one beside, an ask that is both's, and an ask of nobody's: as before."""
    assert triaged(body).parts == ()


@pytest.mark.parametrize(
    "changes",
    [
        {"desk": "support"},
        {"sender": Party(address="a@b.example", doubt=SenderDoubt.FORWARDED)},
    ],
)
def test_nothing_in_doubt_is_divided(changes: dict[str, Any]) -> None:
    """A named desk is taken at its word; where a person decides on all that is sent, they read it whole."""
    assert triaged(BOTH, **changes).parts == ()


def test_with_one_desk_nothing_is_divided() -> None:
    """There is nobody to divide it with."""
    assert triaged(BOTH, {"support": SUPPORT}).parts == ()


def test_where_no_desk_can_write_nothing_is_divided() -> None:
    """The one answer needs a desk with a contact."""
    mute = {
        desk: one.model_copy(update={"playbook": one.playbook.model_copy(update={"contact": None})})
        for desk, one in DESKS.items()
    }
    assert triaged(BOTH, mute).parts == ()


def test_what_no_desk_takes_is_a_part_of_its_own() -> None:
    """It goes to a person who routes, while the others go on; thanks stay with what is before them."""
    result = triaged(f"{BOTH}\n\nWould you sponsor our summer party?")
    assert [(part.desk, part.item_ids) for part in result.parts][-1] == (None, ("item-3",))


_SCORES = st.floats(min_value=0, max_value=1)
_INTENTS = st.sampled_from(["refund", "change", "other", NONE])


@st.composite
def _readings(draw: st.DrawFn) -> tuple[list[Item], ByText]:
    number = draw(st.integers(min_value=1, max_value=8))
    items = [
        Item(item_id=f"item-{n}", text=draw(st.sampled_from([f"Ask {n}, please do it.", f"Thanks {n}."])))
        for n in range(1, number + 1)
    ]
    read = {
        desk: {
            item.text: Classified(
                candidates=(Candidate(intent=draw(_INTENTS), score=draw(_SCORES)),), in_scope=draw(_SCORES)
            )
            for item in items
        }
        for desk in PLAYBOOKS
    }
    return items, read


@given(_readings())
def test_every_item_is_in_exactly_one_part(made: tuple[list[Item], ByText]) -> None:
    """Whatever the classifiers say: all items or none are divided, each once, at most one part for each desk and one without."""
    items, read = made
    parts = parts_of(items, PLAYBOOKS, read)
    placed = [item_id for part in parts for item_id in part.item_ids]
    assert sorted(placed) == sorted(item.item_id for item in items) or not parts
    desks = [part.desk for part in parts]
    assert len(desks) == len(set(desks))
    if parts:
        assert {"support", "website"} <= set(desks)


@given(_readings())
def test_a_desk_has_a_part_only_where_it_surely_has_an_item(made: tuple[list[Item], ByText]) -> None:
    """In each part of a desk there is an item that it has in scope, with an intent, and that the other desk does not know."""
    items, read = made
    texts = {item.item_id: item.text for item in items}
    for part in parts_of(items, PLAYBOOKS, read):
        if part.desk is None:
            continue
        playbook = PLAYBOOKS[part.desk]
        own = [read[part.desk][texts[item_id]] for item_id in part.item_ids]
        assert any(
            one.in_scope >= playbook.triage.in_scope and one.candidates[0].intent in playbook.intents
            for one in own
        )


@given(st.text(max_size=400))
def test_no_text_makes_it_fail(text: str) -> None:
    """Division is total, and whatever is divided keeps each item."""
    result = triaged(text)
    if result.parts:
        assert sorted(i for part in result.parts for i in part.item_ids) == sorted(
            item.item_id for item in result.items
        )


def test_a_part_is_known_by_the_whole_s_digits() -> None:
    """Its id has the form of any request's, so that mails of the part find it."""
    assert part_id("reception-mail-0123456789abcdef", "support") == "support-part-0123456789abcdef"
    assert part_id("reception-mail-0123456789abcdef", None) == "reception-part-0123456789abcdef"
    assert part_id("anything", "support") == part_id("anything", "support") != part_id("other", "support")


def test_a_part_waits_for_the_one_before_it() -> None:
    """What comes after another desk's part is not due before that has ended, and is told what became of it."""
    came = submission(BOTH, "A question")
    result = triaged(BOTH)
    family = family_of("reception-mail-0123456789abcdef", result.parts, NOW)
    assert [part.planned.desk for part in due_parts(family)] == ["support"]
    begun = submission_of(family.parts[0], family, "whole-1", came, result.items)
    assert begun.part is not None
    assert [item.item_id for item in begun.part.items] == ["item-1"]
    assert (begun.desk, begun.part.parent, begun.body) == ("support", "whole-1", came.body)

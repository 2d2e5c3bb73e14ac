"""The process's invariants: each is checked for every desk, author and set of reviewers."""

from typing import Any

import pytest
from pydantic import JsonValue

from dispatch.models.request.item import Item
from dispatch.models.work.action_digest import bind
from dispatch.models.work.finding import (
    Evidence,
    Finding,
    FindingStatus,
    RecommendedAction,
    Refusal,
    Statement,
)
from dispatch.models.work.guidance import Guidance
from dispatch.models.work.proposal import Proposal
from dispatch.models.work.severity import Severity
from dispatch.process.invariants import PROCESS, broken_invariants
from tests.support_desk import assembler, assembly_brief, handoff, item

LENT, FINE = item("Is copy 7 lent?"), item("What do I owe?", number=2)
ITEMS = (LENT, FINE)
CITED = "shelf_check.copy.7"


def finding(*statements: Statement) -> Finding:
    """Return what a specialist of a library says: one statement for both items, unless others are given."""
    both = Statement(
        text="It is lent, and you owe nothing.", item_ids=("item-1", "item-2"), evidence_ids=(CITED,)
    )
    return Finding(
        handoff=handoff(),
        specialist="shelf_check",
        status=FindingStatus.FOUND,
        summary="lent",
        evidence=(Evidence(evidence_id=CITED, source="records", reference="7", text="lent"),),
        statements=statements or (both,),
    )


async def proposed(*statements: Statement, items: tuple[Item, ...] = ITEMS) -> Proposal:
    """Return the proposal as the stage of assembly hands it on."""
    return await assembler().assemble(assembly_brief(finding(*statements), items=items))


def broken(proposal: Proposal, items: tuple[Item, ...] = ITEMS) -> dict[str, Severity]:
    return {exception.standard: exception.severity for exception in broken_invariants(proposal, items)}


async def test_a_sound_proposal_breaks_none() -> None:
    """Both items are answered, the statement is grounded, and the text is the draft."""
    proposal = await proposed()
    assert proposal.exceptions == broken_invariants(proposal, ITEMS) == ()


async def test_an_item_that_is_left_over_is_critical() -> None:
    """The reply lists every item; only what is stated, done or refused counts, and the process says so."""
    proposal = await proposed(items=(*ITEMS, item("And this?", number=3)))
    (exception,) = proposal.exceptions
    assert (exception.reviewer, exception.standard) == (PROCESS, "items.left_over")
    assert (exception.severity, exception.item_ids) == (Severity.CRITICAL, ("item-3",))
    assert "item-3" in proposal.actions[-1].action.item_ids


async def test_a_refusal_carries_its_item() -> None:
    """An item that is refused is not left over."""
    items = (*ITEMS, item("And this?", number=3))
    refusal = Refusal(item_id="item-3", reason="No.", rule="a.rule", evidence_ids=(CITED,))
    refused = (await proposed(items=items)).model_copy(update={"refusals": (refusal,)})
    assert broken(refused, items) == {}


@pytest.mark.parametrize(
    ("cited", "standard"), [((), "evidence.missing"), (("shelf_check.copy.8",), "evidence.unknown")]
)
async def test_every_statement_cites_evidence_that_a_finding_holds(
    cited: tuple[str, ...], standard: str
) -> None:
    """A paragraph without evidence is flagged, and so is evidence that is not there."""
    loose = Statement(text="It is lent.", item_ids=("item-1", "item-2"), evidence_ids=cited)
    proposal = await proposed(loose)
    assert [(one.standard, one.severity) for one in proposal.exceptions] == [(standard, Severity.MAJOR)]


@pytest.mark.parametrize("where", ["refusal", "action"])
async def test_evidence_of_refusals_and_actions_is_known_too(where: str) -> None:
    """Whatever cites evidence is looked at, not the text alone."""
    proposal = await proposed()
    changes: dict[str, Any] = {
        "refusals": (Refusal(item_id="item-1", reason="No.", rule="a.rule", evidence_ids=("nowhere.1",)),)
    }
    if where == "action":
        last = proposal.actions[-1]
        other = last.action.model_copy(update={"evidence_ids": ("nowhere.1",)})
        bound = bind(last.request_id, "p1", last.playbook, other)
        changes = {"actions": (bound,), "delivery": bound.digest}
    assert broken(proposal.model_copy(update=changes)) == {"evidence.unknown": Severity.MAJOR}


@pytest.mark.parametrize("delivered", [True, False])
async def test_what_is_delivered_is_what_was_reviewed(*, delivered: bool) -> None:
    """Another text than the draft's is critical and concerns every action; so is a draft that no action delivers."""
    proposal = await proposed()
    last = proposal.actions[-1]
    parameters = {**last.action.parameters, "text": "Dear Ada, no. Kind regards"}
    other = last.action.model_copy(update={"parameters": parameters})
    spoiled = bind(last.request_id, "p1", last.playbook, other)
    sent = proposal.model_copy(
        update={"actions": (spoiled,), "delivery": spoiled.digest if delivered else "0" * 64}
    )
    (exception,) = broken_invariants(sent, ITEMS)
    assert (exception.standard, exception.severity) == ("delivery.as_reviewed", Severity.CRITICAL)
    assert exception.item_ids == ()


def fined(**parameters: JsonValue) -> Finding:
    """Return a finding that orders a reminder of a fine."""
    order = RecommendedAction(
        name="remind_reader",
        subject="card-9",
        parameters=parameters,
        item_ids=("item-2",),
        why="the fine is due",
        evidence_ids=(CITED,),
    )
    return finding().model_copy(update={"recommended": (order,)})


def edit(by: str = "dora", effect: str = "remind_reader/card-9", **values: JsonValue) -> Guidance:
    return Guidance(by=by, decision_id=f"d-{by}", edits={effect: values})


FINE_OF_2: dict[str, JsonValue] = {"fee_minor": 200, "currency": "EUR", "days": 14, "note": "Hello"}


async def flagged(order: Finding, *guidance: Guidance) -> list[tuple[str, Severity, tuple[str, ...], str]]:
    """Return the exceptions of the proposal that the stage of assembly makes of a finding and of what people said."""
    proposal = await assembler().assemble(assembly_brief(order, items=ITEMS, guidance=guidance))
    return [(one.standard, one.severity, one.item_ids, one.text) for one in proposal.exceptions]


async def test_an_edit_that_is_applied_is_kept() -> None:
    """The latest edit of each parameter counts, from any person; unedited parameters may change."""
    earlier, latest = edit("cleo", fee_minor=900, days=7), edit("dora", fee_minor=200)
    assert await flagged(fined(**{**FINE_OF_2, "days": 7, "note": "Hi"}), earlier, latest) == []


@pytest.mark.parametrize(
    ("values", "says"),
    [
        (
            {"fee_minor": 150},
            "dora set fee of remind reader on card-9 to EUR 1.50, and what is proposed has EUR 2.00",
        ),
        ({"days": 7}, "dora set days of remind reader on card-9 to 7, and what is proposed has 14"),
        ({"days": True}, "to true, and what is proposed has 14"),
        ({"note": "Bye"}, "to “Bye”, and what is proposed has “Hello”"),
        ({"note": "x" * 500}, f"to “{'x' * 79}…”, and"),
        (
            {"copies": 2},
            "dora set copies of remind reader on card-9 to 2, and what is proposed has no such value",
        ),
    ],
)
async def test_an_edit_that_is_ignored_goes_back_to_a_person(values: dict[str, JsonValue], says: str) -> None:
    """The sentence has what was set, by whom, and what is proposed instead."""
    ((standard, severity, items, text),) = await flagged(
        fined(**FINE_OF_2), Guidance(by="dora", decision_id="d-dora", edits={"remind_reader/card-9": values})
    )
    assert (standard, severity, items) == ("edit.not_kept", Severity.CRITICAL, ("item-2",))
    assert says in text


async def test_an_edited_action_that_is_gone_is_flagged() -> None:
    """It concerns every action of the proposal, for the person wanted something done that is not."""
    ((standard, severity, items, text),) = await flagged(finding(), edit("dora", days=7))
    assert (standard, severity, items) == ("edit.not_kept", Severity.CRITICAL, ())
    assert "dora edited remind reader on card-9, and it is not proposed any more" in text


async def test_an_edit_of_the_delivery_is_applied_by_the_process() -> None:
    """An edited text is kept with every composer; a proposal without it would be flagged."""
    proposal = await proposed()
    (reply,) = proposal.actions
    effect = f"{reply.action.name}/{reply.action.subject}"
    assert await flagged(finding(), edit("dora", effect, text="We write again.")) == []
    left = broken_invariants(proposal, ITEMS, (edit("dora", effect, text="We write again."),))
    assert [one.standard for one in left] == ["edit.not_kept"]

"""The process's invariants: each is held for every desk, whoever wrote the draft and whatever its reviewers check."""

from typing import Any

import pytest

from dispatch.models.request.item import Item
from dispatch.models.work.action_digest import bind
from dispatch.models.work.finding import Evidence, Finding, FindingStatus, Refusal, Severity, Statement
from dispatch.models.work.proposal import Proposal
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

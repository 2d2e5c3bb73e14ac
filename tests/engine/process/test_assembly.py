"""Assembly: one clean draft, in the plan's order, bound to what it rests on; nothing missing reads as clean."""

from typing import Any

import pytest
from pydantic import JsonValue, ValidationError
from temporalio.exceptions import ApplicationError

from dispatch.models.errors import DispatchError
from dispatch.models.request.item import Disposition
from dispatch.models.request.status import Ending
from dispatch.models.request.submission import Party
from dispatch.models.work.action_digest import is_intact
from dispatch.models.work.composition import ComposeBrief, Composition
from dispatch.models.work.finding import (
    Evidence,
    Finding,
    FindingStatus,
    RecommendedAction,
    Refusal,
    Statement,
)
from dispatch.models.work.guidance import Guidance
from dispatch.models.work.playbook import Delivery
from dispatch.models.work.proposal import Draft
from dispatch.process import assembly
from dispatch.process.invariants import broken_invariants
from dispatch.process.items import account
from tests.support_desk import assemble, assembler, assembly_brief, handoff, item

ITEMS = (item(), item("Open?", number=2, kind="opening_hours"))
PARAMETERS: dict[str, Any] = {"payment_id": "PAY-1", "amount_minor": 4990, "currency": "EUR"}


def finding(
    specialist: str = "reply_writer",
    *texts: str,
    status: FindingStatus = FindingStatus.FOUND,
    **more: Any,
) -> Finding:
    """Return a finding whose paragraphs answer item-1 and cite its own evidence, which it brings along."""
    cited = f"{specialist}.1"
    return Finding(
        handoff=handoff(),
        specialist=specialist,
        status=status,
        summary="found",
        statements=tuple(Statement(text=text, item_ids=("item-1",), evidence_ids=(cited,)) for text in texts),
        evidence=(Evidence(evidence_id=cited, source="records", reference="1", text="it is so"),),
        **more,
    )


def action(subject: str = "payment PAY-1", **changes: Any) -> RecommendedAction:
    return RecommendedAction(
        name="issue_refund",
        subject=subject,
        parameters={**PARAMETERS, **changes},
        item_ids=("item-1",),
        why="within the window",
        evidence_ids=("refund_policy.1",),
    )


def test_the_letter_holds_every_paragraph_once_between_greeting_and_closing() -> None:
    """The text is the statements as a letter; two findings that say the same are heard once, for both."""
    same = finding("refund_policy", "We are open.")
    proposal = assemble(assembly_brief(finding("reply_writer", "We are open.", "Bye."), same, items=ITEMS))
    assert proposal.draft.text == (
        "Dear Ada Lovelace,\n\nWe are open.\n\nBye.\n\nKind regards\nThe support desk"
    )
    first, _ = proposal.draft.statements
    assert first.evidence_ids == ("refund_policy.1", "reply_writer.1")


def test_actions_run_in_the_plan_s_order_and_the_reply_last() -> None:
    """The reply announces what was done before it, so it is the last thing that happens."""
    writer = finding("reply_writer", "Done.", recommended=(action("payment PAY-2"),))
    policy = finding("refund_policy", recommended=(action(),))
    proposal = assemble(assembly_brief(writer, policy, items=ITEMS))
    assert [bound.action.subject for bound in proposal.actions] == [
        "payment PAY-1",
        "payment PAY-2",
        "reply",
    ]
    assert all(is_intact(bound) and bound.proposal_id == "p1" for bound in proposal.actions)


def test_the_reply_goes_to_the_sender_in_answer_to_the_mail() -> None:
    """Recipient, subject and thread come from the submission; only the domain's case is folded."""
    sender = Party(address="Ada.L@Mail.EXAMPLE", name="Ada")
    proposal = assemble(
        assembly_brief(
            finding("reply_writer", "Done."), items=ITEMS, sender=sender, subject="Re: RE: My order"
        )
    )
    reply = proposal.actions[-1].action
    assert reply.parameters == {
        "recipient": "Ada.L@mail.example",
        "subject": "Re: My order",
        "text": proposal.draft.text,
        "in_reply_to": "<1@mail.example>",
        "purpose": "reply",
    }
    assert reply.item_ids == ("item-1", "item-2")
    assert reply.evidence_ids == ("reply_writer.1",)


def test_an_approver_s_text_replaces_the_letter_and_keeps_what_it_rests_on() -> None:
    """The latest edit is the whole text; the guardian still sees that it tells what records hold."""
    edits = [
        Guidance(by="anna", decision_id=f"d-{n}", edits={"send_reply/reply": {"text": f"Dear Ada, {n}."}})
        for n in (1, 2)
    ]
    proposal = assemble(
        assembly_brief(finding("order_history", "It left."), items=ITEMS, guidance=tuple(edits))
    )
    assert proposal.draft.text == proposal.actions[-1].action.parameters["text"] == "Dear Ada, 2."
    (said,) = proposal.draft.statements
    assert said.evidence_ids == ("assembler.decision.d-2", "order_history.1")
    assert said.item_ids == ("item-1", "item-2"), "who rewrote it saw what nothing had been said of"
    (cited,) = (e for e in proposal.evidence if e.source == "decision")
    assert (cited.reference, "Dear Ada" in cited.text) == ("d-2", False)


def test_an_action_says_where_its_evidence_comes_from() -> None:
    """The assembler writes the source of each piece that is cited, as the findings have it; the digest covers it."""
    writer = finding("shelf_check", "It is lent.", recommended=(action(),))
    refund, reply = assemble(assembly_brief(writer, items=ITEMS)).actions
    assert reply.action.evidence_sources == {"shelf_check.1": "records"}
    assert reply.action.rests_on_personal_evidence
    assert refund.action.evidence_ids == ("refund_policy.1",)
    assert refund.action.evidence_sources == {}, "no finding holds it"
    assert refund.action.rests_on_personal_evidence
    harmless = {"evidence_sources": {"shelf_check.1": "playbook"}}
    forged = reply.model_copy(update={"action": reply.action.model_copy(update=harmless)})
    assert not is_intact(forged)


def test_a_specialist_cannot_say_where_evidence_comes_from() -> None:
    """What a specialist recommends has no such field; only the assembler writes it."""
    with pytest.raises(ValidationError, match="evidence_sources"):
        RecommendedAction.model_validate(action().model_dump() | {"evidence_sources": {"a": "playbook"}})


@pytest.mark.parametrize("rewritten", [False, True])
def test_a_paragraph_that_cites_nothing_rests_on_whatever_is_personal(*, rewritten: bool) -> None:
    """Leaving evidence out does not open records to strangers, not even when a person writes the text again."""
    bare = finding("shelf_check", "It is lent.").model_copy(
        update={"statements": (Statement(text="It is lent.", item_ids=("item-1",)),)}
    )
    edits: dict[str, dict[str, JsonValue]] = {"send_reply/reply": {"text": "Dear Ada, it is lent."}}
    guidance = (Guidance(by="anna", decision_id="d-1", edits=edits),) if rewritten else ()
    (reply,) = assemble(assembly_brief(bare, items=ITEMS, guidance=guidance)).actions
    assert "shelf_check.1" in reply.action.evidence_ids
    assert reply.action.rests_on_personal_evidence


def test_another_text_is_another_digest() -> None:
    """An approval of the first text never fits the second."""
    brief = assembly_brief(finding("reply_writer", "Done."), items=ITEMS)
    edit = Guidance(by="anna", decision_id="d-1", edits={"send_reply/reply": {"text": "Dear Ada."}})
    edited = brief.model_copy(update={"guidance": (edit,)})
    assert assemble(brief).actions[-1].digest != assemble(edited).actions[-1].digest


def test_a_refusal_that_nobody_wrote_on_is_stated() -> None:
    """A refusal is never silent: without a paragraph of its own it is told in its own words."""
    refusal = Refusal(item_id="item-2", reason="We cannot.", rule="a.rule", evidence_ids=("refund_policy.1",))
    proposal = assemble(assembly_brief(finding("refund_policy", refusals=(refusal, refusal)), items=ITEMS))
    assert proposal.refusals == (refusal,)
    assert [(s.text, s.item_ids) for s in proposal.draft.statements] == [("We cannot.", ("item-2",))]


async def test_an_unavailable_specialist_stops_the_draft_for_good() -> None:
    """What was not examined never reads as clean: the sentence names who is missing, and no retry can help."""
    down = finding("order_history", status=FindingStatus.UNAVAILABLE)
    brief = assembly_brief(finding("reply_writer", "Done."), down, items=ITEMS)
    with pytest.raises(DispatchError, match="order_history, unavailable"):
        assemble(brief)
    with pytest.raises(ApplicationError, match="order_history") as failure:
        await assembler().assemble(brief)
    assert failure.value.non_retryable


def test_a_specialist_that_came_back_counts_by_its_latest_finding() -> None:
    """After a second try the first failure is forgotten, and so are the first words."""
    down = finding("order_history", status=FindingStatus.UNAVAILABLE)
    proposal = assemble(assembly_brief(down, finding("order_history", "It left."), items=ITEMS))
    assert "It left." in proposal.draft.text


def test_the_same_action_twice_is_one_effect() -> None:
    """Two specialists that want the same thing make one action, for the items and reasons of both."""
    one, other = finding("refund_policy", recommended=(action(),)), finding("newcomer")
    also = action().model_copy(update={"item_ids": ("item-2",), "evidence_ids": ("newcomer.1",)})
    other = other.model_copy(update={"recommended": (also,)})
    refund, _ = assemble(assembly_brief(one, other, items=ITEMS)).actions
    assert refund.action.item_ids == ("item-1", "item-2")
    assert refund.action.evidence_ids == ("refund_policy.1", "newcomer.1")


def test_contradicting_actions_stop_the_draft() -> None:
    """Two amounts for one payment are nobody's to choose between."""
    one = finding("refund_policy", recommended=(action(),))
    other = finding("newcomer", recommended=(action(amount_minor=1),))
    with pytest.raises(DispatchError, match="issue_refund on payment PAY-1 differently"):
        assemble(assembly_brief(one, other, items=ITEMS))


def test_every_evidence_id_says_one_thing() -> None:
    """The same evidence twice is kept once; one id with two texts stops the draft."""
    one, other = finding("order_history"), finding("newcomer")
    shared = assemble(
        assembly_brief(
            one,
            other.model_copy(update={"evidence": (*other.evidence, *one.evidence)}),
            items=ITEMS,
        )
    )
    assert [e.evidence_id for e in shared.evidence] == ["order_history.1", "newcomer.1"]
    changed = one.evidence[0].model_copy(update={"text": "it is not so"})
    with pytest.raises(DispatchError, match=r"order_history\.1 says two things"):
        assemble(assembly_brief(one, other.model_copy(update={"evidence": (changed,)}), items=ITEMS))


def test_a_desk_that_delivers_nothing_proposes_its_actions_alone() -> None:
    """Nothing is composed and nothing appended; what the findings state stays with the draft."""
    brief = assembly_brief(finding("refund_policy", "Paid.", recommended=(action(),)), items=ITEMS[:1])
    silent = brief.playbook.playbook.model_copy(update={"deliver": None, "contact": None})
    in_force = brief.playbook.model_copy(update={"playbook": silent})
    proposal = assembly.assemble(brief.model_copy(update={"playbook": in_force}), None)
    assert [bound.action.name for bound in proposal.actions] == ["issue_refund"]
    assert (proposal.delivery, proposal.draft.text) == (None, "")
    assert [said.text for said in proposal.draft.statements] == ["Paid."]
    assert broken_invariants(proposal, ITEMS[:1]) == ()
    assert [one.standard for one in broken_invariants(proposal, ITEMS)] == ["items.left_over"]
    (said,) = account(ITEMS[:1], proposal, Ending.DONE, "done")
    assert (said.disposition, said.how) == (Disposition.ACTED, "issue_refund on payment PAY-1")


def test_the_composer_decides_how_it_is_delivered() -> None:
    """Any action can deliver: its parameters, its subject and the draft are the composer's, edits replace them."""

    def compose(brief: ComposeBrief) -> Composition:
        text = " / ".join(said.text for said in brief.statements)
        draft = Draft(title=brief.subject, text=text, statements=brief.statements, parameter="body")
        return Composition(
            draft=draft, parameters={"body": text, "board": brief.config["board"]}, subject="post 1"
        )

    brief = assembly_brief(finding("reply_writer", "We are open.", "Bye."), items=ITEMS)
    posts = Delivery(action="post", compose="notice_board", config={"board": "hall"})
    in_force = brief.playbook.model_copy(
        update={"playbook": brief.playbook.playbook.model_copy(update={"deliver": posts})}
    )
    brief = brief.model_copy(update={"playbook": in_force})
    proposal = assembly.assemble(brief, compose)
    (post,) = proposal.actions
    assert (post.action.name, post.action.subject) == ("post", "post 1")
    assert post.action.parameters == {"body": "We are open. / Bye.", "board": "hall"}
    assert proposal.delivers(post)
    edits: dict[str, dict[str, JsonValue]] = {"post/post 1": {"body": "Closed.", "board": "gate"}}
    edited = brief.model_copy(update={"guidance": (Guidance(by="anna", decision_id="d-1", edits=edits),)})
    other = assembly.assemble(edited, compose)
    assert other.actions[0].action.parameters == {"body": "Closed.", "board": "gate"}
    assert other.draft.text == "Closed."
    assert broken_invariants(other, ITEMS[:1]) == ()


def test_no_specialist_orders_the_delivery_itself() -> None:
    """Its key would be the delivery's: one of the two would silently not happen."""
    mail = action("reply").model_copy(update={"name": "send_reply"})
    with pytest.raises(DispatchError, match="send_reply on reply, which delivers the draft"):
        assemble(assembly_brief(finding("reply_writer", "Done.", recommended=(mail,)), items=ITEMS))

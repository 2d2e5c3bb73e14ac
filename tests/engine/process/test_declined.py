"""What people rejected and what they wrote for the desk alone: neither comes into the next proposal's text."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.models.work.finding import Refusal, Statement
from dispatch.models.work.guidance import REJECTED, Declined, Guidance, RespondPurpose
from dispatch.models.work.proposal import AssemblyBrief
from dispatch.process.guidance_kept import broken_guidance, repeats
from tests.engine.process.test_assembly import ITEMS, action, finding
from tests.support_desk import assemble, assembly_brief

TWO = finding("refund_policy", "We refund both.", recommended=(action(), action("payment PAY-2")))
WORDS = st.lists(st.from_regex(r"[a-z]{2,8}", fullmatch=True), min_size=5, max_size=12)


def rejected(subject: str = "payment PAY-1", **more: Any) -> Declined:
    return Declined(
        name="issue_refund",
        subject=subject,
        item_ids=("item-1",),
        by="ana",
        decision_id="d-9",
        reason="we know her too well",
        **more,
    )


def brief(*declined: Declined, **more: Any) -> AssemblyBrief:
    """Return a brief for two refunds of one item, and an answer to the other item."""
    answer = finding("reply_writer")
    said = Statement(text="We open at nine.", item_ids=("item-2",), evidence_ids=("reply_writer.1",))
    plain = assembly_brief(TWO, answer.model_copy(update={"statements": (said,)}), items=ITEMS)
    return plain.model_copy(update={"declined": declined, **more})


def test_a_specialist_that_does_not_know_of_it_loses_the_action_and_its_words() -> None:
    """The other action and the other answer stay; the item is refused with the reason that was written for it."""
    proposal = assemble(brief(rejected(reason_for_requester="It was worn.")))
    assert [b.action.subject for b in proposal.actions] == ["payment PAY-2", "reply"]
    assert "We refund both" not in proposal.draft.text
    assert "We open at nine." in proposal.draft.text
    assert "cannot do what you ask for" in proposal.draft.text
    assert "It was worn." in proposal.draft.text
    assert "too well" not in proposal.model_dump_json()
    assert [(r.item_id, r.rule) for r in proposal.refusals] == [("item-1", REJECTED)]


def test_a_specialist_that_knows_of_it_says_it_in_its_own_words() -> None:
    """Its refusal is the one that is told, and the process adds none."""
    own = Refusal(item_id="item-1", reason="PAY-1 stays.", rule=REJECTED, evidence_ids=("refund_policy.1",))
    aware = TWO.model_copy(
        update={"recommended": (action("payment PAY-2"),), "statements": (), "refusals": (own,)}
    )
    proposal = assemble(brief(rejected(), findings=(aware,)))
    assert "PAY-1 stays." in proposal.draft.text
    assert [refusal.reason for refusal in proposal.refusals] == ["PAY-1 stays."]


def test_what_was_approved_keeps_its_digest_only_while_it_is_the_same() -> None:
    """The same action is bound as it was; another amount is another action, and needs an approval of its own."""
    first = assemble(brief())
    approved = first.actions[1]
    later = {"approved": (approved,), "proposal_id": "p2"}
    second = assemble(brief(rejected(), **later))
    assert second.actions[0] == approved
    assert second.actions[1].proposal_id == "p2"
    changed = TWO.model_copy(update={"recommended": (action("payment PAY-2", amount_minor=1),)})
    (other, _) = assemble(brief(rejected(), findings=(changed,), **later)).actions
    assert (other.proposal_id, other.digest != approved.digest) == ("p2", True)


def test_a_rejected_text_is_not_composed_and_what_only_it_told_is_refused() -> None:
    """The actions stay; nothing is delivered."""
    text = Declined(
        name="send_reply", subject="reply", by="ana", decision_id="d-1", reason="no", is_delivery=True
    )
    proposal = assemble(brief(text))
    assert proposal.delivery is None
    assert [b.action.name for b in proposal.actions] == ["issue_refund", "issue_refund"]
    assert [(r.item_id, r.rule) for r in proposal.refusals] == [("item-2", REJECTED)]


@given(words=WORDS, before=st.text(max_size=40), after=st.text(max_size=40))
def test_a_run_of_five_words_is_a_repetition_wherever_it_stands(
    words: list[str], before: str, after: str
) -> None:
    """Case, figures and punctuation between the words change nothing."""
    guidance = " ".join(words)
    text = f"{before} {', '.join(words).upper()} 7 {after}"
    assert repeats(guidance, text, ())
    assert not repeats(guidance, text, (guidance,)), "what was there before is no repetition"


@pytest.mark.parametrize(
    ("guidance", "text", "found"),
    [
        ("Say it kinder.", "We say it kinder. Hello", "say it kinder"),
        ("Kinder!", "Be kinder!", ""),
        ("refund only EUR 30.00 for order DD-10002", "We are refunding EUR 30.00 for order DD-10002", ""),
        (
            "she has been lying to us for years",
            "She has been lying, to us: for years.",
            "she has been lying to",
        ),
        ("she has been lying to us for years", "She is honest.", ""),
    ],
)
def test_what_counts_as_repeated(guidance: str, text: str, found: str) -> None:
    """Whole short sentences and runs of five do; single words, and figures of the matter, do not."""
    assert repeats(guidance, text, ()) == found


def test_a_later_leak_is_not_excused_by_an_earlier_one() -> None:
    """A draft that repeated guidance once does not make the same words known for the next proposal."""
    said = Guidance(
        by="ana",
        decision_id="d-1",
        text="she has been lying to us",
        purpose=RespondPurpose.CHANGE_DRAFT,
        draft="Dear Ada, we open at nine.",
    )
    leak = finding("reply_writer", "She has been lying to us, we open at nine.")
    leaking = brief(guidance=(said,), findings=(leak,))
    first = assemble(leaking)
    again = leaking.model_copy(
        update={"previous": first, "guidance": (said, said.model_copy(update={"draft": first.draft.text}))}
    )
    for one in (leaking, again):
        broken = [e.standard for e in broken_guidance(assemble(one), one)]
        assert "guidance.repeated" in broken

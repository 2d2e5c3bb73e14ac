"""Whether what was asked was done, judged by what is there now."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.mail.identity import text_digest
from dispatch.models.request.item import Item
from dispatch.models.work.action_digest import bind
from dispatch.models.work.finding import Evidence, Refusal, Statement
from dispatch.models.work.guardian import Request
from dispatch.models.work.proposal import Action, BoundAction, Draft
from dispatch.models.work.verification import (
    ItemVerification,
    Observation,
    Verification,
    VerificationBrief,
    VerificationVerdict,
)
from dispatch.process.verification import judge
from tests.bound import ACTIONS, HANDOFF, PLAYBOOK, refund, reply

CONFIRMED, REFUTED, UNVERIFIABLE = (
    VerificationVerdict.CONFIRMED,
    VerificationVerdict.REFUTED,
    VerificationVerdict.UNVERIFIABLE,
)
REFUND, REPLY = refund(), reply()
REFUND_SEEN: dict[str, Any] = {
    "payment_id": "P-1",
    "order_number": "DD-1",
    "amount_minor": 3_000,
    "currency": "EUR",
    "status": "succeeded",
    "effects": 1,
}
REPLY_SEEN: dict[str, Any] = {
    "recipient": "ada@example.org",
    "subject": "Re: my order",
    "text_sha256": text_digest("Dear Ada,\n\nyour order left us on Monday.\n"),
    "effects": 1,
}


def seen(facts: dict[str, Any], **changes: Any) -> Observation:
    return Observation(found=True, reference="R-1", facts={**facts, **changes})


GOOD = {REFUND.digest: seen(REFUND_SEEN), REPLY.digest: seen(REPLY_SEEN)}


def judged(
    observations: dict[str, Observation | None],
    *,
    actions: tuple[BoundAction, ...] = (REFUND, REPLY),
    told: tuple[str, ...] = ("item-1", "item-2"),
    refused: tuple[str, ...] = (),
    items: int = 2,
    unapproved: dict[str, Request] | None = None,
) -> Verification:
    return judge(
        VerificationBrief(
            handoff=HANDOFF,
            actions=actions,
            delivery=next((bound.digest for bound in actions if bound.action.subject == "reply"), None),
            items=tuple(Item(item_id=f"item-{n + 1}", text="ask") for n in range(items)),
            draft=Draft(
                title="Re", text="...", statements=tuple(Statement(text=".", item_ids=(t,)) for t in told)
            ),
            unapproved=unapproved or {},
            refusals=tuple(Refusal(item_id=i, reason="no", rule="window", evidence_ids=()) for i in refused),
        ),
        observations,
        ACTIONS,
    )


def item(verification: Verification, item_id: str) -> ItemVerification:
    return next(i for i in verification.items if i.item_id == item_id)


def test_all_that_is_as_ordered_is_confirmed() -> None:
    """Both effects as ordered and both items covered: confirmed, part by part."""
    verification = judged(dict(GOOD))
    assert verification.verdict is CONFIRMED
    assert {a.verdict for a in verification.actions} | {i.verdict for i in verification.items} == {CONFIRMED}
    assert verification.actions[0].observation == GOOD[REFUND.digest]
    assert verification.handoff == HANDOFF


@pytest.mark.parametrize(
    ("words", "verdict"), [("Please refund it.", CONFIRMED), ("Please do not refund it.", REFUTED)]
)
def test_an_effect_is_held_against_the_requesters_words(words: str, verdict: VerificationVerdict) -> None:
    """As ordered is not enough where nobody approved it and nothing plainly asks for it."""
    cited = Evidence(evidence_id="e", source="request", reference="item-1", text=words)
    request = Request(phrases=("refund",), subject="", words=words, cited=(cited,))
    verification = judged(dict(GOOD), unapproved={REFUND.digest: request})
    assert verification.verdict is verdict
    assert ("no person approved it" in verification.actions[0].why) == (verdict is REFUTED)


@pytest.mark.parametrize(
    ("bound", "change"),
    [
        (REFUND, {"payment_id": "P-2"}),
        (REFUND, {"order_number": "DD-2"}),
        (REFUND, {"amount_minor": 2_999}),
        (REFUND, {"amount_minor": "3000"}),
        (REFUND, {"amount_minor": None}),
        (REFUND, {"currency": "USD"}),
        (REFUND, {"status": "cancelled"}),
        (REFUND, {"effects": 2}),
        (REFUND, {"effects": 0}),
        (REPLY, {"recipient": "bob@example.org"}),
        (REPLY, {"text_sha256": text_digest("other")}),
        (REPLY, {"effects": 2}),
    ],
)
def test_any_difference_is_refuted_by_name(bound: BoundAction, change: dict[str, Any]) -> None:
    """What differs from the order refutes the action, and the reason names it."""
    facts = REFUND_SEEN if bound is REFUND else REPLY_SEEN
    verification = judged({**GOOD, bound.digest: seen(facts, **change)})
    action = next(a for a in verification.actions if a.action_digest == bound.digest)
    assert (verification.verdict, action.verdict) == (REFUTED, REFUTED)
    assert action.why == f"R-1 differs in {next(iter(change))}"


def test_an_observation_without_facts_confirms_nothing() -> None:
    """Found, with nothing shown, is refuted: a fact that is missing is not equal."""
    assert judged({**GOOD, REFUND.digest: seen({})}).verdict is REFUTED


def test_what_the_mail_changes_on_its_way_is_no_difference() -> None:
    """Upper case in an address, and whatever a header's encoding does to a subject, are as ordered."""
    facts = seen(REPLY_SEEN, recipient="ADA@example.org", subject="Re: my  order")
    assert judged({**GOOD, REPLY.digest: facts}).verdict is CONFIRMED


def test_what_is_not_there_is_refuted() -> None:
    """An effect that the outside system does not hold is refuted and not merely unknown."""
    verification = judged({**GOOD, REFUND.digest: Observation(found=False, reference="key")})
    assert (verification.verdict, verification.actions[0].why) == (REFUTED, "it is not there: key")


@pytest.mark.parametrize("observations", [{**GOOD, REPLY.digest: None}, {REFUND.digest: GOOD[REFUND.digest]}])
def test_what_cannot_be_read_is_never_clean(observations: dict[str, Observation | None]) -> None:
    """An unreadable system, and one that was not asked, make the whole unverifiable."""
    verification = judged(observations)
    assert verification.verdict is UNVERIFIABLE
    assert verification.actions[1].verdict is UNVERIFIABLE


def test_refuted_is_worse_than_unverifiable() -> None:
    """One refuted action decides, whatever else could not be read."""
    assert (
        judged({REFUND.digest: Observation(found=False, reference="k"), REPLY.digest: None}).verdict
        is REFUTED
    )


def test_an_item_that_is_left_over_refutes() -> None:
    """The reply lists item 2 and says nothing of it: left over, although all actions are confirmed."""
    verification = judged(dict(GOOD), told=("item-1",))
    assert {a.verdict for a in verification.actions} == {CONFIRMED}
    assert (verification.verdict, item(verification, "item-1").verdict) == (REFUTED, CONFIRMED)
    assert item(verification, "item-2").why == "left over: no action, statement or refusal"


def test_a_stated_refusal_covers_an_item() -> None:
    """An item that was refused in the reply that went out is confirmed."""
    assert judged(dict(GOOD), told=(), refused=("item-2",)).verdict is CONFIRMED


def test_an_action_covers_an_item_without_a_word() -> None:
    """The refund names item 1; no statement has to."""
    verification = judged({REFUND.digest: GOOD[REFUND.digest]}, actions=(REFUND,), told=(), items=1)
    assert verification.verdict is CONFIRMED


def test_what_is_stated_must_have_been_delivered() -> None:
    """A draft that stayed in the house covers nothing."""
    verification = judged({REFUND.digest: GOOD[REFUND.digest]}, actions=(REFUND,))
    assert item(verification, "item-2").verdict is REFUTED
    assert item(verification, "item-2").why == "nothing was delivered that speaks of it"


def test_a_refusal_needs_no_delivery_where_a_desk_delivers_nothing() -> None:
    """It stands in the record, and there is nothing outside to read back."""
    verification = judged(
        {REFUND.digest: GOOD[REFUND.digest]}, actions=(REFUND,), told=(), refused=("item-2",)
    )
    assert verification.verdict is CONFIRMED
    assert item(verification, "item-2").why == "refused on record, and this desk delivers nothing"


def test_announcing_a_refund_does_not_stand_in_for_it() -> None:
    """Item 1 is stated in a confirmed reply and its refund is not there: refuted."""
    verification = judged({**GOOD, REFUND.digest: Observation(found=False, reference="key")})
    assert item(verification, "item-1").verdict is REFUTED
    assert item(verification, "item-2").verdict is CONFIRMED


def test_nothing_to_verify_is_not_confirmed() -> None:
    """A brief without actions and items never reads as clean."""
    assert judged({}, actions=(), items=0).verdict is UNVERIFIABLE


def test_a_newcomer_is_compared_by_what_bears_its_parameters_names() -> None:
    """An action without a line of its own is confirmed by equal facts, refuted by others, unverifiable by none."""
    bound = bind("r-1", "p1", PLAYBOOK, Action(name="tag", subject="s", parameters={"label": "vip"}, why="w"))
    for facts, verdict in (
        ({"label": "vip", "effects": 1}, CONFIRMED),
        ({"label": "new", "effects": 1}, REFUTED),
        ({"label": "vip"}, REFUTED),
        ({"effects": 1}, UNVERIFIABLE),
    ):
        assert judged({bound.digest: seen(facts)}, actions=(bound,), items=0).verdict is verdict


order_of_worst = [CONFIRMED, UNVERIFIABLE, REFUTED]
observed = st.sampled_from([None, Observation(found=False, reference="k"), "good"])


@given(first=observed, second=observed, told=st.sets(st.sampled_from(["item-1", "item-2", "item-3"])))
def test_the_whole_is_as_its_worst_part(
    first: Observation | str | None, second: Observation | str | None, told: set[str]
) -> None:
    """Over all mixtures, the overall verdict is the worst among actions and items."""
    observations = {
        bound.digest: GOOD[bound.digest] if isinstance(value, str) else value
        for bound, value in ((REFUND, first), (REPLY, second))
    }
    verification = judged(observations, told=tuple(sorted(told)), items=3)
    parts = [*(a.verdict for a in verification.actions), *(i.verdict for i in verification.items)]
    assert verification.verdict is max(parts, key=order_of_worst.index)

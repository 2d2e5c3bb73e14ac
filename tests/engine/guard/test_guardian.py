"""Longer than other files: all rules of one decision, and the properties that hold over all of them.

The guardian's rules: what is blocked, what a person sees first, and that more risk never helps.
"""

import time
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.models.money import Money
from dispatch.models.request.submission import Party
from dispatch.models.work.action_digest import bind
from dispatch.models.work.finding import ReviewException
from dispatch.models.work.guardian import GuardBrief, GuardDecision, GuardResult
from dispatch.models.work.playbook import GuardianPolicy, Tier
from dispatch.models.work.proposal import Action, BoundAction
from dispatch.models.work.severity import Severity
from tests.asking import WHERE_ASKED, guard_result_on
from tests.bound import (
    CUSTOMER,
    HANDOFF,
    PAYMENT,
    PLAYBOOK,
    POLICY,
    REQUESTER,
    Read,
    earlier_refund,
    inspected,
    policy,
    read,
    refund,
    reply,
)

KNOWN = read(CUSTOMER, payment=PAYMENT, owner="C-1")
UNKNOWN = read()
DECISIONS, TIERS = list(GuardDecision), list(Tier)


def ruled(
    bound: BoundAction,
    facts: Read = KNOWN,
    *,
    by: GuardianPolicy | None = None,
    requester: Party = REQUESTER,
    exceptions: tuple[ReviewException, ...] = (),
) -> GuardResult:
    return inspected(
        GuardBrief(
            handoff=HANDOFF, bound=bound, policy=by or policy(), requester=requester, exceptions=exceptions
        ),
        facts,
    )


def rules_of(guard_result: GuardResult) -> set[str]:
    return {reason.rule for reason in guard_result.reasons}


def exception(severity: Severity = Severity.MAJOR, *items: str) -> ReviewException:
    return ReviewException(
        reviewer="reply_standards", standard="tone", severity=severity, text="curt", item_ids=items
    )


def test_an_ordinary_reply_is_allowed_and_says_why() -> None:
    """A reply to the address on record, with nothing to object to, runs on the guardian's decision."""
    guard_result = ruled(reply())
    assert (guard_result.decision, guard_result.tier) == (GuardDecision.ALLOW, Tier.LOW)
    assert rules_of(guard_result) == {"tier.low"}
    assert guard_result.action_digest == reply().digest


@pytest.mark.parametrize("minor", [100, 3_000, 15_000, 40_000])
def test_what_pays_unasked_goes_to_a_person_whatever_the_amount(minor: int) -> None:
    """Where the policy wants an ask and the requester's words hold none, the strictest tier decides."""
    guard_result = guard_result_on("Please do not refund it.", ["Please refund it."], minor=minor)
    assert (guard_result.decision, guard_result.tier) == (GuardDecision.HOLD, Tier.CRITICAL)
    assert "request.not_asked" in rules_of(guard_result)


def test_what_pays_and_is_asked_for_is_held_for_its_amount_alone() -> None:
    """A plain request that the action cites changes nothing of what the amount asks for."""
    asked = "I would like a refund, please."
    small, large = (guard_result_on(asked, [asked], minor=minor) for minor in (3_000, 15_000))
    assert (small.decision, large.decision, large.tier) == (
        GuardDecision.ALLOW,
        GuardDecision.HOLD,
        Tier.MEDIUM,
    )


def test_an_action_that_wants_an_ask_and_knows_no_request_is_held() -> None:
    """A brief without the requester's words is no reason to pay."""
    assert ruled(refund(), by=WHERE_ASKED).decision is GuardDecision.HOLD


def test_a_subject_that_forbids_holds_what_the_body_asks_for() -> None:
    """The subject is among the requester's words."""
    asked = "Please refund it."
    assert guard_result_on(asked, [asked], subject="Do not refund it").decision is GuardDecision.HOLD


def test_a_changed_action_is_blocked() -> None:
    """An action whose digest is not its own is blocked before anything else is looked at."""
    bound = reply()
    changed = bound.action.model_copy(update={"why": "another reason"})
    guard_result = ruled(bound.model_copy(update={"action": changed}))
    assert (guard_result.decision, rules_of(guard_result)) == (GuardDecision.BLOCK, {"binding.digest"})


def test_an_action_that_the_playbook_does_not_list_is_blocked() -> None:
    """What the playbook does not list does not happen."""
    guard_result = ruled(refund(), by=policy(actions={"send_reply": {}}))
    assert (guard_result.decision, rules_of(guard_result)) == (GuardDecision.BLOCK, {"policy.action"})


@pytest.mark.parametrize(
    "changes",
    [
        {"amount_minor": 0},
        {"amount_minor": -5},
        {"currency": "euro"},
        {"surprise": 1},
        {"amount_minor": None},
    ],
)
def test_wrong_parameters_are_blocked_without_quoting_them(changes: dict[str, Any]) -> None:
    """Parameters that do not validate are blocked, and the reason names fields and not values."""
    guard_result = ruled(refund(**changes))
    assert (guard_result.decision, rules_of(guard_result)) == (GuardDecision.BLOCK, {"parameters.invalid"})
    assert next(iter(changes)) in guard_result.reasons[0].text


@pytest.mark.parametrize(
    "recipient",
    [
        "mallory@evil.example",
        "ada@example.org,mallory@evil.example",
        "Ada <ada@example.org>",
        "ada@example.org\nBcc: mallory@evil.example",
        "ada@example.org ",
        "ada@example.org.evil.example",
        "\N{CYRILLIC SMALL LETTER A}da@example.org",
    ],
)
def test_a_reply_goes_to_nobody_but_the_requester(recipient: str) -> None:
    """Any recipient that is not exactly the requester's or one on record for them is blocked."""
    guard_result = ruled(reply(recipient=recipient))
    assert guard_result.decision is GuardDecision.BLOCK
    assert "reply.recipient" in rules_of(guard_result)


@pytest.mark.parametrize("purpose", ["reply", "question", "reminder", "notice"])
def test_every_purpose_is_guarded_alike(purpose: str) -> None:
    """A question, a reminder and a notice to a stranger are blocked as a reply is."""
    assert ruled(reply(purpose=purpose)).decision is GuardDecision.ALLOW
    assert ruled(reply(purpose=purpose, recipient="mallory@evil.example")).decision is GuardDecision.BLOCK


@pytest.mark.parametrize("recipient", ["ADA@Example.org", "ada@work.example"])
def test_another_address_on_record_will_do(recipient: str) -> None:
    """Upper and lower case do not matter, and any address on record of the requester is theirs."""
    assert ruled(reply(recipient=recipient)).decision is GuardDecision.ALLOW


def test_case_is_folded_for_ascii_only() -> None:
    """The Kelvin sign lower-cases to k in Unicode; as an address it is somebody else's."""
    asker = Party(address="k@example.org")
    guard_result = ruled(
        reply(recipient="\N{KELVIN SIGN}@example.org", evidence=()), UNKNOWN, requester=asker
    )
    assert "reply.recipient" in rules_of(guard_result)


def test_a_stranger_gets_an_answer_that_holds_no_records() -> None:
    """A requester on no record gets what rests on no records, and nothing that does."""
    assert ruled(reply(evidence=("playbook.hours",)), UNKNOWN).decision is GuardDecision.ALLOW
    guard_result = ruled(reply(evidence=("playbook.hours", "order_history.order.DD-1")), UNKNOWN)
    assert (guard_result.decision, rules_of(guard_result)) == (GuardDecision.BLOCK, {"reply.records"})


@pytest.mark.parametrize("source", ["playbook", "request", "decision"])
def test_what_is_nobody_s_secret_goes_to_a_stranger(source: str) -> None:
    """It depends on the source, whatever specialist the evidence is of: rules, own words and a person's words are open."""
    bound = reply(evidence=("order_history.rule",), sources={"order_history.rule": source})
    assert ruled(bound, UNKNOWN).decision is GuardDecision.ALLOW


@pytest.mark.parametrize(
    "sources",
    [{"shelf_check.copy.7": "records"}, {"shelf_check.copy.7": "diary"}, {"shelf_check.copy.7": ""}, {}],
    ids=str,
)
def test_personal_evidence_of_any_specialist_stays_with_whom_it_is_about(sources: dict[str, str]) -> None:
    """Records, a source that nobody declared, and evidence without a source go to an address on record alone."""
    bound = reply(
        evidence=("playbook.hours", "shelf_check.copy.7"), sources={"playbook.hours": "playbook"} | sources
    )
    guard_result = ruled(bound, UNKNOWN)
    assert (guard_result.decision, rules_of(guard_result)) == (GuardDecision.BLOCK, {"reply.records"})
    assert ruled(bound).decision is GuardDecision.ALLOW


@pytest.mark.parametrize(
    "text",
    [
        "see https://evil.example/x",
        "see HTTPS://EVIL.EXAMPLE",
        "see https://desk.example@evil.example/",
        "see https://evil.example\\@desk.example/",
        "see https://user@desk.example/",
        "see [desk.example](https://evil.example)",
        "see <https://evil.example>",
        "see evil.example",
        "see www.evil.example for more",
        "see evil.example/desk.example",
        "see EVIL.Example.",
        "see https://xn--dsk-bna.example/",
        "see xn--dsk-bna.example",
        "see https://d\N{CYRILLIC SMALL LETTER IE}sk.example/",
        "see d\N{CYRILLIC SMALL LETTER IE}sk.example",
        "see https://evil\N{FULLWIDTH FULL STOP}example",
        "see evil\N{IDEOGRAPHIC FULL STOP}example",
        "see ev\N{ZERO WIDTH SPACE}il.example",
        "see https://desk.example.evil.example",
        "see https://sub.desk.example",
        "see ftp://evil.example",
        "see //evil.example",
        "see .evil.example",
        "see -.-evil.example",
        "see _evil.example_ and *evil.example*",
        "see @evil.example",
        "see desk.example..evil.example",
        "see 1https://evil.example",
        "see https:evil.example",
        "see https://desk.example,evil.example/",
        "see https:/evil.example",
        "see https://2130706433/",
        "see http://127.0.0.1:8080/",
        "see 93.184.216.34/login",
        "see http://[::1]/",
        "see https://desk%2eexample/",
        "see invoice.pdf/login",
        "run javascript:alert(1)",
        "run data:text/html,x",
    ],
)
def test_links_lead_only_where_the_playbook_says(text: str) -> None:
    """A link to another host is blocked in whatever dress: case, user name, markdown, punycode, other scripts."""
    guard_result = ruled(reply(text=text))
    assert guard_result.decision is GuardDecision.BLOCK
    # A user name before a host also reads as a mail address.
    assert {"reply.links"} <= rules_of(guard_result) <= {"reply.links", "reply.addresses"}


@pytest.mark.parametrize(
    "text",
    [
        "see https://desk.example/orders?id=1.",
        "see HTTPS://Desk.Example:443/x",
        "see (https://track.desk.example/DD-1), please",
        "see desk.example or write to support@desk.example.",
        "your invoice.pdf is attached, e.g. page 2. Regards, A. Smith",
        "EUR 49.90 on 01.03.2025 at 12.30, order DD-10001, version 1.2.3",
        "your own address, ada@example.org, is on record",
        "thank you...and goodbye",
    ],
)
def test_ordinary_text_is_no_link(text: str) -> None:
    """Listed hosts, files, dates, amounts, initials and the people's own addresses are not objected to."""
    guard_result = ruled(reply(text=text))
    assert guard_result.decision is GuardDecision.ALLOW, guard_result.reasons


def test_links_in_the_subject_count() -> None:
    """The subject is read as the text is."""
    assert "reply.links" in rules_of(ruled(reply(subject="Re: https://evil.example")))


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("write to bob@example.org", "reply.addresses"),
        ("write to BOB@EXAMPLE.ORG.", "reply.addresses"),
        ("write to mailto:bob@example.org", "reply.addresses"),
        ("write to bob\N{FULLWIDTH COMMERCIAL AT}example.org", "reply.addresses"),
        ("card 4111111111111111", "reply.card"),
        ("card 4111 1111 1111 1111.", "reply.card"),
        ("card 4111-1111-1111-1111", "reply.card"),
        ("card 3782 822463 10005", "reply.card"),
        ("order 17 4111 1111 1111 1111 2025", "reply.card"),
        ("card \N{FULLWIDTH DIGIT FOUR}111111111111111", "reply.card"),
        ("card \N{ARABIC-INDIC DIGIT FOUR}111111111111111", "reply.card"),
        ("card 4111\N{ZERO WIDTH SPACE}111111111111", "reply.card"),
        ("card 4111\N{NON-BREAKING HYPHEN}1111\N{EN DASH}1111\N{MINUS SIGN}1111", "reply.card"),
        ("card 4111 - 1111 - 1111 - 1111", "reply.card"),
        ("card 4111  1111\t1111\n1111", "reply.card"),
        ("account DE89370400440532013000", "reply.iban"),
        ("account de89 3704 0044 0532 0130 00 at the bank", "reply.iban"),
        ("account GB29-NWBK-6016-1331-9268-19", "reply.iban"),
        ("account GB29\N{HYPHEN}NWBK.6016 - 1331  9268\n19", "reply.iban"),
    ],
)
def test_nothing_private_leaks(text: str, rule: str) -> None:
    """Other people's addresses, card numbers and bank accounts are blocked, and the reason does not repeat them."""
    guard_result = ruled(reply(text=text))
    assert (guard_result.decision, rules_of(guard_result)) == (GuardDecision.BLOCK, {rule})
    assert text.split(maxsplit=1)[1] not in guard_result.reasons[0].text


@pytest.mark.parametrize(
    "text",
    [
        "number 4111111111111112 has another check digit",
        "order 1234567890128 is no card, and neither is 12345678901234567890",
        "between 2025-03-01 2025-04-01 we were closed",
        "account DE88370400440532013000 has another check digit",
        "order DD10001 will be refunded in 14 days to the card you used",
    ],
)
def test_numbers_that_only_look_private_pass(text: str) -> None:
    """A wrong check digit, a foreign prefix or length, dates and order numbers are neither cards nor accounts."""
    assert ruled(reply(text=text)).decision is GuardDecision.ALLOW


@pytest.mark.parametrize("field", ["subject", "in_reply_to"])
def test_a_header_holds_one_line(field: str) -> None:
    """A line break that would begin another header is blocked."""
    changes: dict[str, Any] = {field: "x\r\nBcc: mallory"}
    guard_result = ruled(reply(**changes))
    assert (guard_result.decision, rules_of(guard_result)) == (GuardDecision.BLOCK, {"reply.header"})


def test_text_that_reads_otherwise_than_it_is_is_blocked() -> None:
    """Characters that turn the writing direction would show an approver another text than is sent."""
    guard_result = ruled(reply(text="you get \N{RIGHT-TO-LEFT OVERRIDE}001"))
    assert "reply.direction" in rules_of(guard_result)


@pytest.mark.parametrize(
    ("changes", "facts", "rule"),
    [
        ({}, {"payment": None}, "refund.payment"),
        ({}, {"payment_customer_id": None}, "refund.customer"),
        ({}, {"payment_customer_id": "C-2"}, "refund.requester"),
        ({}, {"requester_records": ()}, "refund.requester"),
        ({"customer_id": "C-2"}, {}, "refund.customer"),
        ({"order_number": "DD-2"}, {}, "refund.order"),
        ({"currency": "USD"}, {}, "refund.currency"),
        ({"currency": "USD"}, {}, "amount.limit"),
        ({"amount_minor": 40_001}, {}, "amount.limit"),
        ({}, {"payment": PAYMENT.model_copy(update={"refunded_minor": 47_001})}, "refund.remainder"),
    ],
)
def test_a_refund_that_records_do_not_bear_out_is_blocked(
    changes: dict[str, Any], facts: dict[str, Any], rule: str
) -> None:
    """No such payment, another's, another order, currency or more than remains: each is blocked by its own rule."""
    guard_result = ruled(refund(**changes), KNOWN.but(**facts))
    assert guard_result.decision is GuardDecision.BLOCK
    assert rule in rules_of(guard_result)


@pytest.mark.parametrize(
    ("amount", "decision", "tier"),
    [
        (1, GuardDecision.ALLOW, Tier.LOW),
        (5_000, GuardDecision.ALLOW, Tier.LOW),
        (5_001, GuardDecision.HOLD, Tier.MEDIUM),
        (20_000, GuardDecision.HOLD, Tier.MEDIUM),
        (20_001, GuardDecision.HOLD, Tier.HIGH),
        (40_000, GuardDecision.HOLD, Tier.HIGH),
        (40_001, GuardDecision.BLOCK, Tier.CRITICAL),
    ],
)
def test_the_amount_decides_the_tier(amount: int, decision: GuardDecision, tier: Tier) -> None:
    """Each amount is of the first tier that reaches up to it; above the last it is blocked."""
    guard_result = ruled(refund(amount_minor=amount))
    assert (guard_result.decision, guard_result.tier) == (decision, tier)


def test_all_that_remains_may_be_refunded() -> None:
    """An amount equal to what remains is not more than what remains."""
    payment = PAYMENT.model_copy(
        update={"amount": Money(amount_minor=4_000, currency="EUR"), "refunded_minor": 1_000}
    )
    assert ruled(refund(), KNOWN.but(payment=payment)).decision is GuardDecision.ALLOW


def test_many_refunds_are_seen_by_a_person() -> None:
    """From max_refunds standing refunds on, the next is held; a cancelled one does not count."""
    one, two = earlier_refund(1), earlier_refund(2)
    cancelled = two.model_copy(update={"status": "cancelled"})
    for recent, decision in (
        ((one,), GuardDecision.ALLOW),
        ((one, cancelled), GuardDecision.ALLOW),
        ((one, two), GuardDecision.HOLD),
    ):
        guard_result = ruled(refund(), KNOWN.but(recent_refunds=recent))
        assert guard_result.decision is decision
        assert ("refund.velocity" in rules_of(guard_result)) == (decision is GuardDecision.HOLD)


def test_the_same_refund_met_again_after_a_reset_is_not_in_its_own_way() -> None:
    """A standing refund under this action's own key counts neither against the remainder nor as an earlier one."""
    bound = refund(amount_minor=5_000)
    own = earlier_refund(1, key=bound.idempotency_key, amount_minor=5_000)
    payment = PAYMENT.model_copy(
        update={"amount": Money(amount_minor=5_000, currency="EUR"), "refunded_minor": 5_000}
    )
    none = earlier_refund(2, amount_minor=0)
    facts = KNOWN.but(payment=payment, recent_refunds=(own, none))
    assert ruled(bound, facts).decision is GuardDecision.ALLOW
    facts = facts.but(recent_refunds=(none,))
    assert "refund.remainder" in rules_of(ruled(bound, facts))


def test_an_open_exception_brings_a_person_in() -> None:
    """What review could not mend puts any action at medium at least."""
    guard_result = ruled(reply(), exceptions=(exception(Severity.MINOR, "item-1"),))
    assert (guard_result.decision, guard_result.tier) == (GuardDecision.HOLD, Tier.MEDIUM)
    assert "review.open" in rules_of(guard_result)


@pytest.mark.parametrize(
    ("items", "tier"), [(("item-1",), Tier.CRITICAL), ((), Tier.CRITICAL), (("item-9",), Tier.MEDIUM)]
)
def test_a_critical_exception_goes_to_the_strictest_tier(items: tuple[str, ...], tier: Tier) -> None:
    """A critical exception on this action's items, or on none in particular, is held at the highest tier with a person."""
    guard_result = ruled(reply(), exceptions=(exception(Severity.CRITICAL, *items),))
    assert (guard_result.decision, guard_result.tier) == (GuardDecision.HOLD, tier)


def test_without_anybody_to_ask_a_critical_exception_blocks() -> None:
    """Where no tier asks a person, what only a person may settle is blocked."""
    by = policy(tiers={tier: {"approval": {"signatures": 0}} for tier in ("low", "medium")})
    guard_result = ruled(reply(), by=by, exceptions=(exception(Severity.CRITICAL),))
    assert (guard_result.decision, rules_of(guard_result) >= {"review.critical"}) == (
        GuardDecision.BLOCK,
        True,
    )


def test_an_action_without_rules_of_its_own_is_left_to_a_person() -> None:
    """A newcomer that the playbook lists and this room does not know is held at the strictest tier."""
    action = Action(name="ship_gift", subject="Ada", parameters={"size": 1}, why="to please")
    guard_result = ruled(bind("support/r-1", "p1", PLAYBOOK, action), by=policy(actions={"ship_gift": {}}))
    assert (guard_result.decision, guard_result.tier) == (GuardDecision.HOLD, Tier.CRITICAL)
    assert "policy.no_rules" in rules_of(guard_result)


def test_a_missing_tier_blocks_all_above_it() -> None:
    """A tier that the playbook lacks blocks, and a riskier action cannot jump over the gap."""
    by = policy(tiers={t: POLICY["tiers"][t] for t in ("low", "high")})
    assert ruled(refund(amount_minor=5_000), by=by).decision is GuardDecision.ALLOW
    for amount in (5_001, 20_001):
        guard_result = ruled(refund(amount_minor=amount), by=by)
        assert guard_result.decision is GuardDecision.BLOCK
        assert "tier.missing" in rules_of(guard_result)


def test_a_playbook_that_asks_less_of_a_higher_tier_blocks() -> None:
    """Scrutiny that falls as risk rises is refused outright."""
    by = policy(tiers={"low": POLICY["tiers"]["medium"], "medium": {"approval": {"signatures": 0}}})
    assert "tier.order" in rules_of(ruled(refund(amount_minor=6_000), by=by))


def test_every_rule_that_fires_is_named() -> None:
    """The guard result lists all reasons, so that one correction does not only reveal the next."""
    guard_result = ruled(reply(recipient="mallory@evil.example", text="evil.example, DE89370400440532013000"))
    assert rules_of(guard_result) >= {"reply.recipient", "reply.records", "reply.links", "reply.iban"}


@pytest.mark.parametrize(
    "pattern",
    ["a", "a.", "a@", "a@b.", "-", "_", ".", "://", "4", "4 ", "DE12", "DE12 ", "xn--", "a://b@", "\ufdfa"],
)
def test_a_hostile_text_takes_no_long_time(pattern: str) -> None:
    """The longest text that a mail may hold is read in linear time, whatever it repeats."""
    text = (pattern * 100_000)[:100_000]
    started = time.process_time()
    ruled(reply(text=text))
    assert time.process_time() - started < 8


@st.composite
def risks(draw: st.DrawFn) -> tuple[int, int, tuple[ReviewException, ...]]:
    """Draw an amount, a number of earlier refunds, and exceptions."""
    exceptions = st.builds(exception, st.sampled_from(Severity), st.sampled_from(["item-1", "item-9"]))
    return (
        draw(st.integers(1, 60_000)),
        draw(st.integers(0, 5)),
        tuple(draw(st.lists(exceptions, max_size=3))),
    )


@st.composite
def policies(draw: st.DrawFn) -> GuardianPolicy:
    """Draw a policy: some tiers may be missing, and approvals need not even grow."""
    ways = [POLICY["tiers"][t] for t in Tier]
    tiers = draw(st.dictionaries(st.sampled_from(Tier), st.sampled_from(ways), max_size=4))
    limits = sorted(draw(st.sets(st.integers(1, 60_000), min_size=1, max_size=4)))
    steps = sorted(
        draw(st.lists(st.sampled_from(TIERS), min_size=len(limits), max_size=len(limits))), key=TIERS.index
    )
    actions = {
        "issue_refund": {
            "tier": draw(st.sampled_from(Tier)),
            "amounts": {"EUR": [{"up_to_minor": u, "tier": t} for u, t in zip(limits, steps, strict=True)]},
        }
    }
    velocity = {
        "max_refunds": draw(st.integers(1, 4)),
        "window": "30 days",
        "tier": draw(st.sampled_from(Tier)),
    }
    return policy(tiers=tiers, actions=actions, velocity=draw(st.sampled_from([None, velocity])))


@given(by=policies(), risk=risks(), more=risks())
def test_more_risk_never_weakens_the_ruling(
    by: GuardianPolicy,
    risk: tuple[int, int, tuple[ReviewException, ...]],
    more: tuple[int, int, tuple[ReviewException, ...]],
) -> None:
    """A larger amount, more refunds or more exceptions never lower decision or tier, one by one and together."""
    amount, count, exceptions = risk
    ladder = [
        (amount, count, exceptions),
        (amount + more[0], count, exceptions),
        (amount + more[0], count + more[1], exceptions),
        (amount + more[0], count + more[1], exceptions + more[2]),
    ]
    guard_results = [
        ruled(
            refund(amount_minor=a),
            KNOWN.but(recent_refunds=tuple(earlier_refund(i) for i in range(n))),
            by=by,
            exceptions=e,
        )
        for a, n, e in ladder
    ]
    for lesser, greater in pairwise(guard_results):
        assert DECISIONS.index(greater.decision) >= DECISIONS.index(lesser.decision)
        assert TIERS.index(greater.tier) >= TIERS.index(lesser.tier)


@given(
    text=st.text(min_size=1), recipient=st.text(min_size=3, max_size=50), links=st.lists(st.text(max_size=20))
)
def test_the_guardian_rules_on_anything(text: str, recipient: str, links: list[str]) -> None:
    """No text makes the guardian fail, and none but the requester's address lets a reply through."""
    body = " https://".join([text, *links])
    guard_result = ruled(reply(text=body, recipient=recipient))
    assert guard_result.decision is GuardDecision.BLOCK

"""The rank of a request: points for what is known of it, each with its reason; and whose turn it is."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.models.money import Money
from dispatch.models.request.intake import Triage, TriageBrief
from dispatch.models.work.finding import Finding, FindingStatus
from dispatch.models.work.ranking import RankingEvidence, RankingFacts, RankingPolicy, ToldDeadline, Weight
from dispatch.process.intake import take_in
from dispatch.process.routing import triage
from dispatch.ranking.organisations import fairness_key
from dispatch.ranking.rank import rank, waited, with_findings
from tests.asked import HANDOFF, NOW, RECEPTION, in_force, submission

POLICY = RankingPolicy.model_validate(
    {
        "value": {"EUR": [{"from_minor": 10_000, "points": 5}, {"from_minor": 50_000, "points": 10}]},
        "customer_tiers": {"gold": 15, "barred": -50},
        "waiting_per_day": 12,
    }
)


def eur(minor: int) -> Money:
    return Money(amount_minor=minor, currency="EUR")


def points(**facts: Any) -> dict[str, int]:
    found = rank(RankingFacts(asked_at=NOW, **facts), POLICY)
    assert found.score == sum(reason.points for reason in found.reasons)
    return {reason.weight.value: reason.points for reason in found.reasons}


def due(**ahead: float) -> ToldDeadline:
    return ToldDeadline(at=NOW + timedelta(**ahead), said="by then")


def finding(evidence: RankingEvidence | None) -> Finding:
    return Finding(
        handoff=HANDOFF, specialist="records", status=FindingStatus.FOUND, summary="", ranking=evidence
    )


def test_nothing_known_is_the_middle() -> None:
    """A request without any sign has priority 3 and no points, as without a playbook's word."""
    found = rank(RankingFacts(asked_at=NOW), POLICY)
    assert (found.priority_key, found.score) == (3, 0)
    assert found.in_words == "priority 3 of 5, 0 points: urgency 3 of 5, no sign of urgency was found (+0)"


@pytest.mark.parametrize("urgency", [1, 2, 3, 4, 5])
def test_urgency_alone_makes_the_priority_of_its_number(urgency: int) -> None:
    """So a playbook without `ranking` that names priorities keeps them."""
    assert rank(RankingFacts(asked_at=NOW, urgency=urgency), RankingPolicy()).priority_key == urgency


@pytest.mark.parametrize(
    ("ahead", "wanted"),
    [({"hours": 5}, 30), ({"days": 1}, 30), ({"days": 2}, 20), ({"days": 7}, 10), ({"days": 8}, 0)],
)
def test_a_near_deadline_counts_more(ahead: dict[str, float], wanted: int) -> None:
    """The first band that reaches so far counts; beyond the last none does."""
    assert points(deadline=due(**ahead))["deadline"] == wanted


@pytest.mark.parametrize(
    ("amounts", "wanted"),
    [
        ((eur(9_999),), 0),
        ((eur(10_000),), 5),
        ((eur(20_000), eur(50_000)), 10),
        ((Money(amount_minor=9, currency="CHF"),), 0),
    ],
)
def test_the_amount_that_counts_most_counts(amounts: tuple[Money, ...], wanted: int) -> None:
    """Of several the one with the most points; a currency without bands has none."""
    assert points(amounts=amounts)["value"] == wanted


def test_what_the_records_say_counts_before_what_the_text_says() -> None:
    """A stranger's figure is replaced by the record's; the tier comes from the records alone."""
    told = RankingFacts(asked_at=NOW, amounts=(eur(90_000),))
    assert with_findings(told, [finding(None), finding(RankingEvidence())]) == told
    known = with_findings(
        told, [finding(None), finding(RankingEvidence(customer_tier="gold", value=eur(12_000)))]
    )
    assert [(r.weight, r.points, r.text) for r in rank(known, POLICY).reasons[1:]] == [
        (Weight.VALUE, 5, "EUR 120.00 is concerned, on record"),
        (Weight.CUSTOMER_TIER, 15, "customer tier gold, on record"),
    ]


def test_a_tier_without_weight_is_named_all_the_same() -> None:
    """The reasons show that the value is known and counts nothing."""
    assert points(customer_tier="bronze") == {"urgency": 0, "customer tier": 0}
    assert points(customer_tier="barred")["customer tier"] == -50


def test_all_parts_add_up_to_the_priority() -> None:
    """A near deadline and a good customer together make what one sign of urgency makes."""
    found = rank(RankingFacts(asked_at=NOW, deadline=due(hours=3), customer_tier="gold"), POLICY)
    assert (found.score, found.priority_key) == (45, 1)


def test_waiting_is_counted_for_a_reader_and_overtakes_everything_in_the_end() -> None:
    """The points grow with the time, the key stays; what waits for long comes before fresh and urgent work."""
    slow = rank(RankingFacts(asked_at=NOW, urgency=5), POLICY)
    urgent = rank(RankingFacts(asked_at=NOW, urgency=1, deadline=due(hours=1), customer_tier="gold"), POLICY)
    later = waited(slow, NOW, NOW + timedelta(days=2))
    assert (later.score, later.priority_key) == (-40 + 24, slow.priority_key)
    assert later.reasons[-1].text == "waiting for 2 d"
    assert waited(slow, NOW, NOW - timedelta(days=9)).score == slow.score
    assert waited(slow, NOW, NOW + timedelta(days=11)).score > urgent.score


@given(
    urgency=st.integers(1, 5),
    hours=st.none() | st.integers(0, 500),
    amount=st.none() | st.integers(1, 10**9),
    tier=st.sampled_from(["", "gold", "barred", "bronze"]),
    more=st.integers(0, 30),
)
def test_more_points_never_make_a_request_less_urgent(
    urgency: int, hours: int | None, amount: int | None, tier: str, more: int
) -> None:
    """The score is the sum of its reasons, and the key follows it alone."""
    facts = RankingFacts(
        asked_at=NOW,
        urgency=urgency,
        deadline=due(hours=hours) if hours is not None else None,
        amounts=(eur(amount),) if amount else (),
        customer_tier=tier,
    )
    found = rank(facts, POLICY)
    assert found.score == sum(reason.points for reason in found.reasons)
    urged = POLICY.model_copy(update={"urgency": tuple(points + more for points in POLICY.urgency)})
    assert rank(facts, urged).priority_key <= found.priority_key


def test_triage_reads_the_sender_s_own_words() -> None:
    """Sign, deadline and amount come from the sender's new words; a quoted deadline belongs to an earlier mail."""
    said = _triaged("Refund EUR 600.00 for my order by Wednesday, my lawyer asks.\n\n> by Tuesday, 9000 EUR")
    facts = said.ranking
    assert (facts.urgency, facts.sign, facts.amounts) == (1, "lawyer", (eur(60_000),))
    assert facts.deadline is not None
    assert (facts.deadline.said, facts.deadline.at.day) == ("by Wednesday", 4)
    assert [reason.points for reason in said.rank.reasons] == [40, 20, 10]


@pytest.mark.parametrize(
    ("body", "urgency", "sign"),
    [
        ("My order is late, but that is not urgent.", 3, ""),
        ("My order is late; it isn't urgent and I have no lawyer", 3, ""),
        ("My order: es eilt nicht", 5, "eilt nicht"),
        ("My order was not urgent last week, now it is urgent", 1, "urgent"),
    ],
)
def test_what_is_denied_is_no_sign_of_urgency(body: str, urgency: int, sign: str) -> None:
    """The longer phrase counts where one is a part of the other; said once without denial, it counts."""
    signs = [
        {"phrases": ["urgent", "lawyer", "eilt"], "priority": 1},
        {"phrases": ["eilt nicht"], "priority": 5},
    ]
    facts = _triaged(body, urgency=signs).ranking
    assert (facts.urgency, facts.sign) == (urgency, sign)


@given(
    st.lists(
        st.sampled_from(
            ["EUR 999999999999", "1,000,000 EUR", "urgent", "lawyer", "by today", "within 1 hour"]
        )
    )
)
def test_no_words_raise_the_rank_beyond_the_playbook_s_highest_points(words: list[str]) -> None:
    """However much a stranger claims and however often, each weight counts once, by its highest band at most."""
    most = POLICY.urgency[0] + POLICY.deadline[0].points + POLICY.value["EUR"][-1].points
    assert _triaged(f"Please refund my order {', '.join(words)}").rank.score <= most


def test_an_amount_in_a_currency_without_bands_is_not_kept() -> None:
    """It could count nothing, and a text may hold thousands."""
    assert _triaged("refund my order of CHF 900").ranking.amounts == ()


def test_an_organisation_s_share_is_the_playbook_s() -> None:
    """All subdomains share; others have none of their own."""
    assert _triaged("order", sender={"address": "a@mail.partner.example"}).fairness_weight == 3
    assert _triaged("order").fairness_weight is None


def _triaged(body: str, urgency: list[dict[str, Any]] | None = None, **changes: Any) -> Triage:
    ranking = POLICY.model_dump(mode="json") | {"shares": {"partner.example": 3}}
    came = submission(body, **changes)
    brief = TriageBrief(handoff=HANDOFF, intake=take_in(came, HANDOFF), submission=came)
    changed = {"urgency": urgency} if urgency else {}
    return triage(brief, {"support": in_force(ranking=ranking, **changed)}, RECEPTION)


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("a@Mail.Example", "mail.example"),
        ("a@mail.example.", "mail.example"),
        ("a@orders.eu.shop.example", "shop.example"),
        ("a@orders.shop.co.uk", "shop.co.uk"),
        ("a@shop.de", "shop.de"),
        ("nobody", "unknown"),
        ("a@", "unknown"),
        ("a@..", "unknown"),
        ("a@" + "x" * 80 + ".example", "x" * 56 + ".example"),
    ],
)
def test_the_fairness_key_is_the_organisation(address: str, key: str) -> None:
    """One organisation's requests share a key, from all subdomains."""
    assert fairness_key(address) == key
    assert len(key.encode()) <= 64


@pytest.mark.parametrize("domain", ["gmail.com", "GMX.net", "yahoo.co.uk", "web.de", "mail.gmail.com"])
def test_at_a_mail_provider_each_address_has_a_key_of_its_own(domain: str) -> None:
    """Its customers are no organisation; Temporal shows the key, so it does not hold the address."""
    one, other = fairness_key(f"ada.k@{domain}"), fairness_key(f"bob@{domain}")
    assert one != other
    assert one == fairness_key(f"Ada.K@{domain} ")
    assert "ada.k" not in one
    assert len(one.encode()) <= 64


@given(st.text(max_size=200))
def test_any_address_gives_a_key_that_temporal_takes(address: str) -> None:
    """Between 1 and 64 bytes, whatever a mail claims."""
    assert 0 < len(fairness_key(address).encode()) <= 64

"""A customer's reservations: one order of all requests, each counted once, released and bounded."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.guard.spend_quota import (
    MOST_ENTRIES,
    OPEN_AT_MOST,
    REMEMBERED_FOR,
    claims_of,
    close,
    next_lapse,
    quota_id,
    reserve,
)
from dispatch.models.money import Money
from dispatch.models.work.spend_quota import Claim, CloseRequest, QuotaState, Reserved, ReserveRequest
from tests.bound import NOW, refund, reply

WINDOW = timedelta(days=30)
SECOND = timedelta(seconds=1)


class Quota:
    """A quota under test; every message comes a second after the one before, unless it says when."""

    def __init__(self) -> None:
        self.state, self.now = QuotaState(), NOW

    def reserve(self, who: str, *amounts: int, as_of: datetime | None = None, **more: Any) -> Reserved:
        self.now += SECOND
        request = ReserveRequest(
            request_id=who,
            as_of=as_of or self.now,
            claims=tuple(claim(who, number, amount) for number, amount in enumerate(amounts)),
            **{"window": WINDOW} | more,
        )
        answer, self.state = reserve(self.state, request, self.now)
        return answer

    def close(self, who: str, *paid: int) -> None:
        self.now += SECOND
        keys = tuple(claim(who, number, 1).idempotency_key for number in paid)
        self.state = close(self.state, CloseRequest(request_id=who, paid=keys), self.now)

    def seen(self, who: str) -> list[int]:
        """Return the amounts that a newcomer sees, who leaves again."""
        answer = self.reserve(who, 1)
        self.close(who)
        return [claim.amount.amount_minor for claim in answer.others]


def claim(who: str, number: int, amount: int) -> Claim:
    return Claim(
        idempotency_key=f"{who}/{number}", account="P", amount=Money(amount_minor=amount, currency="EUR")
    )


def amounts_of(answer: Reserved) -> list[int]:
    return [one.amount.amount_minor for one in answer.others]


def test_the_later_sees_the_earlier() -> None:
    """Each request is told what all before it reserved, and nothing of its own."""
    quota = Quota()
    assert [amounts_of(quota.reserve(who, n)) for n, who in enumerate("abc", 1)] == [[], [1], [1, 2]]


def test_a_repeat_keeps_its_place_and_sees_what_it_saw() -> None:
    """An attempt that is made again is not judged by those who came in between."""
    quota = Quota()
    quota.reserve("a", 1)
    quota.reserve("b", 2)
    assert amounts_of(quota.reserve("a", 1)) == []
    assert amounts_of(quota.reserve("b", 2)) == [1]
    assert quota.seen("c") == [1, 2]


def test_other_claims_replace_the_earlier_and_come_last() -> None:
    """An edit counts once, with its new amount, and is judged with everybody who has reserved meanwhile."""
    quota = Quota()
    quota.reserve("a", 1)
    quota.reserve("b", 2)
    assert amounts_of(quota.reserve("a", 30)) == [2]
    assert quota.seen("c") == [2, 30]


def test_an_attempt_that_was_overtaken_changes_nothing() -> None:
    """What an old attempt brings late neither replaces the edit nor brings back what was released."""
    quota = Quota()
    quota.reserve("a", 1)
    early = quota.now
    quota.reserve("a", 30)
    quota.reserve("a", 1, as_of=early)
    assert quota.seen("b") == [30]
    quota.close("a")
    quota.reserve("a", 30, as_of=early)
    assert quota.seen("b") == []


def test_what_was_not_paid_is_released() -> None:
    """Of two claims one was paid: it alone still counts."""
    quota = Quota()
    quota.reserve("a", 5, 7)
    quota.close("a", 1)
    assert quota.seen("b") == [7]


def test_what_was_paid_counts_until_its_window_is_over() -> None:
    """From the end of the request on; a request with a shorter window of its own sees less."""
    quota = Quota()
    quota.reserve("a", 5)
    quota.close("a", 0)
    quota.now += WINDOW - timedelta(minutes=1)
    assert amounts_of(quota.reserve("b", 1, window=timedelta(days=7))) == []
    assert amounts_of(quota.reserve("c", 1)) == [5, 1]
    quota.now += timedelta(minutes=1)
    assert amounts_of(quota.reserve("d", 1)) == [1, 1]


def test_a_request_that_waits_holds_its_reservation() -> None:
    """Longer than any window: it may still pay."""
    quota = Quota()
    quota.reserve("a", 5)
    quota.now += 4 * WINDOW
    assert quota.seen("b") == [5]
    quota.now += OPEN_AT_MOST - 4 * WINDOW
    assert quota.seen("b") == []


def test_a_request_that_is_reset_after_its_end_reserves_again() -> None:
    """What it paid before stays, and is counted once."""
    quota = Quota()
    quota.reserve("a", 5)
    quota.close("a", 0)
    assert amounts_of(quota.reserve("a", 6)) == []
    quota.close("a", 0)
    assert quota.seen("b") == [6]
    assert sum(entry.request_id == "a" for entry in quota.state.entries) == 1


def test_it_is_bounded() -> None:
    """Beyond the bound nothing is reserved, and the answer says so."""
    quota = Quota()
    for number in range(MOST_ENTRIES):
        assert not quota.reserve(f"r{number}", 1).full
    refused = quota.reserve("one more", 1)
    assert (refused.full, len(refused.others)) == (True, MOST_ENTRIES)
    assert not quota.reserve("r7", 1).full
    assert len(quota.state.entries) == MOST_ENTRIES
    quota.close("r7")
    quota.now += REMEMBERED_FOR
    assert not quota.reserve("one more", 1).full


def test_when_nothing_counts_nothing_is_left() -> None:
    """The next lapse says when to look again, and at last there is none."""
    quota = Quota()
    quota.reserve("a", 5)
    quota.close("a")
    lapse = next_lapse(quota.state)
    assert lapse == quota.now + REMEMBERED_FOR
    assert close(quota.state, CloseRequest(request_id="nobody"), lapse) == QuotaState()


steps = st.tuples(st.sampled_from("abcd"), st.sampled_from(["reserve", "repeat", "close"]), st.integers(1, 9))


@given(st.lists(steps, max_size=25))
def test_of_any_two_open_requests_one_has_seen_the_other_as_it_is(moves: list[tuple[str, str, int]]) -> None:
    """Whatever is reserved, repeated, changed and released: no two requests are blind to each other."""
    quota, saw, open_ = Quota(), dict[str, set[tuple[str, int]]](), dict[str, int]()
    for who, move, amount in moves:
        if move == "close":
            quota.close(who)
            open_.pop(who, None)
            continue
        amount = open_.get(who, amount) if move == "repeat" else amount  # noqa: PLW2901 (as it was before)
        answer = quota.reserve(who, amount)
        saw[who] = {(one.idempotency_key[0], one.amount.amount_minor) for one in answer.others}
        open_[who] = amount
    for one, other in ((a, b) for a in open_ for b in open_ if a < b):
        assert (one, open_[one]) in saw[other] or (other, open_[other]) in saw[one]


def test_only_what_spends_claims() -> None:
    """A reply reserves nothing, and neither does a refund that cannot be read: it is blocked."""
    assert claims_of([reply(), refund(amount_minor="much")]) == {}
    (one,) = claims_of([reply(), refund()])["C-1"]
    assert (one.account, one.amount) == ("P-1", Money(amount_minor=3_000, currency="EUR"))


@pytest.mark.parametrize("other", [("q2", "support", "C-1"), ("q", "sales", "C-1"), ("q", "support", "C-2")])
def test_an_id_tells_customers_apart_and_names_none(other: tuple[str, str, str]) -> None:
    """Installation, desk and customer are in it as a digest."""
    mine = quota_id("q", "support", "C-1")
    assert mine != quota_id(*other)
    assert "C-1" not in mine

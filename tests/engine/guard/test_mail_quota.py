"""How many automatic mails one address may get within an hour."""

from datetime import UTC, datetime, timedelta

from dispatch.guard.mail_quota import address_digest, quota_workflow_id, reserve, within_window
from dispatch.models.work.mail_quota import MailQuotaUsed, MailReservation

NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)
ROSA = address_digest("rosa@corner.example")


def ask(number: int, *, address: str = ROSA, limit: int = 2) -> MailReservation:
    return MailReservation(address=address, key=f"<{number}@x>", limit=limit)


def test_as_many_as_the_limit_are_granted() -> None:
    """One more is refused and takes no place; another address has places of its own."""
    used, said = MailQuotaUsed(), []
    for one in (ask(1), ask(2), ask(3), ask(4, address=address_digest("ben@corner.example"))):
        answer, used = reserve(used, one, NOON)
        said.append((answer.granted, answer.used))
    assert said == [(True, 1), (True, 2), (False, 2), (True, 1)]


def test_the_same_mail_asked_again_counts_once() -> None:
    """Another attempt of the same activity meets what was granted, also when the limit is reached."""
    _, used = reserve(MailQuotaUsed(), ask(1), NOON)
    _, used = reserve(used, ask(2), NOON)
    answer, after = reserve(used, ask(1), NOON)
    assert (answer.granted, answer.used, after) == (True, 2, used)


def test_a_place_is_free_again_after_an_hour() -> None:
    """The window slides: it is no hour of the clock, at whose turn twice the limit could go."""
    _, used = reserve(MailQuotaUsed(), ask(1), NOON)
    _, used = reserve(used, ask(2), NOON + timedelta(minutes=59))
    assert not reserve(used, ask(3), NOON + timedelta(minutes=59, seconds=59))[0].granted
    assert reserve(used, ask(3), NOON + timedelta(minutes=60))[0].granted
    assert within_window(used, NOON + timedelta(hours=2)) == MailQuotaUsed()


def test_one_address_is_one_however_it_is_written() -> None:
    """Case makes no other address, and each address is always counted in the same place."""
    assert address_digest(" Rosa@Corner.Example") == ROSA
    assert quota_workflow_id("dispatch", ROSA) == quota_workflow_id(
        "dispatch", address_digest("ROSA@corner.example")
    )

"""What the records client returns for the sample data, and what it refuses to ask."""

from datetime import UTC, datetime, timedelta

import pytest

from desks.support.systems.payments import Payments
from desks.support.systems.records import Records
from dispatch.http import http_client
from dispatch.models.errors import RefusedError
from dispatch.models.money import Money, format_money
from tests.servers import BackOfficeService


async def test_an_address_finds_its_customer_whatever_its_case(read_only: BackOfficeService) -> None:
    """Names keep their letters, addresses their order."""
    records = read_only.records()
    [priya] = await records.customers_by_email("Priya@Studio-Raghu.example")
    assert priya.email_addresses == ("priya.raghunathan@mail.example", "priya@studio-raghu.example")
    [anna] = await records.customers_by_email("anna.mueller@post.example")
    assert (anna.name, anna.organisation) == ("Anna Müller", None)
    assert await records.customer(anna.customer_id) == anna


async def test_a_shared_address_finds_both_and_a_strange_one_nobody(read_only: BackOfficeService) -> None:
    """Ambiguity and absence are answers, not errors; a wildcard is a letter like any other."""
    records = read_only.records()
    shared = await records.customers_by_email("familie.okafor@mail.example")
    assert [customer.customer_id for customer in shared] == ["CU-1016", "CU-1017"]
    for stranger in ("stranger@mail.example", "%", "' OR 1=1 --", "zoë@mail.example\r\nX: y"):
        assert await records.customers_by_email(stranger) == ()


async def test_orders_come_newest_first_with_lines_and_payments(read_only: BackOfficeService) -> None:
    """An order is whole: exact money, aware dates, tuples."""
    records = read_only.records()
    orders = await records.orders_of("CU-1001")
    assert [order.order_number for order in orders] == ["DD-10002", "DD-10001"]
    lamp = orders[1]
    assert lamp == await records.order("DD-10001")
    assert lamp.total == Money(amount_minor=4990, currency="EUR")
    assert lamp.delivered_at is not None
    assert timedelta(days=5) <= datetime.now(UTC) - lamp.delivered_at < timedelta(days=5, hours=1)
    assert lamp.delivered_at.tzinfo is UTC
    [payment] = await records.payments_of("DD-10001")
    assert (payment.payment_id,) == lamp.payment_ids
    assert payment == await records.payment("PAY-10001")
    assert (await records.payment("PAY-10006")).refunded_minor == 2000  # type: ignore[union-attr]
    parts = await records.payments_of("DD-10030")
    assert [part.amount.amount_minor for part in parts] == [3000, 2000]


async def test_refunds_are_found_by_customer_and_time(read_only: BackOfficeService) -> None:
    """Three within thirty days, one within five; cancelled ones would be there too, with their status."""
    records = read_only.records()
    now = datetime.now(UTC)
    month = await records.refunds_since("CU-1015", now - timedelta(days=30))
    assert [refund.refund_id for refund in month] == ["RF-9005", "RF-9004", "RF-9003"]
    assert len(await records.refunds_since("CU-1015", now - timedelta(days=5))) == 1
    assert await records.refunds_since("CU-1001", now - timedelta(days=30)) == ()
    assert [refund.order_number for refund in await records.refunds_by_key("sample/RF-9001")] == ["DD-10006"]
    assert await records.refunds_by_key("never/used") == ()


async def test_what_does_not_exist_is_none(read_only: BackOfficeService) -> None:
    """One row asked for by its id may be absent; a list of an unknown owner is a mistake and refused."""
    records = read_only.records()
    assert await records.order("DD-99999") is None
    assert await records.customer("CU-9") is None
    assert await records.payment("PAY-9") is None
    with pytest.raises(RefusedError) as refused:
        await records.orders_of("CU-9")
    assert refused.value.code == "customer_not_found"


async def test_a_wrong_address_of_the_system_is_not_an_absent_order(read_only: BackOfficeService) -> None:
    """A 404 from somewhere else must not read as 'no such order'."""
    records = Records(http_client(base_url=f"{read_only.url}/v2", key=read_only.read_key, timeout_seconds=5))
    with pytest.raises(RefusedError) as refused:
        await records.order("DD-10001")
    assert refused.value.code == "http_404"
    await records.close()


@pytest.mark.parametrize(
    "number", ["..", "../refunds", "DD-1/cancel", "", "DD-1?x=1", "DD 1", "a" * 65, "DD-1\n"]
)
async def test_no_id_can_become_another_path(read_only: BackOfficeService, number: str) -> None:
    """Numbers come from strangers' mails; one that is no id is refused before anything is sent."""
    records = read_only.records()
    with pytest.raises(RefusedError) as refused:
        await records.order(number)
    assert refused.value.code == "invalid_id"


@pytest.mark.parametrize(
    ("minor", "currency", "text"),
    [
        (4990, "EUR", "EUR 49.90"),
        (5, "EUR", "EUR 0.05"),
        (0, "EUR", "EUR 0.00"),
        (-1205, "USD", "USD -12.05"),
        (12800, "JPY", "JPY 12800"),
        (18750, "KWD", "KWD 18.750"),
        (90000, "EUR", "EUR 900.00"),
    ],
)
def test_money_reads_as_its_currency_is_written(minor: int, currency: str, text: str) -> None:
    """Two digits, or none, or three: as the currency has them."""
    assert format_money(Money(amount_minor=minor, currency=currency)) == text


async def test_the_read_key_cannot_pay(read_only: BackOfficeService) -> None:
    """What reads may not write: the back office says so, whatever our code would try."""
    payments = Payments(read_only.http(read_only.read_key))
    with pytest.raises(RefusedError) as refused:
        await payments.refund("PAY-10001", Money(amount_minor=1, currency="EUR"), "r", "CU-1001", "k")
    assert refused.value.code == "forbidden"
    assert read_only.refunds() == []

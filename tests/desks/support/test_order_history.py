"""Order history against the real back office: the requester's own orders, and never a word of another's."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import pytest_asyncio

from activities.contracts import Systems
from desks.support.models.facts import OrderFacts
from desks.support.specialists.order_history import OrderHistory
from desks.support.systems.records import Records
from dispatch.models.errors import UnavailableError
from dispatch.models.request.item import Item
from dispatch.models.work.finding import Finding, FindingStatus
from tests.servers import BackOfficeService, running_back_office
from tests.support_desk import brief, item

ANNA, SEAN, SHARED, OFFICE = (
    "anna.mueller@post.example",
    "sean.obrien@mail.example",
    "familie.okafor@mail.example",
    "einkauf@bergmann-buero.example",
)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def service(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[BackOfficeService]:
    """Run one back office for this file; nothing here changes its data."""
    folder: Path = tmp_path_factory.mktemp("back_office")
    async with running_back_office(folder) as running:
        yield running


async def examine(service: BackOfficeService, address: str, *items: Item) -> tuple[Finding, OrderFacts]:
    records = service.records()
    clients = Systems({Records: records})
    asked = brief(*items, address=address, config={"recent": "60 days"})
    # The sample data are dated from today.
    now = asked.handoff.model_copy(update={"at": datetime.now(UTC)})
    try:
        finding = await OrderHistory(clients).examine(asked.model_copy(update={"handoff": now}))
    finally:
        await records.close()
    return finding, OrderFacts.model_validate(finding.facts)


def about(number: str, n: int = 1, kind: str = "refund") -> Item:
    return item(f"About {number}.", number=n, kind=kind, order_number=number)


async def test_a_named_order_of_the_customer_is_found_with_its_payment(service: BackOfficeService) -> None:
    """The order that the item names is read with its payments, and nothing that no item is about."""
    finding, facts = await examine(service, ANNA, about("dd-10001"))
    assert finding.status is FindingStatus.FOUND
    assert facts.by_item == {"item-1": "DD-10001"}
    assert [one.order_number for one in facts.orders] == ["DD-10001"]
    assert [paid.payment_id for paid in facts.payments] == ["PAY-10001"]
    assert {e.evidence_id for e in finding.evidence} == {
        "order_history.customer",
        "order_history.order.DD-10001",
        "order_history.payment.PAY-10001",
    }


async def test_the_case_of_an_address_does_not_matter(service: BackOfficeService) -> None:
    """A mail program that writes the address in capitals is the same customer's."""
    _, facts = await examine(service, ANNA.upper(), about("DD-10001"))
    assert facts.customer is not None
    assert facts.customer.customer_id == "CU-1001"


async def test_another_customer_s_order_and_one_that_does_not_exist_look_the_same(
    service: BackOfficeService,
) -> None:
    """Nobody learns from an answer whether an order number exists."""
    foreign, _ = await examine(service, ANNA, about("DD-10003"))
    absent, _ = await examine(service, ANNA, about("DD-99999"))
    assert foreign.status is absent.status is FindingStatus.NOTHING
    fields = {"summary", "facts", "evidence"}
    assert foreign.model_dump(include=fields) == absent.model_dump(include=fields)
    assert "DD-10003" not in foreign.model_dump_json()


async def test_an_unknown_sender_finds_nothing(service: BackOfficeService) -> None:
    """An address that is on no record opens nothing, whatever order it names."""
    finding, facts = await examine(service, "stranger@mail.example", about("DD-10001"))
    assert (finding.status, facts) == (FindingStatus.NOTHING, OrderFacts())
    assert "DD-10001" not in finding.model_dump_json()


async def test_two_customers_on_one_address_are_ambiguous(service: BackOfficeService) -> None:
    """The desk does not guess who wrote; the people of the desk are told who it may be."""
    finding, facts = await examine(service, SHARED, about("DD-10027"))
    assert finding.status is FindingStatus.AMBIGUOUS
    assert facts == OrderFacts(candidates={"item-1": ()})
    assert "CU-1016" in finding.summary
    assert "CU-1017" in finding.summary


async def test_the_only_recent_order_is_meant_when_none_is_named(service: BackOfficeService) -> None:
    """Who has one open or recent order need not name it."""
    _, facts = await examine(service, SEAN, item("Please refund my mug."))
    assert facts.by_item == {"item-1": "DD-10003"}


async def test_several_likely_orders_are_ambiguous_and_named_to_the_desk(service: BackOfficeService) -> None:
    """The candidates stand in the summary, at most five of them."""
    finding, facts = await examine(service, OFFICE, item("Please refund it."))
    assert finding.status is FindingStatus.AMBIGUOUS
    assert (len(facts.candidates["item-1"]), facts.orders) == (5, ())
    assert all(number in finding.summary for number in facts.candidates["item-1"])


async def test_each_item_is_matched_on_its_own(service: BackOfficeService) -> None:
    """One order found and one not is still found; both items are accounted for."""
    items = (about("DD-10001"), about("DD-10003", 2, "order_status"), about("DD-10002", 3, "order_status"))
    finding, facts = await examine(service, ANNA, *items)
    assert finding.status is FindingStatus.FOUND
    assert facts.by_item == {"item-1": "DD-10001", "item-3": "DD-10002"}
    assert "order_history.item-2" in {e.evidence_id for e in finding.evidence}


async def test_earlier_refunds_of_the_order_are_read(service: BackOfficeService) -> None:
    """What was given back before is a fact with its own evidence."""
    finding, facts = await examine(service, "mj.niguez@correo.example", about("DD-10006"))
    assert [given.amount.amount_minor for given in facts.refunds] == [2000]
    assert any(e.evidence_id.startswith("order_history.refund.") for e in finding.evidence)


async def test_items_that_need_no_order_are_left_alone(service: BackOfficeService) -> None:
    """A question about opening hours reads no orders."""
    finding, facts = await examine(service, ANNA, item("Open?", kind="opening_hours"))
    assert finding.status is FindingStatus.FOUND
    assert (facts.orders, facts.by_item, facts.candidates) == ((), {}, {})


async def test_a_failing_back_office_is_an_error_and_no_finding(service: BackOfficeService) -> None:
    """Records that cannot be read must never look like records that hold nothing."""
    await service.arm("GET /customers", "status", status=503)
    try:
        with pytest.raises(UnavailableError):
            await examine(service, ANNA, about("DD-10001"))
    finally:
        await service.disarm()

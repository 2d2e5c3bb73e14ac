"""A request's rank as it goes through the process: from its text, then with what the records say."""

import io
from datetime import UTC, datetime, timedelta

from rich.console import Console

from cli.request_detail import show
from dispatch.models.request.list_summary import LIST_SUMMARY
from dispatch.models.request.request_detail import RequestDetail
from runtime.gateway import Gateway
from runtime.rows import Row
from tests.desk import Case, Desk
from workflows.search_attributes import PRIORITY

GOLD = "einkauf@bergmann-buero.example"


async def test_the_records_raise_the_rank_of_a_good_customer(desk: Desk) -> None:
    """Triage knows the text alone; the customer's tier and the order's value come with the first finding.

    The status, the search attribute, the memo of lists, the trail and `dispatch show` all have the new rank.
    """
    case = await desk.submit("Please refund order DD-10015, the chair does not fit.", sender=GOLD)
    status = await case.until("waiting_for_approval", proposal="p1")
    ranked = (await Gateway.over(desk.client).request_detail(case.id)).rank
    assert ranked is not None
    assert [(reason.weight.value, reason.points) for reason in ranked.reasons] == [
        ("urgency", 0),
        ("value", 5),
        ("customer tier", 15),
    ]
    assert (ranked.score, ranked.priority_key, status.priority) == (20, 2, 2)
    described = await case.handle.describe()
    assert described.typed_search_attributes[PRIORITY] == 2
    assert (await described.memo())[LIST_SUMMARY]["score"] == 20
    whys = [entry.why for entry in await case.trail() if entry.receiver == "assembler"]
    assert [why for why in whys if ranked.in_words in why] == whys
    detail = await Gateway.over(desk.client).request_detail(case.id)
    assert "+15  customer tier gold, on record" in _shown(detail)
    assert (await _row(desk, case)).points(datetime.now(UTC)) == 20
    assert "20 points" in _shown(_received(detail, datetime.now(UTC) - timedelta(days=5)))
    await case.decide("reject", reason="the test is over")


async def test_a_deadline_that_the_mail_tells_is_among_the_reasons(desk: Desk) -> None:
    """An unknown customer's question is ranked by its words alone, and lists add points for waiting."""
    soon = (datetime.now(UTC) + timedelta(days=2)).strftime("%-d %B %Y")
    case = await desk.submit(
        f"Please send the invoice of my order before {soon}, it is urgent.", sender="nobody@new.example"
    )
    await case.until("escalated")
    ranked = (await Gateway.over(desk.client).request_detail(case.id)).rank
    assert ranked is not None
    assert [(reason.weight.value, reason.points) for reason in ranked.reasons] == [
        ("urgency", 40),
        ("deadline", 20),
    ]
    assert f"'before {soon}' was said" in ranked.in_words
    row = await _row(desk, case)
    assert (row.points(row.started), row.points(row.started + timedelta(days=3))) == (60, 90)
    await case.decide("reject", by="support-lead", reason="the test is over")


def _shown(detail: RequestDetail) -> str:
    page = io.StringIO()
    show(Console(file=page, width=200), detail)
    return page.getvalue()


def _received(detail: RequestDetail, at: datetime) -> RequestDetail:
    """Return what would be shown of a mail that lay in its mailbox before: lists count from the request's beginning."""
    trigger = detail.submission.trigger.model_copy(update={"received_at": at})
    submission = detail.submission.model_copy(update={"trigger": trigger})
    return detail.model_copy(update={"submission": submission})


async def _row(desk: Desk, case: Case) -> Row:
    rows = [row async for row in Gateway.over(desk.client).rows(waiting_only=True, limit=1000)]
    return next(row for row in rows if row.request_id == case.id)

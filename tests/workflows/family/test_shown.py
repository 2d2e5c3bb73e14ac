"""A request for two desks is shown as one: on its page, on its parts' pages, in lists, in the terminal, and in its trail."""

import asyncio
import io
from pathlib import Path
from typing import Any

from rich.console import Console
from temporalio.client import Client

from cli.listing import _all, _for_scripts
from cli.request_detail import show
from dispatch.audit.models import AuditKind
from dispatch.audit.read.trail import trail_of_events, unaccounted
from dispatch.audit.report.report import as_html, as_markdown
from runtime.gateway import Gateway
from tests.desk import PATIENCE_SECONDS, Case, Looks
from tests.inbox.stand import running_inbox, with_people
from tests.two_desks import JONAS, SOFIA, TwoDesks, outcomes, running_two_desks
from tests.workflows.family.test_parts import BOTH_DONE, REFUND_AND_ACCESS


async def _seen_by_whole(whole: Case, owner: str) -> None:
    """Wait until the whole knows with whom its parts are."""
    looks = Looks()
    async with asyncio.timeout(PATIENCE_SECONDS):
        while owner not in (await whole.status()).review_point.awaiting:
            await looks.pause()


def _printed(what: Any) -> str:
    console = Console(file=io.StringIO(), width=200)
    if hasattr(what, "status"):
        show(console, what)
    else:
        console.print(what)
    text: str = console.file.getvalue()  # type: ignore[attr-defined]  # a StringIO, as it was made
    return text


async def test_pages_and_lists_show_the_family_as_one(client: Client, tmp_path: Path) -> None:
    """The whole's page links to its parts with where each stands, a part's page names the whole, and lists mark the parts."""
    async with running_two_desks(client, tmp_path) as desks:
        desks.desk.settings = with_people(desks.desk.settings, tmp_path)
        whole = await desks.submit(REFUND_AND_ACCESS, **JONAS)
        support, helpdesk = await desks.begun(whole, "support"), await desks.begun(whole, "helpdesk")
        await support.until("waiting_for_approval")
        await helpdesk.until("waiting_for_approval")
        await _seen_by_whole(whole, "support waits for refunds")
        gateway = Gateway.over(client)
        printed = _printed(await gateway.request_detail(whole.id))
        assert f"{support.id}  support: waiting for approval, with refunds" in printed
        assert f"it is one desk's part of {whole.id}" in _printed(await gateway.request_detail(support.id))
        looks = Looks()
        async with asyncio.timeout(PATIENCE_SECONDS):
            # Temporal's list lags behind.
            while len(rows := [r async for r in gateway.rows() if whole.id in {r.request_id, r.part_of}]) < 3:
                await looks.pause()
        assert {row.part_of for row in rows if row.request_id != whole.id} == {whole.id}
        assert "part of" in _printed(_all(rows))
        assert sum(_for_scripts(row, row.started)["part_of"] == whole.id for row in rows) == 2
        async with running_inbox(client, desks.desk.settings) as inbox:
            browser = inbox.browser()
            await browser.sign_in("dora")
            page = await browser.request(whole.id)
            assert "Its parts" in page.text
            assert "refunds" in page.text
            assert f"/requests/{support.id}" in page.response.text
            part = await browser.request(support.id)
            assert "It is one desk's part of" in part.text
            assert f"/requests/{whole.id}" in part.response.text
            await whole.signal("withdraw", {})
            await outcomes(whole, support, helpdesk)
            ended = await browser.request(whole.id)
            assert "How each part ended" in ended.response.text
            assert f"/requests/{helpdesk.id}" in ended.response.text


async def test_the_audit_reads_the_family(desks: TwoDesks) -> None:
    """Each event is accounted for, the record agrees with the events, and each part names the whole."""
    whole = await desks.submit(BOTH_DONE, **SOFIA)
    support, helpdesk = await desks.begun(whole, "support"), await desks.begun(whole, "helpdesk")
    await outcomes(whole, support, helpdesk)
    for case in (whole, support, helpdesk):
        events = (await case.handle.fetch_history()).events
        trail = trail_of_events(events)
        assert unaccounted(events, trail.entries) == ()
        assert trail.discrepancies == ()
        assert not any(entry.kind is AuditKind.OTHER for entry in trail.entries)
        assert all(message.judgement != "received, not judged" for message in trail.messages)
        assert as_html(trail)
    whole_trail = trail_of_events((await whole.handle.fetch_history()).events)
    parts = [entry for entry in whole_trail.entries if entry.kind is AuditKind.PART]
    assert {(entry.receiver, entry.what, entry.facts["ending"]) for entry in parts} == {
        ("support", support.id, "done"),
        ("helpdesk", helpdesk.id, "done"),
    }
    said = as_markdown(whole_trail)
    assert f"The part of support was begun as {support.id}" in said.replace("\\", "")
    own = trail_of_events((await support.handle.fetch_history()).events)
    assert own.entries[0].facts["part_of"] == whole.id

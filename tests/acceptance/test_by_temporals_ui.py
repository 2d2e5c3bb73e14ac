"""Temporal's own web UI in Chromium: a person without anything of ours sees what waits, and decides."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Page, ViewportSize, expect

from devstack.ports import free_port
from devstack.temporal_server import TemporalServer
from dispatch.models.search_attributes import SEARCH_ATTRIBUTES
from dispatch.models.trail import EntryKind
from runtime.connection import connect
from runtime.settings import Settings
from tests.chromium import NEEDS_CHROMIUM, running_chromium
from tests.desk import Case, Desk, quick, running_desk
from tests.workflows.requests_made import held_refund

pytestmark = NEEDS_CHROMIUM
# The UI's scripts are large, and a busy machine compiles them slowly.
PATIENCE_MS = 30_000
SCREEN: ViewportSize = {"width": 1400, "height": 900}


@pytest.fixture
async def ui(tmp_path: Path, _collected_before_the_end: None) -> AsyncIterator[TemporalServer]:
    settings = Settings(var_dir=tmp_path / "temporal")
    server = TemporalServer(settings, in_memory=True, port=free_port(), ui_port=free_port())
    async with server:
        yield server


@pytest.fixture
async def desk(ui: TemporalServer, tmp_path: Path) -> AsyncIterator[Desk]:
    client = await connect("tests", ui.address)
    async with running_desk(client, tmp_path, quick) as running:
        yield running


@pytest.fixture
async def page(ui: TemporalServer) -> AsyncIterator[Page]:
    async with running_chromium() as chromium:
        page = await chromium.new_page(base_url=ui.ui_url, viewport=SCREEN)
        page.set_default_timeout(PATIENCE_MS)
        expect.set_options(timeout=PATIENCE_MS)
        yield page
        expect.set_options(timeout=None)  # it is one setting for all tests of a process


async def test_a_waiting_request_is_found_read_and_approved(desk: Desk, page: Page) -> None:
    """The list with our columns, details and timeline; what the details give to paste is all that an approval needs."""
    case = await held_refund(desk, subject="Refund for a jug")
    await _list_shows_where_it_stands(page, case)
    await page.get_by_role("link", name=case.id).click()
    for step in ("specialist.order_history", "guardian.inspect", "assemble"):
        await expect(page.get_by_role("button", name=step).first).to_be_visible()

    decision = await _pasted(page)
    assert decision["action_digest"] == (await case.status()).action_digest
    await _send_signal(page, {"decision_type": "approve"})
    assert "decision_id: Field required" in (await case.refused())[0]
    await _send_signal(page, decision | {"reason": "seen in the list"})

    outcome = await case.outcome()
    assert outcome.ending == "done", outcome.why
    (decided,) = [entry for entry in outcome.trail if entry.kind is EntryKind.DECISION]
    assert (decided.decided_by, decided.why) == ("refunds", "seen in the list")
    assert len(desk.back_office.refunds()) == 1
    await page.goto(f"/namespaces/default/workflows/{case.id}")
    await expect(page.get_by_role("main").get_by_text("Completed", exact=True).first).to_be_visible()


async def _list_shows_where_it_stands(page: Page, case: Case) -> None:
    """Add our columns with the gear, as docs/operations.md says, and read the request's row."""
    await page.goto("/namespaces/default/workflows")
    # The gear has no name; it stands after the download, below the table.
    await page.get_by_role("navigation", name="Workflows").get_by_role("button").nth(1).click()
    for column in SEARCH_ATTRIBUTES:
        await page.get_by_role("button", name=f"Add {column} column").click()
    await page.get_by_role("button", name="Close Workflows Table configuration").click()
    row = page.get_by_role("row").filter(has_text=case.id)
    status = await case.status()
    for shown in ("support", "waiting_for_approval", "refunds", str(status.priority)):
        await expect(row.get_by_role("cell", name=shown, exact=True)).to_be_visible()
    assert status.review_point.by is not None
    await expect(row).to_contain_text(f"{status.review_point.by:%Y-%m-%d}")


async def _pasted(page: Page) -> dict[str, str]:
    """Return what a person copies from the current details, which the UI shows in a frame of its own."""
    await page.get_by_role("tab", name="User Metadata").click()
    details = page.frame_locator("iframe").last
    await expect(details.locator("body")).to_contain_text("awaiting a decision: issue_refund")
    await expect(details.locator("body")).to_contain_text("next owner: refunds")
    pasted: dict[str, str] = json.loads(await details.locator("pre").last.inner_text())
    return pasted


async def _send_signal(page: Page, data: dict[str, str]) -> None:
    await page.get_by_role("button", name="More Actions").click()
    await page.get_by_role("menuitem", name="Send a Signal").click()
    form = page.get_by_role("dialog", name="Send a Signal")
    await form.get_by_role("button", name="Select a signal").click()
    await form.get_by_role("option", name="decide").click()
    # In lines, as the details have it: the form lays out what is not, and its button moves away from under the mouse.
    await form.get_by_role("textbox").last.fill(json.dumps(data, indent=2))
    await form.get_by_role("button", name="Submit").click()
    await expect(form).to_be_hidden()

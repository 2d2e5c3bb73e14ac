"""A desk of a business's own, outside this checkout: nothing of it is known to the engine but by its classes."""

import json
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import Client

import desks
import starter
from dispatch.audit.models import AuditKind, Trail
from dispatch.audit.query.extract_file import ExtractFile
from dispatch.audit.query.questions import Asked, answers
from dispatch.audit.query.what_if import WhatIf, what_if
from dispatch.audit.read.trail import trail_of_events
from dispatch.audit.report.report import as_html, as_markdown
from dispatch.audit.store.backends import FolderBackend
from dispatch.audit.store.document import Document, document_of
from dispatch.guard.guardian import inspect
from dispatch.models.request.request_detail import RequestDetail
from dispatch.models.request.status import Ending
from dispatch.models.work.playbook import Playbook
from tests.acceptance import own_desk
from tests.acceptance.own_desk import DATABASE, DESK, MEMBER, STRANGER, Change
from tests.acceptance.own_desk_roles import LOAN_TERMS
from tests.audit_store.made import store_at
from tests.desk import Case, Desk, at_work, resting_desk
from tests.inbox import stand
from tests.workflows.requests_made import events_of

MAIL = "SELECT * FROM messages"


@dataclass
class Library:
    """The desk at work, and the file that its systems share."""

    desk: Desk
    folder: Path

    @property
    def database(self) -> Path:
        return self.folder / "library.db"

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        return own_desk.rows_of(self.database, query)

    async def submit(self, text: str, sender: str = MEMBER) -> Case:
        """Submit a form's request; no mail comes in either."""
        file = self.folder / "form.json"
        file.write_text(json.dumps({"from": sender, "text": text}), encoding="utf-8")
        return await self.desk.submit_file(file, DESK)


@asynccontextmanager
async def running_library(client: Client, folder: Path, *changes: Change) -> AsyncIterator[Library]:
    home = folder / "my-desks"
    own_desk.write_desk(home, own_desk.playbook_with(*changes))
    async with resting_desk(client, folder, desks_dir=home) as desk:
        desk.settings = stand.with_people(desk.settings, folder)
        library = Library(desk, folder)
        own_desk.open_library(library.database)
        async with at_work(desk):
            yield library


@pytest.fixture(autouse=True)
def _own_desks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Configure the desk with where its file is and who decides, and forget its modules afterwards: they are the process's."""
    monkeypatch.setenv(DATABASE, str(tmp_path / "library.db"))
    monkeypatch.setitem(stand.ROLES, "dora", ("librarian", "head-librarian"))
    path = list(desks.__path__)
    yield
    desks.__path__[:] = path
    for name in [name for name in sys.modules if name.startswith(f"desks.{DESK}")]:
        del sys.modules[name]
    vars(desks).pop(DESK, None)


async def _edited_and_approved(library: Library, client: Client, case: Case) -> None:
    """Shorten the extension in the inbox, and approve what comes back."""
    await case.until("waiting_for_approval", proposal="p1")
    async with stand.running_inbox(client, library.desk.settings) as inbox:
        browser = inbox.browser()
        await browser.sign_in("dora")
        assert "EUR 2.80" in (await browser.get("/")).text
        page = await browser.request(case.id)
        assert "Loan extension walden" in page.text
        assert "Printed slip slip" in page.text
        # 14 days at 20 cents, which no parameter holds: the action's class says so.
        assert "Amount EUR 2.80" in page.text
        form, slip = page.forms("/decide")
        assert not any(name.startswith("field.") for name in slip.fields), "nothing of the slip may be edited"
        assert {name: value for name, value in form.fields.items() if name.startswith("field.")} == {
            "field.days": "14"
        }
        after = await page.send("/decide", decision_type="edit", reason="a week is enough", field__days="7")
        assert "goes round once more" in after.said
        await case.until("waiting_for_approval", proposal="p2")
        again = await browser.request(case.id)
        assert "Loan extension: days 14 7" in again.text
        said = (await again.send("/decide", decision_type="approve", reason="fine")).said
        assert said.startswith("Recorded accepted: approve by dora")


async def test_a_desk_of_its_own_goes_from_a_form_to_a_verified_end(client: Client, tmp_path: Path) -> None:
    """Its action is edited and approved in the inbox and done once, its slip printed; every record speaks its words."""
    async with running_library(client, tmp_path) as library:
        case = await library.submit("Please extend my loan of Walden.")
        await _edited_and_approved(library, client, case)
        outcome = await case.outcome()
        assert outcome.ending is Ending.DONE, outcome.why
        assert library.rows("SELECT book, days FROM extensions") == [("walden", 7)]
        slip = "Walden is due back on 3 March; we extend it.\nYour library"
        assert library.rows("SELECT reader, lines FROM slips") == [(MEMBER, slip)]
        assert library.desk.mail_sink.rows(MAIL) == []
        events = await events_of(case)
        history = (await case.handle.fetch_history()).to_json_dict()
        document = document_of(case.id, {"run": history["events"]})
        _read_by_the_audit(trail_of_events(events))
        _asked_what_if(library, document)
    _asked_by_an_auditor(document, tmp_path)


def _read_by_the_audit(trail: Trail) -> None:
    """Find in both reports what was done, on which evidence, by whose decision, and how it was verified."""
    assert trail.discrepancies == ()
    told = [(e.kind, e.facts["name"]) for e in trail.entries if e.kind is AuditKind.ACTION]
    assert told == [(AuditKind.ACTION, "extend_loan"), (AuditKind.ACTION, "print_slip")]
    for report in (as_html(trail), as_markdown(trail).replace("\\_", "_")):
        for words in (
            "extend_loan walden was carried out",
            "print_slip slip was carried out",
            "loan_terms.walden",
            "a week is enough",
            "extend_loan confirmed",
        ):
            assert words in report, words
        assert "send_reply" not in report


def _asked_what_if(library: Library, document: Document) -> None:
    """Rule again under a playbook that passes over nobody: one reader had reserved the book, so it would be blocked."""

    def changed(most: int) -> WhatIf:
        in_force = library.desk.playbooks.by_desk[DESK]
        content = in_force.playbook.model_dump(mode="json")
        content["guardian"]["actions"]["extend_loan"]["policy"] = {"max_reservations": most}
        playbook = in_force.model_copy(update={"playbook": Playbook.model_validate(content)})
        rules = partial(inspect, actions=library.desk.catalogue.action_classes)
        return what_if([document], playbook, rules)

    same, stricter = changed(2), changed(0)
    assert (same.flips, same.shifts, same.not_judged) == ([], [], [])
    assert stricter.not_judged == []
    assert {
        (flip.action, flip.before.decision, flip.after.decision, flip.why) for flip in stricter.flips
    } == {("extend_loan", "hold", "block", "1 readers wait for walden")}


def _asked_by_an_auditor(document: Document, folder: Path) -> None:
    """Find the extension among the amounts, at the price that its own class states: 7 days at 20 cents."""
    store_at(folder / "audit").append([document], datetime.now(UTC))
    extract = ExtractFile(folder / "extract", FolderBackend(folder / "audit" / "store"))
    extract.catch_up()
    amounts, pairs = answers(extract.path, Asked(above=100, currency="EUR"), ("amounts", "pairs"))
    (row,) = amounts.as_records()
    told = ("action", "subject", "amount_minor", "status", "approved_by")
    assert [row[name] for name in told] == ["extend_loan", "walden", 140, "done", "dora"]
    assert [(row["approver"], row["requester"]) for row in pairs.as_records()] == [("dora", MEMBER)]


async def test_what_records_hold_is_mailed_to_no_stranger(client: Client, tmp_path: Path) -> None:
    """Where the desk delivers by mail, the member is told the date; the stranger's reply is blocked and a person asked."""
    async with running_library(client, tmp_path, own_desk.replies_by_mail) as library:
        question = "When is Emma due back?"
        told = await (await library.submit(question)).outcome()
        assert told.ending is Ending.DONE, told.why
        (mail,) = library.desk.mail_sink.rows("SELECT recipient, text FROM messages")
        assert (mail["recipient"], "9 March" in mail["text"]) == (MEMBER, True)
        case = await library.submit(question, sender=STRANGER)
        status = await case.until("escalated")
        assert status.review_point.owner == "head-librarian"
        trail = trail_of_events(await events_of(case))
        blocked = [e.facts for e in trail.entries if e.facts.get("guard_decision") == "block"]
        assert [facts["name"] for facts in blocked] == ["send_reply"]
        assert "is on no record of the requester" in str(status.review_point.awaiting)
        assert len(library.desk.mail_sink.rows(MAIL)) == 1


async def test_an_edit_that_the_desk_ignores_comes_back(
    client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its specialist recommends what it did before; the person reads both values and decides, and nothing is done before."""
    deaf = LOAN_TERMS.replace(' | _edits(brief, f"extend_loan/{book}")', "")
    assert deaf != LOAN_TERMS
    monkeypatch.setitem(own_desk._FILES, "specialists/loan_terms.py", deaf)
    async with running_library(client, tmp_path) as library:
        case = await library.submit("Please extend my loan of Walden.")
        await case.until("waiting_for_approval", proposal="p1")
        accepted, why = await case.decide("edit", by="dora", edits={"days": 7})
        assert accepted, why
        await case.until("waiting_for_approval", proposal="p2")
        detail = await starter.detail_of(client, case.id)
        assert isinstance(detail, RequestDetail)
        (exception,) = detail.exceptions
        assert (exception.reviewer, exception.standard) == ("process", "edit.not_kept")
        said = "dora set days of extend loan on walden to 7, and what is proposed has 14"
        assert exception.text.startswith(said)
        assert library.rows("SELECT * FROM extensions") == []
        rejected, why = await case.decide("reject", by="dora", reason="seven days, not fourteen")
        assert rejected, why
        assert (await case.outcome()).ending is Ending.REJECTED
        assert library.rows("SELECT * FROM extensions") == []


async def test_no_item_is_passed_over(client: Client, tmp_path: Path) -> None:
    """The second book is on no loan and the specialist leaves it out: the process flags it and a person decides."""
    async with running_library(client, tmp_path) as library:
        case = await library.submit("When is Emma due back?\n\nWhen is Ulysses due back?")
        await case.until("waiting_for_approval")
        detail = await starter.detail_of(client, case.id)
        assert isinstance(detail, RequestDetail)
        found = [(one.reviewer, one.standard, one.item_ids) for one in detail.exceptions]
        assert found == [("process", "items.left_over", ("item-2",))]
        assert library.rows("SELECT * FROM slips") == []
        accepted, why = await case.decide("approve", by="dora")
        assert accepted, why
        status = await case.until("escalated")
        assert "left over" in status.review_point.awaiting
        await case.decide("settle", by="dora", reason="asked the reader at the counter")
        outcome = await case.outcome()
        assert outcome.ending is Ending.ESCALATED
        assert library.desk.mail_sink.rows(MAIL) == []

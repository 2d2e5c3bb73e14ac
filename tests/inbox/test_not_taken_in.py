"""The list 'Not taken in': what a door refused, and a person's choice to take it in anyway or to leave it."""

import json
import uuid
from pathlib import Path

import pytest

import starter
from dispatch.models.errors import SubmissionError
from dispatch.models.request.status import Ending
from dispatch.storage.documents import DocumentStore
from dispatch.storage.not_taken_in import RefusedFile
from runtime.doors.refusals import keep_refused, keep_refused_file, not_taken_in
from tests.desk import Desk
from tests.inbox.stand import PASSPHRASE, Browser, Inbox, Page, running_inbox

PATH = "/not-taken-in"


async def refused(desk: Desk, folder: Path, content: bytes, name: str = "") -> RefusedFile:
    """Submit a file that is refused; gives its entry."""
    path = folder / (name or f"{uuid.uuid4().hex}.eml")
    path.write_bytes(content)
    with pytest.raises(SubmissionError):
        await starter.submit_file(desk.client, desk.settings, path)
    return next(one for one in not_taken_in(desk.settings).waiting() if one.name == path.name)


def entry_of(desk: Desk, one: RefusedFile) -> RefusedFile:
    found = not_taken_in(desk.settings).get(one.refused_id)
    assert found is not None
    return found


async def choose(page: Page, one: RefusedFile, choice: str) -> Page:
    return await page.send(f"{PATH}/{one.refused_id}", choice=choice)


async def test_a_refused_file_is_listed_and_taken_in_by_who_may(
    inbox_desk: Desk, dora: Browser, tmp_path: Path
) -> None:
    """It becomes a request that nobody read, for the reception, with the file attached; who and when is kept."""
    content = b"Subject: broken chair\n\nPlease refund order DD-10001.\n"
    one = await refused(inbox_desk, tmp_path, content)
    listed = await dora.get("/")
    assert "not taken in and" in listed.text
    page = await dora.get(PATH)
    assert f"{one.name} is no mail: it has no From header" in page.text
    assert "Please refund order DD-10001." in page.text
    page = await choose(page, one, "take")
    now = entry_of(inbox_desk, one)
    assert "Taken in" in page.said
    assert now.request_id in page.said
    assert (now.choice, now.decided_by) == ("taken", "dora")
    assert now.decided_at is not None
    case = inbox_desk.case(now.request_id)
    assert (await case.until("waiting_for_routing")).review_point.owner == "reception"
    detail = await starter.detail_of(inbox_desk.client, case.id)
    submission = detail.submission  # type: ignore[union-attr]  # a request's
    assert submission.unread.startswith("refused at the door and taken in anyway by dora")
    (attached,) = submission.attachments
    assert DocumentStore(inbox_desk.settings.documents_dir).get(attached.sha256) == content
    assert submission.desk is None
    shown = await dora.request(case.id)
    assert "refused at the door and taken in anyway by dora" in shown.text
    assert (await case.decide("route", "reception", edits={"desk": "support"}))[0]
    status = await case.until("escalated")
    assert (await case.decide("settle", status.review_point.owner, reason="answered by telephone"))[0]
    assert (await case.outcome()).ending is Ending.ESCALATED
    assert f"{one.name}: taken in as {case.id} by dora" in (await dora.get(PATH)).text


async def test_what_is_known_of_the_sender_goes_with_it(
    inbox_desk: Desk, dora: Browser, tmp_path: Path
) -> None:
    """Of a mail without a text the header tells who to answer; of a form that broke no rule but its id, too."""
    empty = await refused(inbox_desk, tmp_path, b"From: Ida Holm <ida@holm.example>\n\n\n")
    own = str(uuid.uuid4())
    form = {"trigger_id": own, "from": "ida@holm.example", "text": "When do you open?"}
    (tmp_path / "first.json").write_text(json.dumps(form))
    await starter.submit_file(inbox_desk.client, inbox_desk.settings, tmp_path / "first.json")
    second = await refused(
        inbox_desk, tmp_path, json.dumps(form | {"text": "And on Sunday?"}).encode(), f"{own}.json"
    )
    for one in (empty, second):
        await choose(await dora.get(PATH), one, "take")
        case = inbox_desk.case(entry_of(inbox_desk, one).request_id)
        await case.until("waiting_for_routing")
        detail = await starter.detail_of(inbox_desk.client, case.id)
        assert detail.submission.sender.address == "ida@holm.example"  # type: ignore[union-attr]  # a request's
        assert (await case.decide("reject", "reception"))[0]


async def test_a_file_of_no_form_that_the_desk_reads_goes_to_a_person_too(
    inbox_desk: Desk, dora: Browser, tmp_path: Path
) -> None:
    """A letter from a word processor says nothing of its sender; the reception has it under its name."""
    one = await refused(inbox_desk, tmp_path, b"PK\x03\x04", f"{uuid.uuid4().hex}.docx")
    await choose(await dora.get(PATH), one, "take")
    case = inbox_desk.case(entry_of(inbox_desk, one).request_id)
    await case.until("waiting_for_routing")
    shown = await dora.request(case.id)
    assert f"Not read: {one.name}" in shown.text
    assert (await case.decide("route", "reception", edits={"desk": "support"}))[0]
    status = await case.until("escalated")
    assert (await case.decide("settle", status.review_point.owner, reason="answered by telephone"))[0]
    assert (await case.outcome()).ending is Ending.ESCALATED


async def test_a_mail_that_a_mailbox_refused_names_mailbox_and_folder(
    inbox_desk: Desk, dora: Browser
) -> None:
    """Of one that is too large only the header was kept; taken in anyway, its sender is known."""
    name = f"a film {uuid.uuid4().hex}.eml"
    header = b"From: Ida Holm <ida@holm.example>\nSubject: a film\n\n"
    kept = DocumentStore(inbox_desk.settings.documents_dir).put(header, "message/rfc822", name)
    reason = f"{name} has 30.0 MB, more than the 25.0 MB that are taken"
    keep_refused(
        inbox_desk.settings, name, "sales/INBOX", reason, kept.sha256, door="mailbox", desk="support"
    )
    one = next(one for one in not_taken_in(inbox_desk.settings).waiting() if one.name == name)
    page = await dora.get(PATH)
    assert "From the mailbox" in page.text
    assert "sales/INBOX" in page.text
    await choose(page, one, "take")
    case = inbox_desk.case(entry_of(inbox_desk, one).request_id)
    await case.until("waiting_for_routing")
    detail = await starter.detail_of(inbox_desk.client, case.id)
    assert detail.submission.sender.address == "ida@holm.example"  # type: ignore[union-attr]  # a request's
    assert (await case.decide("reject", "reception"))[0]


async def test_a_file_may_be_left(inbox_desk: Desk, dora: Browser, tmp_path: Path) -> None:
    """It starts no request, is gone from the list, and the same file again is not listed once more."""
    one = await refused(inbox_desk, tmp_path, b"\x00\x01 no mail")
    page = await choose(await dora.get(PATH), one, "leave")
    assert "Left" in page.said
    now = entry_of(inbox_desk, one)
    assert (now.choice, now.decided_by, now.request_id) == ("left", "dora", "")
    with pytest.raises(SubmissionError):
        await starter.submit_file(inbox_desk.client, inbox_desk.settings, tmp_path / one.name)
    assert one.refused_id not in {each.refused_id for each in not_taken_in(inbox_desk.settings).waiting()}


async def test_the_first_decision_stands(inbox_desk: Desk, dora: Browser, tmp_path: Path) -> None:
    """A page that was opened before somebody else decided changes nothing, and says who did."""
    one = await refused(inbox_desk, tmp_path, b"neither mail nor form")
    old = await dora.get(PATH)
    await choose(old, one, "leave")
    page = await choose(old, one, "take")
    assert "Nothing was done" in page.said
    assert f"{one.name} was left by dora before" in page.said
    assert entry_of(inbox_desk, one).choice == "left"


async def test_it_is_for_those_who_route_to_decide(
    inbox_desk: Desk, inbox: Inbox, dora: Browser, tmp_path: Path
) -> None:
    """Another person sees the list without buttons; a form of theirs, or none of ours, does nothing."""
    one = await refused(inbox_desk, tmp_path, b"neither mail nor form")
    nobody = inbox.browser()
    await nobody.sign_in("nobody")
    page = await nobody.get(PATH)
    assert one.name in page.text
    assert "Only reception, support-lead may decide this." in page.text
    assert page.forms(f"{PATH}/{one.refused_id}") == []
    token = page.form("/sign-out").fields["form_token"]
    page = await nobody.post(f"{PATH}/{one.refused_id}", {"form_token": token, "choice": "take"})
    assert "Only reception, support-lead may decide this." in page.said
    assert (await dora.post(f"{PATH}/{one.refused_id}", {"choice": "take"})).status == 403
    stranger = await inbox.browser().get(PATH)
    assert stranger.path == "/sign-in"
    assert entry_of(inbox_desk, one).choice is None
    await choose(await dora.get(PATH), one, "leave")


async def test_a_file_whose_content_was_not_read_can_only_be_left(
    inbox_desk: Desk, dora: Browser, tmp_path: Path
) -> None:
    """There is nothing to attach; the page says what to do."""
    path = tmp_path / "huge.eml"
    with path.open("wb") as file:
        file.truncate(inbox_desk.settings.max_mail_bytes + 1)
    one = await refused_by_size(inbox_desk, path)
    page = await dora.get(PATH)
    assert "Its content was not read" in page.text
    page = await choose(page, one, "take")
    assert "there is nothing to take in" in page.said
    await choose(await dora.get(PATH), one, "leave")
    assert entry_of(inbox_desk, one).choice == "left"


async def refused_by_size(desk: Desk, path: Path) -> RefusedFile:
    with pytest.raises(SubmissionError, match="more than"):
        await starter.submit_file(desk.client, desk.settings, path)
    return next(one for one in not_taken_in(desk.settings).waiting() if one.name == path.name)


async def test_under_a_path_its_links_and_forms_keep_to_it(inbox_desk: Desk, tmp_path: Path) -> None:
    """Behind a proxy that gives the inbox a folder, and for who signs in on the way."""
    one = await refused(inbox_desk, tmp_path, b"neither mail nor form")
    async with running_inbox(inbox_desk.client, inbox_desk.settings, base="/desk") as inbox:
        page = await inbox.browser().get(f"/desk{PATH}")
        page = await page.send("/desk/sign-in", name="dora", passphrase=PASSPHRASE)
        assert page.path == f"/desk{PATH}"
        page = await choose(page, one, "leave")
        assert page.path == f"/desk{PATH}"
        assert "Left" in page.said
    assert entry_of(inbox_desk, one).choice == "left"


async def test_a_strangers_words_are_text(inbox_desk: Desk, dora: Browser, tmp_path: Path) -> None:
    """Mark-up and marks that turn the direction, in the name and in the content, are shown as they are."""
    one = await refused(
        inbox_desk, tmp_path, "<script>alert(1)</script> \u202etxt".encode(), "<b>bold\u202e.eml"
    )
    page = await dora.get(PATH)
    assert "<script>alert" not in page.response.text
    assert "<b>bold" not in page.response.text
    assert "\u202e" not in page.response.text
    assert "[U+202E]txt" in page.text
    await choose(page, one, "leave")


async def test_the_list_is_private(inbox_desk: Desk, tmp_path: Path) -> None:
    """Customers' words are in it."""
    path = tmp_path / "a.eml"
    path.write_bytes(b"no mail")
    settings = inbox_desk.settings.model_copy(update={"var_dir": tmp_path / "var"})
    keep_refused_file(settings, path, "no mail", "", door="folder")
    kept = settings.var_dir / "not_taken_in.db"
    assert kept.stat().st_mode & 0o777 == 0o600
    assert kept.parent.stat().st_mode & 0o777 == 0o700

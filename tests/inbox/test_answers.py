"""The requester's link: it answers the open questions of one request, and can do nothing else."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dispatch.storage.answer_links import LinkError, read_answer_token
from runtime.answer_links import answer_links_from
from runtime.settings import Settings
from tests.desk import Case, Desk
from tests.inbox.stand import Browser, Inbox
from tests.workflows.requests_made import damage_without_details, held_refund

DAMAGE = "The lid is cracked."


def _path(inbox: Inbox, case: Case, days: float = 1) -> str:
    link = answer_links_from(inbox.settings).make(case.id, inbox.clock() + timedelta(days=days))
    return link.removeprefix(inbox.url)


@pytest.fixture
async def open_case(inbox_desk: Desk) -> Case:
    return await damage_without_details(inbox_desk)


async def test_an_answer_by_the_page(inbox: Inbox, open_case: Case) -> None:
    """No sign-in; the questions with their examples; what was sent is taken at once."""
    page = await inbox.browser().get(_path(inbox, open_case))
    assert "What is damaged, and in what way?" in page.text
    assert "For example: DD-10001" in page.text
    after = await page.send(page.path, answer__order_number="DD-10007", answer__damage=DAMAGE)
    assert after.said.startswith("Thank you We have what you sent")
    assert "Nothing more is needed" in after.text
    trail = await open_case.trail()
    assert [entry.decided_by for entry in trail if entry.kind == "answer"] == ["requester"]


async def test_what_does_not_fit_is_named_and_asked_again(inbox: Inbox, open_case: Case) -> None:
    """The good part is kept; the other stays open, with its example."""
    page = await inbox.browser().get(_path(inbox, open_case))
    after = await page.send(page.path, answer__order_number="number nine", answer__damage=DAMAGE)
    assert "does not fit" in after.said
    assert "order" in after.text
    assert "What is damaged" not in after.text.replace(after.said, "")


async def test_only_open_questions_are_answered(inbox: Inbox, open_case: Case) -> None:
    """Invented and empty fields never reach the desk."""
    page = await inbox.browser().get(_path(inbox, open_case))
    after = await page.send(
        page.path, answer__desk="marketing", answer__approve="yes", decision_type="approve"
    )
    assert after.said.startswith("Nothing was sent")
    assert not [entry for entry in await open_case.trail() if entry.what == "answer"]


async def test_the_page_tells_nothing_but_the_questions(inbox: Inbox, open_case: Case) -> None:
    """The page shows no name, text or id of the request, and no other link, because anyone with the mail can open it."""
    page = await inbox.browser().get(_path(inbox, open_case))
    for private in ("juergen", "My item arrived damaged", open_case.id, "/requests/"):
        assert private not in page.response.text
    assert (await page.browser.get(f"/requests/{open_case.id}")).path == "/sign-in"


async def test_an_expired_link_is_of_no_use(inbox: Inbox, open_case: Case) -> None:
    """It says what to do instead; a form opened before is not taken any more."""
    browser = inbox.browser()
    page = await browser.get(_path(inbox, open_case, days=1))
    inbox.clock.ahead = timedelta(days=1, seconds=1)
    again = await browser.get(page.path)
    assert (again.status, "expired" in again.text) == (410, True)
    late = await page.send(page.path, answer__order_number="DD-10007")
    assert late.status == 410
    assert not [entry for entry in await open_case.trail() if entry.what == "answer"]


@pytest.mark.parametrize("spoil", [lambda t: t[:-1], lambda t: t + "A", lambda t: "x" + t, lambda _: "none"])
async def test_a_changed_link_is_of_no_use(inbox: Inbox, open_case: Case, spoil: object) -> None:
    """Nor one that was cut by a mail program; neither tells whether there is such a request."""
    head, _, token = _path(inbox, open_case).rpartition("/")
    page = await inbox.browser().get(f"{head}/{spoil(token)}")  # type: ignore[operator]  # one of the four above
    assert page.status == 410
    assert "not complete" in page.text


async def test_the_link_of_a_request_without_questions_and_of_an_ended_one(
    inbox_desk: Desk, inbox: Inbox, dora: Browser
) -> None:
    """There is nothing to fill in."""
    case = await held_refund(inbox_desk)
    path = _path(inbox, case)
    page = await inbox.browser().get(path)
    assert "There is no open question now" in page.text
    assert not page.forms(path)
    await case.decide("reject", by="dora")
    await case.outcome()
    assert "Your request is closed" in (await inbox.browser().get(path)).text


async def test_tries_are_bounded(inbox: Inbox) -> None:
    """Links cannot be guessed, and nobody may try for long."""
    browser = inbox.browser()
    pages = [await browser.get(f"/answer/guess-{number}") for number in range(61)]
    assert [page.status for page in pages] == [410] * 60 + [429]


def test_a_link_is_for_one_request_and_one_desk(tmp_path: Path) -> None:
    """The token names the request; another desk's secret makes nothing of it. The secret is for its owner's eyes."""
    settings = Settings(var_dir=tmp_path)
    expires = datetime.now(UTC) + timedelta(hours=1)
    token = answer_links_from(settings).make("support-mail-1", expires).rpartition("/")[2]
    authorization = read_answer_token(answer_links_from(settings).secret, token, datetime.now(UTC))
    assert authorization.request_id == "support-mail-1"
    with pytest.raises(LinkError, match="not complete"):
        read_answer_token("another secret of thirty-two characters", token, datetime.now(UTC))
    assert (tmp_path / "answer-links.secret").stat().st_mode & 0o777 == 0o600


def test_a_desk_without_pages_makes_no_links(tmp_path: Path) -> None:
    """The mail then asks for an answer by mail."""
    settings = Settings(var_dir=tmp_path, inbox_url="")
    assert answer_links_from(settings).make("support-mail-1", datetime.now(UTC)) == ""

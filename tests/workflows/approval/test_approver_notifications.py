"""Approvers are told by mail what waits for them, beside the wait itself; requesters get a link to answer by."""

import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client

from dispatch.models.request.status import Ending
from dispatch.models.trail import EntryKind, Outcome, TrailEntry
from dispatch.storage.answer_links import read_answer_token
from runtime.answer_links import answer_links_from
from runtime.schedules import daily_digest_id, keep_daily_digest
from tests.desk import Case, Desk, at_work, quick, resting_desk, running_desk
from tests.notified import person
from tests.workflows.replaying import also_replaying, cache_of
from tests.workflows.requests_made import beyond_the_desk, damage_without_details, held_refund, until
from tests.workflows.test_long_histories import flood, impatient
from workflows.digest import DailyDigest

__all__ = ["impatient"]  # a fixture


def hasty(playbook: dict[str, Any]) -> None:
    """Remind after one second, turn to the next after two, give up after three."""
    waiting = playbook["guardian"]["tiers"]["medium"]["waiting"]
    waiting |= {"reminders": ["1 second"], "escalate_after": "2 seconds", "deadline": "3 seconds"}


def write_approvers(folder: Path, *people: dict[str, Any]) -> None:
    (folder / "approvers.yaml").write_text(yaml.safe_dump({"approvers": list(people)}), encoding="utf-8")


def one(name: str, *roles: str, **more: Any) -> dict[str, Any]:
    """Return a person as the approvers file has them."""
    return person(name, *roles, **more).model_dump(mode="json", exclude_defaults=True)


@pytest.fixture
async def desk(request: pytest.FixtureRequest, client: Client, tmp_path: Path) -> AsyncIterator[Desk]:
    write_approvers(
        tmp_path,
        one("anna", "refunds"),
        one("ben", "refunds", notify="daily"),
        one("lena", "refunds-lead"),
        one("sam", "support-lead"),
    )
    async with running_desk(client, tmp_path, quick, workflow_cache=cache_of(request)) as running:
        yield running


def mails_to(desk: Desk, name: str) -> list[dict[str, Any]]:
    return [mail for mail in desk.mail_sink.messages() if mail["recipient"] == f"{name}@house.example"]


async def until_told(desk: Desk, name: str, number: int = 1) -> list[dict[str, Any]]:
    """Wait until a person has so many mails, and give them."""

    async def look() -> list[dict[str, Any]]:
        found = mails_to(desk, name)
        return found if len(found) >= number else []

    mails: list[dict[str, Any]] = await until(look)
    return mails


def said(outcome: Outcome, what: str) -> list[str]:
    return [e.why for e in outcome.trail if e.kind is EntryKind.EFFECT and e.what.startswith(what)]


async def _told(case: Case, why: str) -> bool:
    return any(entry.why == why for entry in await case.trail())


async def started(case: Case, activity: str) -> int:
    """Count the activities of a type in a request's history."""
    history = await case.handle.fetch_history()
    return sum(
        event.activity_task_scheduled_event_attributes.activity_type.name == activity
        for event in history.events
        if event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED
    )


@also_replaying()
async def test_a_new_gate_is_told_at_once_and_its_end_too(desk: Desk) -> None:
    """Who prefers the digest is left to it; the page named is the request's; the trail says who was told."""
    case = await held_refund(desk)
    (mail,) = await until_told(desk, "anna")
    assert mail["subject"].startswith("[support] Asked of refunds: issue_refund (medium), by ")
    assert f"http://127.0.0.1:8820/requests/{case.id}\n" in mail["text"]
    assert "Amount: EUR 49.90" in mail["text"]
    await case.decide("approve")
    outcome = await case.outcome()
    assert outcome.ending is Ending.DONE
    assert outcome.trail[-1].kind is EntryKind.ENDING
    assert said(outcome, "approvers notified") == [
        "notified anna; left to the digest of ben",
        "notified anna",
    ]
    assert "refunds approved" in mails_to(desk, "anna")[1]["text"]
    assert (mails_to(desk, "ben"), mails_to(desk, "lena")) == ([], [])


async def test_reminder_and_escalation_go_to_whom_it_is_with(client: Client, tmp_path: Path) -> None:
    """The next in line hears of it when their turn comes, and all who heard are told how it ended."""
    write_approvers(tmp_path, one("anna", "refunds"), one("lena", "refunds-lead"))
    async with running_desk(client, tmp_path, quick, hasty) as desk:
        case = await held_refund(desk)
        assert (await case.outcome()).ending is Ending.REJECTED
        annas = [mail["subject"].split(":")[0] for mail in mails_to(desk, "anna")]
        assert annas == [
            "[support] Asked of refunds",
            "[support] Still asked of refunds",
            "[support] No longer asked",
        ]
        lenas = [mail["subject"].split(":")[0] for mail in mails_to(desk, "lena")]
        assert lenas == ["[support] Now asked of refunds-lead", "[support] No longer asked"]
        assert "nobody decided by the deadline" in mails_to(desk, "lena")[1]["text"]


def two_approve(playbook: dict[str, Any]) -> None:
    """Require two people for every refund of two roles, and remind a second after the gate opened."""
    tiers = playbook["guardian"]["tiers"]
    tiers["high"]["approval"] = {"signatures": 2, "signed": True}
    tiers["medium"] |= {
        "approval": {"signatures": 2},
        "waiting": {"approvers": ["refunds", "refunds-lead"], "deadline": "3 days", "notify": "mail"},
    }


async def told_in(case: Case, number: int) -> list[TrailEntry]:
    """Return the reports of who was told once there are so many; nothing before."""
    told = [entry for entry in await case.trail() if entry.says_who_was_told]
    return told if len(told) >= number else []


async def test_the_second_approver_hears_of_it_at_once(client: Client, tmp_path: Path) -> None:
    """All who may approve are notified of the gate, and the others again after the first approval; the trail names them."""
    write_approvers(
        tmp_path,
        one("anna", "refunds"),
        one("lena", "refunds-lead"),
        one("rosa", "refunds-lead", notify="daily"),
        one("sam", "support-lead"),
    )
    async with running_desk(client, tmp_path, quick, two_approve) as desk:
        case = await held_refund(desk)
        await until_told(desk, "anna")
        await until_told(desk, "lena")
        assert (await case.decide("approve", by="anna"))[0]
        (_, mail) = await until_told(desk, "lena", 2)
        assert mail["subject"].startswith("[support] One more asked of refunds: issue_refund (")
        assert "anna has approved, 1 of 2 approvals. Yours may be the one." in mail["text"]
        assert (len(mails_to(desk, "anna")), mails_to(desk, "sam")) == (1, [])
        # The mail arrives before the report of who was told does.
        told = await until(lambda: told_in(case, 2))
        assert [(entry.what, entry.why) for entry in told] == [
            ("approvers notified: a decision is asked", "notified anna, lena; left to the digest of rosa"),
            ("approvers notified: another approval is due", "notified lena; left to the digest of rosa"),
        ]
        assert (await case.decide("approve", by="lena"))[0]
        assert (await case.outcome()).ending is Ending.DONE
        assert "lena approved" in mails_to(desk, "anna")[1]["text"]


async def test_who_decides_is_not_told_of_it(desk: Desk) -> None:
    """A settlement asked of one person alone costs one mail and one activity."""
    case = await beyond_the_desk(desk)
    (mail,) = await until_told(desk, "sam")
    assert "settling a request" in mail["text"].lower()
    assert "radios" not in mail["subject"]
    await case.decide("settle", by="support-lead")
    await case.outcome()
    # 'support-lead' is a role and not sam: the desk cannot know that it was sam who typed it.
    assert len(mails_to(desk, "sam")) == 2


async def test_without_an_approvers_file_nobody_is_told_and_little_is_spent(
    client: Client, tmp_path: Path
) -> None:
    """One activity for a gate, none for its decision, and no mail but the requester's."""
    async with running_desk(client, tmp_path, quick) as desk:
        case = await held_refund(desk)
        await case.decide("approve")
        assert (await case.outcome()).ending is Ending.DONE
        assert await started(case, "notify_approvers") == 1
        assert len(desk.mail_sink.messages()) == 1


async def test_a_mail_that_cannot_be_sent_holds_no_request_up(client: Client, tmp_path: Path) -> None:
    """Their mail server puts it off again and again: the request ends as decided, and the trail says who was not told."""
    write_approvers(tmp_path, one("anna", "refunds"))
    async with running_desk(client, tmp_path, quick) as desk:
        await desk.mail_sink.arm(
            "SMTP DATA", "status", status=451, recipient="anna@house.example", times=1000
        )
        case = await held_refund(desk)
        await case.decide("approve")
        outcome = await case.outcome()
        assert outcome.ending is Ending.DONE
        assert said(outcome, "approvers not notified") == [
            "anna not notified yet: UnavailableError, tried again",
            "called off, for nothing is asked any more: anna",
        ]
        assert mails_to(desk, "anna") == []


async def test_one_whose_address_fails_keeps_no_other_from_hearing_of_the_decision(
    client: Client, tmp_path: Path
) -> None:
    """Ben's mail server is away all the while: anna hears that it waits and that it is decided, each once and at once."""
    write_approvers(tmp_path, one("anna", "refunds"), one("ben", "refunds"), one("lena", "refunds-lead"))
    async with running_desk(client, tmp_path, quick) as desk:
        await desk.mail_sink.arm("SMTP DATA", "status", status=451, recipient="ben@house.example", times=1000)
        case = await held_refund(desk)
        await until_told(desk, "anna")
        await case.decide("approve", by="lena")
        outcome = await case.outcome()
        subjects = [mail["subject"].split(":")[0] for mail in mails_to(desk, "anna")]
        assert subjects == ["[support] Asked of refunds", "[support] No longer asked"]
        assert mails_to(desk, "ben") == []
        told = "notified anna; ben not notified yet: UnavailableError, tried again"
        assert said(outcome, "approvers notified") == [told, "notified anna"]
        assert said(outcome, "approvers not notified") == ["called off, for nothing is asked any more: ben"]


async def test_one_who_is_the_only_one_of_a_role_keeps_the_next_in_line_from_nothing(
    client: Client, tmp_path: Path
) -> None:
    """Nobody of the first role is reached; who was told in their stead hears how it ended."""
    write_approvers(tmp_path, one("anna", "refunds"), one("lena", "refunds-lead"))
    async with running_desk(client, tmp_path, quick, hasty) as desk:
        await desk.mail_sink.arm(
            "SMTP DATA", "status", status=451, recipient="anna@house.example", times=1000
        )
        case = await held_refund(desk)
        assert (await case.outcome()).ending is Ending.REJECTED
        lenas = [mail["subject"].split(":")[0] for mail in mails_to(desk, "lena")]
        assert lenas == ["[support] Now asked of refunds-lead", "[support] No longer asked"]


async def test_one_who_is_reached_later_is_told_once_and_of_the_decision_too(
    client: Client, tmp_path: Path
) -> None:
    """Ben's mail is put off twice and then taken; nobody gets a mail twice."""
    write_approvers(tmp_path, one("anna", "refunds"), one("ben", "refunds"))
    async with running_desk(client, tmp_path, quick) as desk:
        await desk.mail_sink.arm("SMTP DATA", "status", status=451, recipient="ben@house.example", times=2)
        case = await held_refund(desk)
        await until_told(desk, "ben")
        await until(lambda: _told(case, "notified ben"))
        await case.decide("approve", by="refunds")
        await case.outcome()
        for name in ("anna", "ben"):
            subjects = [mail["subject"].split(":")[0] for mail in mails_to(desk, name)]
            assert subjects == ["[support] Asked of refunds", "[support] No longer asked"], name


async def test_who_was_told_before_a_flood_is_told_of_the_decision_after_it(
    impatient: Client,
    tmp_path: Path,
) -> None:
    """The gate goes on in a new history, which tells nobody again and has not forgotten whom the old one told."""
    write_approvers(tmp_path, one("anna", "refunds"))
    async with running_desk(impatient, tmp_path, quick) as desk:
        case = await held_refund(desk)
        await until_told(desk, "anna")
        await flood(case)
        await case.until("waiting_for_approval")
        await case.decide("approve")
        assert (await case.outcome()).ending is Ending.DONE
        assert await started(case, "notify_approvers") == 1
        subjects = [mail["subject"].split(":")[0] for mail in mails_to(desk, "anna")]
        assert subjects == ["[support] Asked of refunds", "[support] No longer asked"]


@also_replaying()
async def test_a_digest_says_once_a_day_what_waits(desk: Desk) -> None:
    """For the roles of each who wants it so; nothing to those for whom nothing waits; again is no second mail."""
    case = await held_refund(desk)

    async def sent() -> list[str]:
        queue = desk.settings.task_queue
        report = await desk.client.execute_workflow(
            DailyDigest.run, id=f"digest-{uuid.uuid4()}", task_queue=queue
        )
        return list(report.notified)

    # The list is Temporal's visibility, which lags a little behind the request.
    assert await until(sent) == ["ben"]
    assert await sent() == ["ben"]
    (mail,) = mails_to(desk, "ben")
    assert mail["subject"] == "[Dispatch Desk] 1 request waits for you"
    assert f"http://127.0.0.1:8820/requests/{case.id}\n" in mail["text"]
    assert "waiting for approval, asked of refunds, until " in mail["text"]


async def test_a_digest_lists_what_any_of_several_may_approve(client: Client, tmp_path: Path) -> None:
    """A second approval is due from the start, for any next owner; people who have approved are not notified again."""

    def two_approve(playbook: dict[str, Any]) -> None:
        tiers = playbook["guardian"]["tiers"]
        tiers["medium"]["approval"], tiers["high"]["approval"] = (
            {"signatures": 2},
            {"signatures": 2, "signed": True},
        )

    daily = [
        one(name, role, notify="daily") for name, role in (("anna", "refunds"), ("lena", "refunds-lead"))
    ]
    write_approvers(tmp_path, *daily)
    async with running_desk(client, tmp_path, quick, two_approve) as desk:
        case = await held_refund(desk)

        async def digests_of(*names: str) -> bool:
            queue = desk.settings.task_queue
            report = await desk.client.execute_workflow(
                DailyDigest.run, id=f"digest-{uuid.uuid4()}", task_queue=queue
            )
            return report.notified == names

        await until(lambda: digests_of("anna", "lena"))
        assert (await case.decide("approve", by="anna"))[0]
        await until(lambda: digests_of("lena"))


async def test_the_schedule_is_kept_and_not_made_twice(desk: Desk) -> None:
    """A second start brings the hour up to date and leaves a person's pause as it is; by hand it starts at once."""
    queue = desk.settings.task_queue
    await held_refund(desk)
    await keep_daily_digest(desk.client, DailyDigest.run, task_queue=queue, hour=6)
    handle = desk.client.get_schedule_handle(daily_digest_id(queue))
    try:
        await handle.pause(note="holidays")
        await keep_daily_digest(desk.client, DailyDigest.run, task_queue=queue, hour=7)
        described = await handle.describe()
        assert [c.hour[0].start for c in described.schedule.spec.calendars] == [7]
        assert described.schedule.state.paused

        async def told() -> list[dict[str, Any]]:
            await handle.trigger()
            return mails_to(desk, "ben")

        await until(told)
    finally:
        await handle.delete()


async def test_a_question_links_to_the_page_of_its_request_alone(desk: Desk) -> None:
    """The link is signed, names this request and expires with the question; the guardian lets it pass."""
    case = await damage_without_details(desk)

    async def asked() -> list[str]:
        return [mail["text"] for mail in desk.mail_sink.messages() if "Please answer by" in mail["text"]]

    (text,) = await until(asked)
    (link,) = [line for line in text.splitlines() if line.startswith("http")]
    token = link.removeprefix("http://127.0.0.1:8820/answer/")
    authorization = read_answer_token(answer_links_from(desk.settings).secret, token, datetime.now(UTC))
    due = (await case.status()).review_point.by
    assert authorization.request_id == case.id
    assert due is not None
    assert authorization.expires_at == due.replace(microsecond=0)


async def test_a_desk_without_pages_asks_without_a_link(client: Client, tmp_path: Path) -> None:
    """The setting is empty, so the mail is as it was."""
    async with resting_desk(client, tmp_path, quick) as desk:
        desk.settings = desk.settings.model_copy(update={"inbox_url": ""})
        async with at_work(desk):
            await damage_without_details(desk)

            async def asked() -> list[str]:
                return [mail["text"] for mail in desk.mail_sink.messages()]

            (text,) = await until(asked)
            assert "://" not in text

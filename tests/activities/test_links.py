"""Answer links: made for one request, and let through by the guardian in that request's question alone."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from activities.answer_links import Links
from activities.contracts import Systems
from activities.guardian import Guardian
from dispatch.models.people.notification import LinkBrief
from dispatch.models.work.guardian import GuardBrief, GuardDecision, GuardResult
from runtime.answer_links import answer_links_from
from runtime.settings import Settings
from tests.activities.at_work import ANNA, annas_reply, attempt
from tests.bound import ACTIONS, HANDOFF, policy

MINE = "support/r-1"
SOON = timedelta(hours=1)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(var_dir=tmp_path, inbox_url="https://desk.example.org/inbox")


def link(settings: Settings, request_id: str = MINE, within: timedelta = SOON) -> str:
    return answer_links_from(settings).make(request_id, datetime.now(UTC) + within)


async def inspected(settings: Settings, systems: Systems, text: str, **changes: Any) -> GuardResult:
    guardian = Guardian(systems, ACTIONS, answer_links_from(settings).own)
    bound = annas_reply(**{"text": text, "purpose": "question", "evidence": (), **changes})
    brief = GuardBrief(handoff=HANDOFF, bound=bound, policy=policy(), requester=ANNA)
    guard_result: GuardResult = await attempt(1, guardian.inspect, brief)
    return guard_result


async def test_the_activity_gives_the_link(settings: Settings) -> None:
    """The same deadline gives the same link, in every attempt."""
    brief = LinkBrief(handoff=HANDOFF, request_id=MINE, expires_at=datetime.now(UTC) + SOON)
    made = await attempt(1, Links(answer_links_from(settings).make).answer_link, brief)
    again = await attempt(2, Links(answer_links_from(settings).make).answer_link, brief)
    assert made == again
    assert made.url.startswith("https://desk.example.org/inbox/answer/")


@pytest.mark.parametrize("purpose", ["question", "reminder"])
async def test_the_link_of_the_request_itself_passes(
    settings: Settings, reading: Systems, purpose: str
) -> None:
    """In the mails that ask."""
    text = f"Please answer here:\n{link(settings)}\n\nThank you."
    guard_result = await inspected(settings, reading, text, purpose=purpose)
    assert guard_result.decision is GuardDecision.ALLOW


@pytest.mark.parametrize(
    ("changed", "purpose"),
    [
        (lambda settings: link(settings, "support/r-2"), "question"),
        (lambda settings: link(settings) + "x", "question"),
        (lambda settings: link(settings) + "/more", "question"),
        (lambda settings: link(settings) + "?next=https://evil.example", "question"),
        (lambda settings: link(settings).replace("desk.example.org", "desk.example.net"), "question"),
        (lambda settings: link(settings).replace("https://", "https://x@"), "question"),
        (lambda settings: link(settings).replace(".org/", ".org:444/"), "question"),
        (lambda settings: f"{settings.inbox_url}/requests/{MINE}", "question"),
        (lambda settings: link(settings) + "\nhttps://evil.example", "question"),
        (link, "reply"),
        (link, "notice"),
    ],
    ids=[
        "another-request",
        "changed",
        "longer",
        "query",
        "other-host",
        "user-name",
        "other-port",
        "other-page",
        "one-more",
        "in-a-reply",
        "in-a-notice",
    ],
)
async def test_no_other_link_passes(settings: Settings, reading: Systems, changed: Any, purpose: str) -> None:
    """Not even to the inbox's own host."""
    guard_result = await inspected(
        settings, reading, f"Please answer:\n{changed(settings)}\n", purpose=purpose
    )
    assert guard_result.decision is GuardDecision.BLOCK
    assert "reply.links" in {reason.rule for reason in guard_result.reasons}


async def test_a_mail_that_was_long_under_way_still_passes(settings: Settings, reading: Systems) -> None:
    """Its link has expired meanwhile, which the page will say."""
    guard_result = await inspected(settings, reading, f"Answer:\n{link(settings, within=-SOON)}\n")
    assert guard_result.decision is GuardDecision.ALLOW


async def test_a_link_signed_elsewhere_does_not_pass(
    settings: Settings, reading: Systems, tmp_path: Path
) -> None:
    """Another desk's secret makes no link of ours."""
    (tmp_path / "other").mkdir()
    elsewhere = settings.model_copy(update={"var_dir": tmp_path / "other"})
    guard_result = await inspected(settings, reading, f"Answer:\n{link(elsewhere)}\n")
    assert guard_result.decision is GuardDecision.BLOCK

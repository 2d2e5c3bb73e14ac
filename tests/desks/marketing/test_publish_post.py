"""A publication is judged as it would appear, made once for its key, and taken down again."""

from datetime import UTC, datetime, time
from typing import Any

import pytest

from desks.marketing.brand_file import load_house
from desks.marketing.copy.text import CopyForm
from desks.marketing.models.facts import CopyFacts
from desks.marketing.models.post import PostParameters, PostPolicy
from desks.marketing.rules.briefs import launch_of, reach_of, region_of
from desks.marketing.rules.posting import effect_of, guard_facts, inspect_post, open_in
from dispatch.models.request.submission import DocumentRef
from dispatch.models.work.playbook import Tier
from dispatch.models.work.severity import Severity

_HOUSE = load_house()
_NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
_POLICY = PostPolicy.model_validate(
    {
        "channels": {"post": "low", "mail": "medium"},
        "reach": [{"from_people": 20_000, "tier": "medium"}, {"from_people": 200_000, "tier": "high"}],
        "exceptions": {"major": "medium", "critical": "high"},
        "blocked_by": ["link.host"],
    }
)


def _inspected(text: str, **more: Any) -> tuple[set[str], Tier]:
    post = PostParameters.model_validate({"channel": "post", "text": text} | more)
    found = inspect_post(post, guard_facts(open_in(_HOUSE, post, _NOW.date())), _POLICY)
    tiers = [raised.tier for raised in found.raises]
    return {reason.rule for reason in found.blocks}, max(tiers, key=list(Tier).index, default=Tier.LOW)


@pytest.mark.parametrize(
    ("text", "more", "blocks", "tier"),
    [
        ("A tent is a small house.", {}, set(), Tier.LOW),
        ("A tent is a small house.", {"channel": "mail"}, set(), Tier.MEDIUM),
        ("A tent is a small house.", {"reach": 30_000}, set(), Tier.MEDIUM),
        ("A tent is a small house.", {"reach": 300_000}, set(), Tier.HIGH),
        ("It is the lightest tent.", {}, set(), Tier.MEDIUM),
        ("It cures back pain.", {}, set(), Tier.HIGH),
        ("The belt relieves pressure on your shoulders.", {}, set(), Tier.HIGH),
        ("Utilise it.", {}, set(), Tier.LOW),
        ("See https://elsewhere.example.org/x", {}, {"post.blocked"}, Tier.MEDIUM),
        ("A tent.", {"channel": "radio"}, {"post.channel"}, Tier.LOW),
    ],
)
def test_channel_reach_and_what_is_open_set_the_tier(
    text: str, more: dict[str, Any], blocks: set[str], tier: Tier
) -> None:
    """Whoever wrote the text; what law speaks of is signed, and a stranger's host nobody may approve."""
    assert _inspected(text, **more) == (blocks, tier)


def test_what_is_open_is_told_once_for_each_rule() -> None:
    """With the gravest severity of its places."""
    post = PostParameters(channel="post", text="The best tent. The finest tent. It cures headaches.")
    found = guard_facts(open_in(_HOUSE, post, _NOW.date())).open
    assert [(one.rule, one.severity) for one in found][:2] == [
        ("claim.health", Severity.CRITICAL),
        ("claim.superlative", Severity.MAJOR),
    ]


def test_the_effect_is_the_same_for_the_same_brief() -> None:
    """An edit of the text makes no second publication."""
    document = DocumentRef(sha256="0" * 64, size_bytes=1, media_type="text/plain", name="a.txt")
    facts = CopyFacts(
        source=document, form=CopyForm.PLAIN, title="The  first\nsnow", channel="post", publish=True
    )
    assert effect_of(facts) == "publish_post/post The first snow"


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("3 December 2026, 9:00", "2026-12-03T09:00:00+01:00"),
        ("on Thursday at 5 pm", "2026-12-03T17:00:00+01:00"),
        ("am 12. Dezember um 7:30 Uhr", "2026-12-12T07:30:00+01:00"),
        ("2026-12-05T08:00:00Z", "2026-12-05T08:00:00+00:00"),
        ("15 January 2027 10:00 GMT", "2027-01-15T10:00:00+00:00"),
        ("tomorrow noon", "2026-12-02T12:00:00+01:00"),
        ("3.12.", "2026-12-03T09:00:00+01:00"),
        ("at once", None),
        ("as soon as it is approved", None),
        ("sofort nach Freigabe", None),
    ],
)
def test_a_launch_is_read_as_people_write_it(text: str, moment: str | None) -> None:
    """Relative to the day of the brief, in the desk's zone where the brief names none."""
    found = launch_of(text, _NOW, "Europe/Berlin", time(9))
    assert found.problem == ""
    assert found.moment == (datetime.fromisoformat(moment) if moment else None)


def test_a_launch_that_names_no_day_is_said_to() -> None:
    """A person reads it then."""
    assert "names no day" in launch_of("when the moon is full", _NOW, "UTC", time(9)).problem


def test_reach_and_region_are_read() -> None:
    """As figures and as codes."""
    assert [reach_of(text) for text in ("20,000", "120k", "1.5 million", "many")] == [
        20_000,
        120_000,
        1_500_000,
        None,
    ]
    assert [region_of(text) for text in ("Germany and Austria", "AT", "Schweiz", "the moon")] == [
        "DE",
        "AT",
        "CH",
        "",
    ]

"""What becomes of judged copy: the publication that it is for, and whether anything open keeps it back."""

from collections.abc import Iterable
from datetime import date
from typing import Final

from desks.marketing.copy.reading import read_source
from desks.marketing.copy.text import CopyForm
from desks.marketing.models.facts import CopyFacts
from desks.marketing.models.flag import Flag
from desks.marketing.models.post import OpenException, PostGuardFacts, PostParameters, PostPolicy
from desks.marketing.rules.house import House
from desks.marketing.rules.noting import noted
from dispatch.guard.risk import Inspection, Raised
from dispatch.models.work.guardian import Reason
from dispatch.models.work.playbook import Tier
from dispatch.text.normalise import one_line

ACTION: Final = "publish_post"
_SUBJECT_CHARS: Final = 60
_MOST_TEXT: Final = 300


def subject_of(facts: CopyFacts) -> str:
    """Return what the publication acts on: the same for the same brief, whatever is edited later."""
    return f"{facts.channel} {one_line(facts.title)[:_SUBJECT_CHARS]}".strip()


def effect_of(facts: CopyFacts) -> str:
    """Return the key by which people's edits name the publication."""
    return f"{ACTION}/{subject_of(facts)}"


def parameters_of(facts: CopyFacts, text: str) -> PostParameters:
    """Return the publication of a text; raises pydantic's ValidationError for text that is too long for one."""
    return PostParameters(
        channel=facts.channel,
        title=one_line(facts.title),
        text=text,
        form=facts.form.value,
        audience=facts.audience,
        reach=facts.reach,
        region=facts.region,
        topics=facts.topics,
        language=facts.language,
        launch=facts.launch,
    )


def open_in(house: House, post: PostParameters, today: date) -> tuple[Flag, ...]:
    """Return what the rules find in a publication as it would appear; spelling is the editor's, and never grave."""
    rules = (*house.wording, *house.claims, *house.reading, *house.links)
    return house.judged(read_source(post.text, CopyForm(post.form)), post.occasion(today), rules)


def guard_facts(flags: Iterable[Flag]) -> PostGuardFacts:
    """Return what is open, one entry for each rule."""
    return PostGuardFacts(
        open=tuple(
            OpenException(
                rule=one.rule,
                severity=one.severity,
                is_regulated=any(each.is_regulated for each in one.flags),
                text=one.in_words[:_MOST_TEXT],
            )
            for one in noted(flags)
        )
    )


def inspect_post(post: PostParameters, facts: PostGuardFacts, policy: PostPolicy) -> Inspection:
    """Check a publication: the channel must be one of the policy, nothing that blocks may be open, and the rest sets the tier."""
    blocks = [
        Reason(rule="post.blocked", text=f"{one.text} Nobody may approve it")
        for one in facts.open
        if one.rule in policy.blocked_by
    ]
    if post.channel not in policy.channels:
        known = ", ".join(sorted(policy.channels)) or "none"
        blocks.append(
            Reason(rule="post.channel", text=f"{post.channel[:40]!r} is none of the channels ({known})")
        )
        return Inspection(blocks=tuple(blocks))
    raises = [_raised(policy.channels[post.channel], "post.channel", f"it appears as {post.channel}")]
    raises += _by_reach(post, policy)
    for one in facts.open:
        tier = policy.exceptions.get(one.severity)
        if tier is not None:
            raises.append(
                _raised(tier, "post.open", f"{one.severity} exception open, {one.rule}: {one.text}")
            )
        if one.is_regulated:
            raises.append(_raised(policy.regulated, "post.regulated", f"law speaks of it: {one.text}"))
    return Inspection(blocks=tuple(blocks), raises=tuple(raises))


def _by_reach(post: PostParameters, policy: PostPolicy) -> list[Raised]:
    if not policy.reach or post.reach is None:
        return []
    reached = [step for step in policy.reach if post.reach >= step.from_people]
    return [_raised(step.tier, "post.reach", f"it reaches {post.reach:,} people") for step in reached[-1:]]


def _raised(tier: Tier, rule: str, text: str) -> Raised:
    return Raised(tier, Reason(rule=rule, text=text))

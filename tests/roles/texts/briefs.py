"""Briefs for generic roles, as the coordinator would send them."""

from typing import Any

from activities.contracts import Systems
from activities.roles.contracts import GenericSpecialist
from activities.roles.reviewers.judge import Judge
from activities.roles.specialists.classify import Classify
from activities.roles.specialists.extract import Extract
from activities.roles.specialists.write import Write
from dispatch.models.request.item import Item
from dispatch.models.request.submission import Party
from dispatch.models.work.finding import Brief, Evidence, Finding, FindingStatus, ReviewException, Statement
from dispatch.models.work.proposal import Draft, Proposal, ReviewBrief
from tests.bound import HANDOFF

KINDS: dict[str, type[GenericSpecialist]] = {"extract": Extract, "classify": Classify, "write": Write}


def item(text: str, number: int = 1, kind: str = "borrow", **fields: str) -> Item:
    return Item(item_id=f"item-{number}", text=text, kind=kind, fields=fields)


def found(
    specialist: str,
    facts: dict[str, Any] | None = None,
    items: dict[str, dict[str, Any]] | None = None,
    *,
    source: str = "records",
    text: str = "",
    status: FindingStatus = FindingStatus.FOUND,
) -> Finding:
    """Return what a lookup found of the request and of items, with one piece of evidence for each."""
    told = {**({"request": facts} if facts else {}), **(items or {})}
    return Finding(
        handoff=HANDOFF,
        specialist=specialist,
        status=status,
        summary="found",
        facts={**(facts or {}), "by_item": dict(items or {})},
        evidence=tuple(
            Evidence(
                evidence_id=f"{specialist}.{place}",
                source=source,
                reference="the shed's book",
                text=text or "; ".join(f"{name}: {value}" for name, value in values.items()),
            )
            for place, values in told.items()
        ),
    )


def brief_of(config: dict[str, Any], *items: Item, name: str = "tool", **more: Any) -> Brief:
    """Return the brief of a generic specialist under a declared name."""
    return Brief.model_validate(
        {
            "handoff": HANDOFF,
            "specialist": name,
            "desk": "loans",
            "request_id": "loans-1",
            "requester": Party(address="kim@club.example", name="Kim"),
            "subject": "Tools",
            "items": items,
            "config": config,
            **more,
        }
    )


async def examine(
    role: str, config: dict[str, Any], *items: Item, name: str = "tool", **more: Any
) -> Finding:
    """Have a generic specialist examine items under a declared name."""
    specialist: GenericSpecialist = KINDS[role](Systems())
    return await specialist.examine(brief_of(config, *items, name=name, **more))


def review_brief(
    config: dict[str, Any],
    text: str,
    *statements: Statement,
    evidence: tuple[Evidence, ...] = (),
    asks: str = "May I borrow a saw?",
) -> ReviewBrief:
    """Return the brief of the generic reviewer under a declared name."""
    proposal = Proposal(
        handoff=HANDOFF,
        proposal_id="p1",
        draft=Draft(title="Re: Tools", text=text, statements=statements),
        actions=(),
        evidence=evidence,
    )
    return ReviewBrief(
        handoff=HANDOFF,
        reviewer="standards",
        desk="loans",
        proposal=proposal,
        items=(item(asks),),
        findings=(),
        config=config,
    )


async def review(
    config: dict[str, Any], text: str, *statements: Statement, evidence: tuple[Evidence, ...] = ()
) -> tuple[ReviewException, ...]:
    """Have the generic reviewer judge a draft under a declared name."""
    brief = review_brief(config, text, *statements, evidence=evidence)
    return (await Judge(Systems()).review(brief)).exceptions

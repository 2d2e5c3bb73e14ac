"""Checks of a playbook that concern several of its parts."""

from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import NamedTuple

from dispatch.guard.risk import least_approval
from dispatch.models.request.item import OTHER
from dispatch.models.work.playbook import Playbook, Tier
from dispatch.playbooks.calendar_checks import calendar_problems
from dispatch.playbooks.case_checks import case_problems
from dispatch.playbooks.field_checks import field_problems
from dispatch.playbooks.text_checks import one_of, text_problems
from dispatch.process.planning import HAND_OVER, OWN_ORDER
from dispatch.ranking.organisations import organisation_of


class Problem(NamedTuple):
    """One error: the first three parts of PlaybookError after the file."""

    path: str
    problem: str
    remedy: str


def problems_of(playbook: Playbook) -> Iterator[Problem]:
    """Yield every problem of a playbook whose fields are valid each on its own, in the order of the file."""
    yield from _asks(playbook)
    yield from (Problem(*found) for found in field_problems(playbook.fields))
    yield from _groups(playbook)
    yield from _handoffs(playbook)
    yield from _mend(playbook)
    yield from _tiers(playbook)
    yield from (Problem(*found) for found in case_problems(playbook))
    yield from _ranking(playbook)
    yield from _asked_by(playbook)
    yield from (Problem(*found) for found in calendar_problems(playbook))
    yield from _delivery(playbook)
    yield from (Problem(*found) for found in text_problems(playbook))


def _phrases(path: str, phrases: tuple[str, ...]) -> Iterator[Problem]:
    for index, phrase in enumerate(phrases):
        if not any(char.isalnum() for char in phrase):
            yield Problem(
                f"{path}[{index}]", f"the phrase {phrase!r} holds no word", "Write a word, or remove it."
            )


def _asks(playbook: Playbook) -> Iterator[Problem]:
    yield from _phrases("routing.phrases", playbook.routing.phrases)
    for index, sign in enumerate(playbook.urgency):
        yield from _phrases(f"urgency[{index}].phrases", sign.phrases)
    grouped = {name for group in playbook.plan.groups for name in group}
    for kind, ask in playbook.intents.items():
        path = f"intents.{kind}"
        if kind == OTHER:
            yield Problem(path, f"'{OTHER}' is the name for what no intent fits", "Give it another name.")
        yield from _phrases(f"{path}.phrases", ask.phrases)
        for index, name in enumerate(ask.requires):
            if name not in playbook.fields:
                yield Problem(
                    f"{path}.requires[{index}]",
                    f"there is no field {name!r}",
                    f"Add it to fields, or name one of: {one_of(playbook.fields)}.",
                )
        for index, name in enumerate(ask.specialists):
            if name not in playbook.specialists:
                yield _no_specialist(f"{path}.specialists[{index}]", name, playbook)
            elif name not in grouped:
                yield Problem(
                    f"{path}.specialists[{index}]",
                    f"{name} is in no group of plan.groups and would never be called",
                    "Add it to a group.",
                )


def _asked_by(playbook: Playbook) -> Iterator[Problem]:
    for name, policy in playbook.guardian.actions.items():
        if policy.requires_intent is not None and policy.requires_intent not in playbook.intents:
            yield Problem(
                f"guardian.actions.{name}.requires_intent",
                f"there is no intent {policy.requires_intent!r}",
                f"Name one of: {one_of(playbook.intents)}.",
            )


def _no_specialist(path: str, name: str, playbook: Playbook) -> Problem:
    return Problem(
        path,
        f"there is no specialist {name!r}",
        f"Add it to specialists, or name one of: {one_of(playbook.specialists)}.",
    )


def _groups(playbook: Playbook) -> Iterator[Problem]:
    seen: set[str] = set()
    for row, group in enumerate(playbook.plan.groups):
        if not group:
            yield Problem(f"plan.groups[{row}]", "the group is empty", "Remove it.")
        for index, name in enumerate(group):
            path = f"plan.groups[{row}][{index}]"
            if name not in playbook.specialists:
                yield _no_specialist(path, name, playbook)
            if name in seen:
                yield Problem(path, f"{name} stands in the groups twice", "Keep it in one place.")
            seen.add(name)


def _handoffs(playbook: Playbook) -> Iterator[Problem]:
    names: set[str] = set()
    for index, rule in enumerate(playbook.routing_rules):
        path = f"routing_rules[{index}]"
        if rule.name in names or rule.name in {OWN_ORDER, HAND_OVER}:
            yield Problem(f"{path}.name", f"the name {rule.name!r} is taken", "Give each rule its own name.")
        names.add(rule.name)
        if rule.when.specialist is not None and rule.when.specialist not in playbook.specialists:
            yield _no_specialist(f"{path}.when.specialist", rule.when.specialist, playbook)
        if rule.when.intent is not None and rule.when.intent not in {*playbook.intents, OTHER}:
            yield Problem(
                f"{path}.when.intent",
                f"there is no intent {rule.when.intent!r}",
                f"Name one of: {one_of(playbook.intents)}, {OTHER}.",
            )
        if rule.field is not None and rule.field not in playbook.fields:
            yield Problem(
                f"{path}.field",
                f"there is no field {rule.field!r}",
                f"Add it to fields, or name one of: {one_of(playbook.fields)}.",
            )


def _mend(playbook: Playbook) -> Iterator[Problem]:
    grouped = [name for group in playbook.plan.groups for name in group]
    for index, name in enumerate(playbook.review.mend):
        if name not in grouped:
            yield Problem(
                f"review.mend[{index}]",
                f"{name} is in no group of plan.groups and could mend nothing",
                f"Name one of: {one_of(grouped)}.",
            )


def _tiers_used(playbook: Playbook) -> Iterator[tuple[str, Tier]]:
    for name, action in playbook.guardian.actions.items():
        yield f"guardian.actions.{name}.tier", action.tier
        for currency, steps in action.amounts.items():
            for index, step in enumerate(steps):
                yield f"guardian.actions.{name}.amounts.{currency}[{index}].tier", step.tier
    if playbook.contact is not None:
        yield "contact.policy.tier", playbook.contact.policy.tier


def _tiers(playbook: Playbook) -> Iterator[Problem]:
    tiers = playbook.guardian.tiers
    for tier, policy in tiers.items():
        least = least_approval(tier)
        if not policy.approval.covers(least):
            yield Problem(
                f"guardian.tiers.{tier}.approval",
                f"{policy.approval.in_yaml} is too little for tier {tier}",
                f"Write {policy.approval.combined_with(least).in_yaml}, or leave the tier out and end the amounts below it.",
            )
    declared = [tier for tier in Tier if tier in tiers]
    for lower, higher in pairwise(declared):
        approval, below = tiers[higher].approval, tiers[lower].approval
        if not approval.covers(below):
            yield Problem(
                f"guardian.tiers.{higher}.approval",
                f"{approval.in_yaml} requires less than {below.in_yaml} of the lower tier {lower}",
                f"Scrutiny must not weaken as risk grows; write {approval.combined_with(below).in_yaml}.",
            )
    for path, tier in _tiers_used(playbook):
        if tier not in tiers:
            yield Problem(
                path,
                f"tier '{tier}' is not declared",
                f"Add it to guardian.tiers, or use one of: {one_of([*tiers])}.",
            )
    for name, action in playbook.guardian.actions.items():
        yield from _currencies(f"guardian.actions.{name}.amounts", action.amounts)


def _ranking(playbook: Playbook) -> Iterator[Problem]:
    yield from _currencies("ranking.value", playbook.ranking.value)
    for domain in playbook.ranking.shares:
        organisation = organisation_of(f"@{domain}")
        if organisation != domain:
            yield Problem(
                f"ranking.shares.{domain}",
                f"{domain!r} is no organisation by which requests are shared",
                "Write an organisation's domain without its subdomains, such as partner.example.",
            )


def _currencies(path: str, currencies: Iterable[str]) -> Iterator[Problem]:
    for currency in currencies:
        if not (len(currency) == 3 and currency.isascii() and currency.isupper()):  # noqa: PLR2004 (ISO 4217)
            yield Problem(
                f"{path}.{currency}",
                f"{currency!r} is no ISO 4217 currency",
                "Write three capitals, such as EUR.",
            )


def _delivery(playbook: Playbook) -> Iterator[Problem]:
    guarded, contact = playbook.guardian.actions, playbook.contact
    if playbook.deliver is not None and playbook.deliver.action not in guarded:
        yield Problem(
            "deliver.action",
            f"guardian.actions does not list {playbook.deliver.action!r}, so every delivery would be blocked",
            f"Add it to guardian.actions, or name one of: {one_of(guarded)}.",
        )
    if contact is None:
        if playbook.notices:
            yield Problem(
                f"notices.{next(iter(playbook.notices))}",
                "there is no contact by which it could be told",
                "Add contact, or remove notices.",
            )
        return
    if playbook.contact_composer is None:
        yield Problem(
            "contact.compose",
            "nothing is delivered, so there is no composer to share",
            "Name the composer that writes questions and notices.",
        )
    scrutiny = playbook.guardian.tiers.get(contact.policy.tier)
    if scrutiny is not None and scrutiny.approval.signatures:
        yield Problem(
            "contact.policy.tier",
            f"tier '{contact.policy.tier}' asks for an approval, and no question waits for one",
            "Name a tier that asks for none; what is delivered may still need one.",
        )

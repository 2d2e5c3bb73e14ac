"""Checks that the cases of an action can occur and name existing tiers."""

from collections.abc import Iterator

from dispatch.models.request.item import OTHER
from dispatch.models.work.playbook import ActionCase, Playbook, Tier

Problem = tuple[str, str, str]
"""Path, problem, remedy."""


def case_problems(playbook: Playbook) -> Iterator[Problem]:
    """Yield each case that names an intent, a field or a tier that there is not, or approvers where nobody is asked."""
    for name, action in playbook.guardian.actions.items():
        for index, case in enumerate(action.cases):
            yield from _names(f"guardian.actions.{name}.cases[{index}]", case, playbook)
            yield from _tiers(f"guardian.actions.{name}.cases[{index}]", case, playbook)
    if playbook.contact is not None and playbook.contact.policy.cases:
        yield (
            "contact.policy.cases",
            "a question or a notice belongs to the whole request and waits for nobody",
            "Remove them.",
        )


def _names(path: str, case: ActionCase, playbook: Playbook) -> Iterator[Problem]:
    intents = [*playbook.intents, OTHER]
    if case.when.intent is not None and case.when.intent not in intents:
        yield (
            f"{path}.when.intent",
            f"the desk has no intent {case.when.intent!r}",
            f"Name one of: {', '.join(intents)}.",
        )
    if case.when.field is not None and case.when.field not in playbook.fields:
        yield (
            f"{path}.when.field",
            f"the desk has no field {case.when.field!r}",
            f"Name one of: {', '.join(playbook.fields) or 'nothing yet'}.",
        )


def _tiers(path: str, case: ActionCase, playbook: Playbook) -> Iterator[Problem]:
    tiers = playbook.guardian.tiers
    used = [("tier", case.tier)] if case.tier is not None else []
    for currency, steps in (case.amounts or {}).items():
        if not (len(currency) == 3 and currency.isascii() and currency.isupper()):  # noqa: PLR2004 (ISO 4217)
            yield (
                f"{path}.amounts.{currency}",
                f"{currency!r} is no ISO 4217 currency",
                "Write three capitals, such as EUR.",
            )
        used += [(f"amounts.{currency}[{number}].tier", step.tier) for number, step in enumerate(steps)]
    for place, tier in used:
        if tier not in tiers:
            yield (
                f"{path}.{place}",
                f"tier '{tier}' is not declared",
                f"Add it to guardian.tiers, or use one of: {', '.join(tiers)}.",
            )
    if case.approvers is not None and not _asks_somebody(case, playbook):
        yield (
            f"{path}.approvers",
            "no tier from this case's own on asks a person, so they are asked nothing",
            "Give the case a tier that needs an approval, or remove approvers.",
        )


def _asks_somebody(case: ActionCase, playbook: Playbook) -> bool:
    order = list(Tier)
    least = order.index(case.tier) if case.tier is not None else 0
    tiers = playbook.guardian.tiers
    return any(tier in tiers and tiers[tier].approval.signatures for tier in order[least:])

"""What a changed playbook would have ruled on recorded actions: which would flip between allow, hold and block.

A history holds what the guardian was asked (the action, the policy then in force, what review left open), the facts that
it read, and what it ruled. So the same rules are run again on the same facts with the changed policy; nothing is
reserved by asking. Every action is first ruled on with the playbook that was in force. Where that does not give the
recorded decision, or where the recorded facts do not suffice for the changed policy, the action is named as not judged,
with the reason.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from pydantic import ValidationError

from dispatch.audit.read.steps import Step, steps
from dispatch.audit.store.document import Document, events_of
from dispatch.models.errors import FactsMissingError
from dispatch.models.work.guardian import GuardBrief, GuardDecision, GuardianFacts, GuardResult
from dispatch.models.work.playbook import GuardianPolicy, Playbook, PlaybookInForce

Inspect = Callable[[GuardBrief, GuardianFacts], GuardResult]
"""The guardian's rules, with the classes of the actions: dispatch/guard/guardian.py."""


class Scrutiny(NamedTuple):
    """What becomes of an action: the decision, and where it is held what is asked of whom."""

    decision: str
    tier: str
    approval: str
    approvers: tuple[str, ...]

    def __str__(self) -> str:
        if self.decision != GuardDecision.HOLD:
            return self.decision
        return f"hold ({self.tier}: {self.approval}, asked of {', '.join(self.approvers)})"


class Judged(NamedTuple):
    """One recorded action under both playbooks."""

    request_id: str
    event_id: int
    action: str
    subject: str
    amount_minor: int | None
    currency: str | None
    before: Scrutiny
    after: Scrutiny
    why: str


class NotJudged(NamedTuple):
    """One recorded action that cannot be ruled on again, and why."""

    request_id: str
    event_id: int
    why: str


@dataclass
class WhatIf:
    """The answer: `flips` change the decision, `shifts` only what is asked of whom."""

    requests: int = 0
    actions: int = 0
    decisions: dict[tuple[str, str], int] = field(default_factory=dict)
    flips: list[Judged] = field(default_factory=list)
    shifts: list[Judged] = field(default_factory=list)
    not_judged: list[NotJudged] = field(default_factory=list)

    def take(self, one: Judged | NotJudged) -> None:
        """Count one action."""
        self.actions += 1
        if isinstance(one, NotJudged):
            self.not_judged.append(one)
            return
        pair = (one.before.decision, one.after.decision)
        self.decisions[pair] = self.decisions.get(pair, 0) + 1
        if pair[0] != pair[1]:
            self.flips.append(one)
        elif one.before != one.after:
            self.shifts.append(one)


def what_if(documents: Iterable[Document], changed: PlaybookInForce, inspect: Inspect) -> WhatIf:
    """Rule on every recorded action of the changed playbook's desk again."""
    answer = WhatIf()
    for document in documents:
        judged = list(_of_document(document, changed, inspect))
        answer.requests += bool(judged)
        for one in judged:
            answer.take(one)
    return answer


def _of_document(
    document: Document, changed: PlaybookInForce, inspect: Inspect
) -> Iterator[Judged | NotJudged]:
    for step in steps(events_of(document)):
        if step.name == "guardian.inspect" and step.failure is None and _desk(step.given) == changed.ref.desk:
            try:
                yield _judge(document.request_id, step, _policy(changed.playbook, step.given), inspect)
            except _NotJudgedError as error:
                yield NotJudged(document.request_id, step.event_id, str(error))


def _policy(playbook: Playbook, given: Any) -> GuardianPolicy:
    """Return what rules on an action: for a message to the requester the contact's own policy."""
    to_requester = isinstance(given, dict) and given.get("to_requester") is True
    return playbook.contact_guardian if to_requester else playbook.guardian


class _NotJudgedError(Exception):
    """The history does not hold what it would take."""


def _judge(request_id: str, step: Step, policy: GuardianPolicy, inspect: Inspect) -> Judged:
    try:
        brief, guard_result = (
            GuardBrief.model_validate(step.given),
            GuardResult.model_validate(step.result),
        )
    except ValidationError as error:
        raise _NotJudgedError(
            f"it was recorded in a form that this version cannot read: {error.errors()[0]['msg']}"
        ) from None
    again = _rule(brief, brief.policy, guard_result, inspect)
    if (again.decision, again.tier) != (guard_result.decision, guard_result.tier):
        raise _NotJudgedError(
            f"the rules at hand say {again.decision} ({again.tier}) where {guard_result.decision} ({guard_result.tier}) was ruled: "
            "they have changed"
        )
    after = _rule(brief, policy, guard_result, inspect)
    action = brief.bound.action
    amount = brief.bound.view.amount if brief.bound.view is not None else None
    return Judged(
        request_id=request_id,
        event_id=step.event_id,
        action=action.name,
        subject=action.subject,
        amount_minor=amount.amount_minor if amount is not None else None,
        currency=amount.currency if amount is not None else None,
        before=_scrutiny(guard_result, brief.policy),
        after=_scrutiny(after, policy),
        why="; ".join(reason.text for reason in after.reasons),
    )


def _rule(brief: GuardBrief, policy: GuardianPolicy, recorded: GuardResult, inspect: Inspect) -> GuardResult:
    """Rule with `policy` on the facts that were recorded."""
    under = brief.model_copy(update={"policy": policy})
    try:
        return inspect(under, recorded.facts or GuardianFacts())
    except FactsMissingError as error:
        raise _NotJudgedError(str(error)) from None
    except ValidationError:
        raise _NotJudgedError("it was recorded without the facts that it was ruled on") from None


def _scrutiny(guard_result: GuardResult, policy: GuardianPolicy) -> Scrutiny:
    tier = policy.tiers.get(guard_result.tier)
    if guard_result.decision is not GuardDecision.HOLD or tier is None:
        return Scrutiny(
            guard_result.decision,
            guard_result.tier if guard_result.decision is GuardDecision.ALLOW else "",
            "",
            (),
        )
    return Scrutiny(
        GuardDecision.HOLD,
        guard_result.tier,
        tier.approval.in_words,
        guard_result.approvers or (tier.waiting.approvers if tier.waiting else ()),
    )


def _desk(given: Any) -> str | None:
    try:
        return str(given["bound"]["playbook"]["desk"])
    except (KeyError, TypeError):
        return None

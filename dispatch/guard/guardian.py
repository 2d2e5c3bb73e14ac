"""The guardian's ruling on one action: hard rules first, then the risk tier and what it asks for.

Rule ids: `binding.*`, `policy.*`, `parameters.*`, `request.*`, `review.*`, `quota.*`, `sender.*` here; `reply.*` in
reply_guard.py, `refund.*` in refund_guard.py, `tier.*` in risk.py. Every rule that fires is among the reasons; more risk never leads to a weaker
ruling or a lower tier. A blocked action has the highest tier there is, so that nothing outranks it.
"""

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from pydantic import ValidationError

from channels.mail.reply_guard import inspect_reply
from desks.support.rules.refund_guard import inspect_refund
from dispatch.approval.action_digest import is_intact
from dispatch.guard.risk import (
    Inspection,
    Raised,
    least_with_a_person,
    riskiest,
    scrutiny_of,
    strictest_with_a_person,
)
from dispatch.models.contract import Contract
from dispatch.models.work.finding import ReviewException, Severity
from dispatch.models.work.guardian import GuardBrief, GuardDecision, GuardianFacts, GuardResult, Reason
from dispatch.models.work.parameters import IssueRefund, SendReply
from dispatch.models.work.playbook import ActionPolicy, GuardianPolicy, Tier
from dispatch.text.requested import is_one_of, read

_MAX_NAMED = 200


class _Guarded(NamedTuple):
    parameters: type[Contract]
    inspect: Callable[..., Inspection]


_GUARDED: Final[Mapping[str, _Guarded]] = {
    "send_reply": _Guarded(SendReply, inspect_reply),
    "issue_refund": _Guarded(IssueRefund, inspect_refund),
}


def inspect(brief: GuardBrief, facts: GuardianFacts) -> GuardResult:
    """Rule on one action; never raises on what the action holds.

    An action that this room has no rules for is left to a person at the strictest tier, and so is one whose policy
    names an ask (`asked_by`) where no plain sentence of the requester's own asks for it. Open review exceptions put
    an action at medium at least; a critical one that names an item of this action, or no item at all, leaves it to a
    person at the strictest tier.
    """
    action, policy = brief.bound.action, brief.policy.actions.get(brief.bound.action.name)
    if not is_intact(brief.bound):
        text = "the action is not the one that its digest was taken of"
        return _blocked(brief, Reason(rule="binding.digest", text=text))
    if policy is None:
        text = f"the playbook does not list the action {action.name[:64]}"
        return _blocked(brief, Reason(rule="policy.action", text=text))
    inspection = _inspection(brief, facts, policy)
    verdict = _weighed(
        brief,
        policy,
        inspection,
        (_asked(brief, policy), _review(brief), _uncounted(brief, facts), _aided(brief, facts)),
    )
    return verdict.model_copy(update={"spend": inspection.spend})


def _weighed(
    brief: GuardBrief, policy: ActionPolicy, inspection: Inspection, more: tuple[Inspection, ...]
) -> GuardResult:
    blocks = tuple(reason for one in (inspection, *more) for reason in one.blocks)
    if blocks:
        return _blocked(brief, *blocks)
    raises = tuple(raised for one in (inspection, *more) for raised in one.raises)
    tier = riskiest((policy.tier, *(r.tier for r in raises)))
    ruling, why = scrutiny_of(brief.policy, inspection.least, tier)
    reasons = (*(r.reason for r in raises), why)
    return (
        _blocked(brief, *reasons) if ruling is GuardDecision.BLOCK else _verdict(brief, ruling, tier, reasons)
    )


def _inspection(brief: GuardBrief, facts: GuardianFacts, policy: ActionPolicy) -> Inspection:
    guarded = _GUARDED.get(brief.bound.action.name)
    if guarded is None:
        found = _left_to_a_person(
            brief.policy, "policy.no_rules", "the guardian has no rules for this action"
        )
        return found._replace(least=policy.tier)
    try:
        parameters = guarded.parameters.model_validate(brief.bound.action.parameters)
    except ValidationError as error:
        # Field names only: the values may be the customer's.
        wrong = ", ".join(".".join(str(part) for part in e["loc"])[:64] for e in error.errors()[:5])
        text = f"parameters are wrong or missing: {wrong}"
        return Inspection(policy.tier, blocks=(Reason(rule="parameters.invalid", text=text),))
    return guarded.inspect(parameters, brief, facts, policy)


def _uncounted(brief: GuardBrief, facts: GuardianFacts) -> Inspection:
    if not facts.quota_full:
        return Inspection(Tier.LOW)
    text = "so many requests of this customer are open that this one could not be counted with them"
    return _left_to_a_person(brief.policy, "quota.full", text)


def _asked(brief: GuardBrief, policy: ActionPolicy) -> Inspection:
    """Read the requester's words again, whatever a specialist made of them."""
    if policy.asked_by is None:
        return Inspection(Tier.LOW)
    request = brief.request
    if request is not None:
        reading = read(request.words, request.phrases, request.subject)
        if reading.is_plain and any(is_one_of(cited.text, reading.intents) for cited in request.cited):
            return Inspection(Tier.LOW)
    text = "no sentence of the requester's own plainly asks for it, or another one speaks against it"
    return _left_to_a_person(brief.policy, "request.not_asked", text)


def _review(brief: GuardBrief) -> Inspection:
    if not brief.exceptions:
        return Inspection(Tier.LOW)
    mine = set(brief.bound.action.item_ids)
    raised = [Raised(Tier.MEDIUM, Reason(rule="review.open", text=f"review left open: {_named(brief)}"))]
    if any(_is_critical(e, mine) for e in brief.exceptions):
        person = _left_to_a_person(
            brief.policy, "review.critical", "a critical exception concerns this action"
        )
        return person._replace(raises=(*raised, *person.raises))
    return Inspection(Tier.LOW, raises=tuple(raised))


def _is_critical(exception: ReviewException, mine: set[str]) -> bool:
    about_me = not exception.item_ids or not mine or not mine.isdisjoint(exception.item_ids)
    return exception.severity is Severity.CRITICAL and about_me


def _aided(brief: GuardBrief, facts: GuardianFacts) -> Inspection:
    """Find what may not happen unaided: acting for a doubtful sender, and more mails to an address than an hour allows.

    A doubtful sender may still be asked and told that a colleague will look: such mails hold nothing from records.
    """
    purpose = (
        brief.bound.action.parameters.get("purpose") if brief.bound.action.name == "send_reply" else None
    )
    reasons = []
    if brief.requester.doubt is not None and purpose not in {"question", "reminder", "notice"}:
        reasons.append(Reason(rule="sender.doubt", text=brief.requester.doubt.in_words))
    if facts.mail_quota is not None and not facts.mail_quota.granted:
        text = (
            f"{facts.mail_quota.used} automatic mails went to this address within the hour, and no more may"
        )
        reasons.append(Reason(rule="reply.hourly_limit", text=text))
    if not reasons:
        return Inspection(Tier.LOW)
    tier = least_with_a_person(brief.policy)
    if tier is None:
        return Inspection(
            Tier.LOW, blocks=(*reasons, Reason(rule="tier.nobody", text="no tier asks a person"))
        )
    return Inspection(Tier.LOW, raises=tuple(Raised(tier, reason) for reason in reasons))


def _left_to_a_person(policy: GuardianPolicy, rule: str, text: str) -> Inspection:
    tier = strictest_with_a_person(policy)
    if tier is None:
        return Inspection(Tier.LOW, blocks=(Reason(rule=rule, text=f"{text}, and no tier asks a person"),))
    return Inspection(Tier.LOW, raises=(Raised(tier, Reason(rule=rule, text=text)),))


def _named(brief: GuardBrief) -> str:
    names = ", ".join(f"{e.standard} ({e.severity})" for e in brief.exceptions)
    return names if len(names) <= _MAX_NAMED else names[: _MAX_NAMED - 1] + "…"


def _blocked(brief: GuardBrief, *reasons: Reason) -> GuardResult:
    return _verdict(brief, GuardDecision.BLOCK, Tier.CRITICAL, reasons)


def _verdict(
    brief: GuardBrief, ruling: GuardDecision, tier: Tier, reasons: tuple[Reason, ...]
) -> GuardResult:
    return GuardResult(
        handoff=brief.handoff,
        action_digest=brief.bound.digest,
        ruling=ruling,
        tier=tier,
        reasons=reasons,
    )

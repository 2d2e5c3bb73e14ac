"""The guardian's decision on one action: hard rules first, then the risk tier and what it asks for.

Rule ids: `case.*` in cases.py; `binding.*`, `policy.*`, `parameters.*`, `request.*`, `review.*`, `quota.*`, `sender.*`, `mail.*` here;
`amount.*` in spending.py, `tier.*` in risk.py, all others in the action's own guard. Every rule that fires is among the reasons; more risk never leads to a weaker
decision or a lower tier. A blocked action has the highest tier there is, so that nothing outranks it.
"""

from collections.abc import Mapping

from pydantic import ValidationError

from dispatch.guard.cases import policies_of, strictest
from dispatch.guard.contract import ActionRules, GuardContext, kind_of
from dispatch.guard.risk import (
    Inspection,
    Raised,
    least_with_a_person,
    riskiest,
    scrutiny_of,
    strictest_with_a_person,
)
from dispatch.guard.spend_quota import claims_of
from dispatch.guard.spending import of_amount, of_sums
from dispatch.models.money import Money
from dispatch.models.work.action_digest import is_intact
from dispatch.models.work.finding import ReviewException
from dispatch.models.work.guardian import GuardBrief, GuardDecision, GuardianFacts, GuardResult, Reason
from dispatch.models.work.playbook import ActionPolicy, GuardianPolicy, Tier
from dispatch.models.work.proposal import Spending
from dispatch.models.work.severity import Severity
from dispatch.models.work.spend_quota import Claim
from dispatch.text.requested import is_plainly_asked

_MAX_NAMED = 200


Actions = Mapping[str, type[ActionRules]]
"""The classes of the actions that there are, by name."""


def inspect(brief: GuardBrief, facts: GuardianFacts, actions: Actions) -> GuardResult:
    """Rule on one action; never raises on what the action holds, but FactsMissingError as its guard does.

    An action that no class is there for is left to a person at the strictest tier, and so is one whose policy
    names an intent (`requires_intent`) where no plain sentence of the requester's own asks for it. Open review exceptions put
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
    kind = kind_of(brief.bound, actions)
    more = (_asked(brief, policy), _review(brief), _uncounted(brief, facts), _aided(brief, facts, kind))
    judged = []
    for one in policies_of(policy, action, brief.asked_for):
        inspection = _inspection(brief, facts, one.policy, kind)
        judged.append((one, _weighed(brief, one.policy, inspection, more)))
    # What was spent before and what can be done at most is the same in each case.
    return strictest(judged).model_copy(
        update={"spend": inspection.spend, "most": dict(inspection.most), "facts": facts}
    )


def _weighed(
    brief: GuardBrief, policy: ActionPolicy, inspection: Inspection, more: tuple[Inspection, ...]
) -> GuardResult:
    blocks = tuple(reason for one in (inspection, *more) for reason in one.blocks)
    if blocks:
        return _blocked(brief, *blocks)
    raises = tuple(raised for one in (inspection, *more) for raised in one.raises)
    tier = riskiest((policy.tier, *(r.tier for r in raises)))
    decision, why = scrutiny_of(brief.policy, inspection.least, tier)
    reasons = (*(r.reason for r in raises), why)
    return (
        _blocked(brief, *reasons)
        if decision is GuardDecision.BLOCK
        else _result(brief, decision, tier, reasons)
    )


def _inspection(
    brief: GuardBrief, facts: GuardianFacts, policy: ActionPolicy, kind: type[ActionRules] | None
) -> Inspection:
    if kind is None:
        found = _left_to_a_person(
            brief.policy, "policy.no_rules", "the guardian has no rules for this action"
        )
        return found._replace(least=policy.tier)
    try:
        parameters = kind.Parameters.model_validate(brief.bound.action.parameters)
    except ValidationError as error:
        # Field names only: the values may be the customer's.
        wrong = ", ".join(".".join(str(part) for part in e["loc"])[:64] for e in error.errors()[:5])
        text = f"parameters are wrong or missing: {wrong}"
        return Inspection(policy.tier, blocks=(Reason(rule="parameters.invalid", text=text),))
    context = GuardContext(
        bound=brief.bound,
        requester=brief.requester,
        policy=kind.Policy.model_validate(policy.policy),
        now=brief.handoff.at,
        reserved=facts.reserved,
        beside=_beside(brief, kind.spends(parameters)),
        inspected=brief.inspected,
    )
    found = kind.guard(parameters, kind.Facts.model_validate(facts.action), context)
    amount = kind.amount(parameters)
    return found._replace(least=policy.tier) if amount is None else _priced(found, amount, policy)


def _beside(brief: GuardBrief, spends: Spending | None) -> tuple[Claim, ...]:
    return claims_of(brief.siblings).get(spends.owner, ()) if spends is not None else ()


def _priced(found: Inspection, amount: Money, policy: ActionPolicy) -> Inspection:
    """Add the tiers of the amount and of the sums that it is part of."""
    steps = policy.amounts.get(amount.currency, ())
    blocks, raises = of_amount(amount, steps)
    too_much, more = of_sums(amount, found.sums, steps)
    return found._replace(
        least=riskiest((policy.tier, steps[0].tier)) if steps else policy.tier,
        blocks=(*found.blocks, *blocks, *too_much),
        raises=(*found.raises, *raises, *more),
    )


def _uncounted(brief: GuardBrief, facts: GuardianFacts) -> Inspection:
    if not facts.quota_full:
        return Inspection(Tier.LOW)
    text = "so many requests of this customer are open that this one could not be counted with them"
    return _left_to_a_person(brief.policy, "quota.full", text)


def _asked(brief: GuardBrief, policy: ActionPolicy) -> Inspection:
    """Read the requester's words again, whatever a specialist made of them."""
    if policy.requires_intent is None:
        return Inspection(Tier.LOW)
    if brief.request is not None and is_plainly_asked(brief.request):
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


def _aided(brief: GuardBrief, facts: GuardianFacts, kind: type[ActionRules] | None) -> Inspection:
    """Find what may not happen unaided: acting for a doubtful sender, and more mails to an address than an hour allows.

    A doubtful sender may still be asked and told that a colleague will look: such mails hold nothing from records.
    """
    reasons = []
    if brief.requester.doubt is not None and not _only_asks(brief, kind):
        reasons.append(Reason(rule="sender.doubt", text=brief.requester.doubt.in_words))
    if brief.wrote_again and not _only_asks(brief, kind):
        reasons.append(
            Reason(rule="request.wrote_again", text="the requester wrote again; a person reads that")
        )
    if facts.mail_quota is not None and not facts.mail_quota.granted:
        text = (
            f"{facts.mail_quota.used} automatic mails went to this address within the hour, and no more may"
        )
        reasons.append(Reason(rule="mail.hourly_limit", text=text))
    if not reasons:
        return Inspection(Tier.LOW)
    tier = least_with_a_person(brief.policy)
    if tier is None:
        return Inspection(
            Tier.LOW, blocks=(*reasons, Reason(rule="tier.nobody", text="no tier asks a person"))
        )
    return Inspection(Tier.LOW, raises=tuple(Raised(tier, reason) for reason in reasons))


def _only_asks(brief: GuardBrief, kind: type[ActionRules] | None) -> bool:
    if kind is None:
        return False
    try:
        sending = kind.sends(kind.Parameters.model_validate(brief.bound.action.parameters))
    except ValidationError:
        return False  # it is blocked in any case
    return sending is not None and sending.only_asks


def _left_to_a_person(policy: GuardianPolicy, rule: str, text: str) -> Inspection:
    tier = strictest_with_a_person(policy)
    if tier is None:
        return Inspection(Tier.LOW, blocks=(Reason(rule=rule, text=f"{text}, and no tier asks a person"),))
    return Inspection(Tier.LOW, raises=(Raised(tier, Reason(rule=rule, text=text)),))


def _named(brief: GuardBrief) -> str:
    names = ", ".join(dict.fromkeys(f"{e.standard} ({e.severity})" for e in brief.exceptions))
    return names if len(names) <= _MAX_NAMED else names[: _MAX_NAMED - 1] + "…"


def _blocked(brief: GuardBrief, *reasons: Reason) -> GuardResult:
    return _result(brief, GuardDecision.BLOCK, Tier.CRITICAL, reasons)


def _result(
    brief: GuardBrief, decision: GuardDecision, tier: Tier, reasons: tuple[Reason, ...]
) -> GuardResult:
    return GuardResult(
        handoff=brief.handoff,
        action_digest=brief.bound.digest,
        decision=decision,
        tier=tier,
        reasons=reasons,
    )

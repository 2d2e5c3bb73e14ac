"""A model's opinion on an action that the rules allow or hold: it can put the action into a higher tier, and do nothing else.

A lower or equal opinion changes nothing and is kept. A higher one has to quote the action or the request, so that whoever
decides sees what it stands on; no other words of the model's reach them.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from pydantic import JsonValue

from dispatch.forms import DataBlock, Form
from dispatch.guard.risk import least_with_a_person, riskiest, scrutiny_of
from dispatch.models.work.guardian import GuardDecision, GuardResult, Opinion, OpinionBrief, Reason
from dispatch.models.work.playbook import GuardianPolicy, Tier

_TIERS: Final = tuple(Tier)
_DECISIONS: Final = tuple(GuardDecision)
_SHORTEST: Final = 3
_LONGEST: Final = 200


def form(brief: OpinionBrief) -> Form:
    """Return the action, what was asked and what the rules said as data, with a tier and a quote to be filled in."""

    def check(value: JsonValue) -> list[str]:
        tier, quote = _told(value)
        if not _is_higher(tier, brief.tier) or _is_quoted(quote, brief):
            return []
        return ["quote: a tier above the rules' needs words of the action or of an item, letter for letter"]

    rules = "; ".join(reason.text for reason in brief.reasons)
    return Form(
        data=(
            DataBlock("action", _action(brief)),
            *(DataBlock(f"item-{number}", text) for number, text in enumerate(brief.asked, 1)),
            DataBlock("rules", f"tier {brief.tier}: {rules}"),
        ),
        schema={
            "type": "object",
            "properties": {
                "tier": {"type": "string", "enum": [tier.value for tier in brief.tiers]},
                "quote": {"type": "string", "maxLength": _LONGEST},
            },
            "required": ["tier", "quote"],
            "additionalProperties": False,
        },
        check=check,
        names=(brief.requester_name,),
    )


def filled(brief: OpinionBrief, value: JsonValue) -> Opinion:
    """Return the opinion of a form that holds; one that raises nothing quotes nothing."""
    tier, quote = _told(value)
    return Opinion(tier=tier, quote=quote if _is_higher(tier, brief.tier) else "")


def with_opinion(policy: GuardianPolicy, result: GuardResult, opinion: Opinion, model: str) -> GuardResult:
    """Return the guardian's result with an opinion: in a higher tier, or as it was with the opinion beside it."""
    if result.decision is GuardDecision.BLOCK:
        return result
    if not _is_higher(opinion.tier, result.tier):
        agrees = opinion.tier is result.tier
        text = f"the model {model} takes it for tier {opinion.tier} too"
        overruled = (
            f"the model {model} would have taken it for tier {opinion.tier} only, which changes nothing"
        )
        return result.model_copy(
            update={
                "opinion": Reason(
                    rule="opinion.agreed" if agrees else "opinion.overruled",
                    text=text if agrees else overruled,
                )
            }
        )
    text = f"the model {model} takes it for tier {opinion.tier} and not {result.tier}, because of “{opinion.quote}”"
    return _raised(policy, result, opinion.tier, Reason(rule="opinion.raised", text=text))


def without_opinion(policy: GuardianPolicy, result: GuardResult, model: str) -> GuardResult:
    """Return the result where a person has to look in the place of a model that gave no answer."""
    if result.decision is GuardDecision.BLOCK:
        return result
    least = least_with_a_person(policy) or Tier.CRITICAL
    reason = Reason(rule="opinion.missing", text=f"the model {model} gave no opinion, so a person looks")
    return _raised(policy, result, riskiest((result.tier, least)), reason)


def _raised(policy: GuardianPolicy, result: GuardResult, tier: Tier, reason: Reason) -> GuardResult:
    decision, why = scrutiny_of(policy, tier, tier)
    # A decision never falls, whatever a playbook asks for in a higher tier.
    decision = max(decision, result.decision, key=_DECISIONS.index)
    kept = tuple(one for one in result.reasons if not one.rule.startswith("tier."))
    return result.model_copy(update={"decision": decision, "tier": tier, "reasons": (*kept, reason, why)})


def _told(value: JsonValue) -> tuple[Tier, str]:
    told: Mapping[str, JsonValue] = value if isinstance(value, dict) else {}
    return Tier(str(told.get("tier"))), str(told.get("quote", ""))


def _is_higher(tier: Tier, than: Tier) -> bool:
    return _TIERS.index(tier) > _TIERS.index(than)


def _is_quoted(quote: str, brief: OpinionBrief) -> bool:
    return len(quote.strip()) >= _SHORTEST and any(quote in text for text in (_action(brief), *brief.asked))


def _action(brief: OpinionBrief) -> str:
    """Return the action as plain lines, so that a text in it can be quoted as it stands."""
    action = brief.bound.action
    title = brief.bound.view.title if brief.bound.view is not None else action.name
    return "\n".join((f"{title}: {action.subject}", *_lines(action.parameters), f"why: {action.why}"))


def _lines(parameters: Mapping[str, JsonValue]) -> Iterator[str]:
    yield from (f"{name}: {value}" for name, value in parameters.items())

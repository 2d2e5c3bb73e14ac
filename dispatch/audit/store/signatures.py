"""People's signatures, verified again from what the desk recorded of their decisions."""

from collections.abc import Callable

from dispatch.audit.read.steps import steps
from dispatch.audit.store.document import Document, events_of
from dispatch.audit.store.verify import Check, Found
from dispatch.audit.store_models import ManifestLine
from dispatch.models.people.decision import DecisionCheckResult, recorded_decision

VerifyDecision = Callable[[DecisionCheckResult], bool | None]
"""True or False for a signature of a known key, None where the key is not known."""


def decisions_signed(check: VerifyDecision) -> Check:
    """Make the check of people's signatures; a decision that the desk accepted on a signature must still verify."""

    async def decisions(line: ManifestLine, document: Document) -> list[Found]:
        found = []
        for step in steps(events_of(document)):
            if step.name == "verify_decision" and isinstance(step.result, dict):
                found += _signature(line, step.event_id, step.result, check)
        return found

    return decisions


def _signature(
    line: ManifestLine, event_id: int, recorded: dict[str, object], check: VerifyDecision
) -> list[Found]:
    where = f"{line.request_id}, event {event_id}"
    try:
        plain = recorded.get("decision")
        named = {"decision": recorded_decision(plain)} if isinstance(plain, dict) else {}
        result = DecisionCheckResult.model_validate(recorded | named)
    except ValueError:
        return [Found("note", line.seq, where, "its decision has a form that this version cannot read")]
    decision = result.decision
    if not result.accepted or decision is None or decision.signature is None:
        return []
    valid = check(result)
    if valid is None:
        return [
            Found(
                "note", line.seq, where, f"the key {decision.key_id} of {decision.approver} is not known here"
            )
        ]
    if valid:
        return [Found("checked", line.seq, where, "signatures of decisions")]
    if result.signed_with is None:
        return [
            Found(
                "note", line.seq, where, f"{decision.approver}'s signature is wrong; the tier asked for none"
            )
        ]
    return [
        Found("broken", line.seq, where, f"the signature of {decision.approver} does not fit the decision")
    ]

"""A refund under guard, of a customer who wrote this or that; for tests of what counts as asking for it."""

from collections.abc import Sequence

from dispatch.models.work.finding import Evidence
from dispatch.models.work.guardian import GuardBrief, GuardDecision, GuardResult, Request
from dispatch.text.requested import REQUEST, words_of_now
from tests.bound import CUSTOMER, HANDOFF, PAYMENT, POLICY, REQUESTER, inspected, policy, read, refund

PHRASES = (
    *("refund", "refunded", "money back", "reimburse", "reimbursement"),
    *("erstattung", "erstatten", "rückerstattung", "geld zurück"),
)
_REFUND = POLICY["actions"]["issue_refund"]
WHERE_ASKED = policy(actions={**POLICY["actions"], "issue_refund": {**_REFUND, "requires_intent": "refund"}})
"""The tests' policy, in which a refund must be asked for."""


def guard_result_on(text: str, cited: Sequence[str], *, subject: str = "", minor: int = 3_000) -> GuardResult:
    """Rule on a refund that fits the records, for a requester who wrote `text`, resting on the sentences `cited`."""
    request = Request(
        phrases=PHRASES,
        subject=subject,
        words=words_of_now(text),
        cited=tuple(
            Evidence(
                evidence_id=f"refund_policy.request.item-{n}",
                source=REQUEST,
                reference=f"item-{n}",
                text=said,
            )
            for n, said in enumerate(cited, 1)
        ),
    )
    brief = GuardBrief(
        handoff=HANDOFF,
        bound=refund(amount_minor=minor),
        policy=WHERE_ASKED,
        requester=REQUESTER,
        request=request,
    )
    facts = read(CUSTOMER, payment=PAYMENT, owner="C-1")
    return inspected(brief, facts)


def guard_decision_on(text: str, cited: Sequence[str]) -> GuardDecision:
    return guard_result_on(text, cited).decision

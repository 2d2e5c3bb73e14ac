"""The engine's sentences for approvers, read once from `approver.yaml`."""

from pathlib import Path
from typing import Annotated, Final

from dispatch.models.contract import Contract
from dispatch.models.language import ENGLISH
from dispatch.texts.loader import filled_with, load_texts

APPROVER_FILE: Final = Path(__file__).with_name("approver.yaml")

_Plain = Annotated[str, filled_with()]
_OfOwner = Annotated[str, filled_with("owner")]
_AskedOfOwner = Annotated[str, filled_with("asked", "owner")]
_Waiting = Annotated[str, filled_with("total")]


class ApproverTexts(Contract):
    """All sentences of one language."""

    reception: _Plain
    asked_approval: _Plain
    asked_routing: _Plain
    asked_sorting: _Plain
    asked_escalation: _Plain
    subject: Annotated[str, filled_with("desk", "headline", "names", "tier")]
    subject_with_deadline: Annotated[str, filled_with("desk", "headline", "names", "tier", "deadline")]
    headline_new: _OfOwner
    headline_reminder: _OfOwner
    headline_escalation: _OfOwner
    headline_approved: _OfOwner
    headline_decided: _Plain
    opening_new: _AskedOfOwner
    opening_reminder: _AskedOfOwner
    opening_escalation: _AskedOfOwner
    opening_approved: Annotated[str, filled_with("asked", "summary")]
    opening_decided: Annotated[str, filled_with("summary")]
    fact_desk: _Plain
    fact_asked: _Plain
    fact_tier: _Plain
    fact_amount: _Plain
    fact_deadline: _Plain
    fact_why: _Plain
    fact_request: _Plain
    tier: Annotated[str, filled_with("tier", "approvals")]
    link_to_decide: _Plain
    link_to_route: _Plain
    link_to_sort: _Plain
    link_to_settle: _Plain
    link_to_decided: _Plain
    closing_with_page: _Plain
    closing_without_page: Annotated[str, filled_with("request_id")]
    digest_one_waits: _Waiting
    digest_more_wait: _Waiting
    digest_subject: Annotated[str, filled_with("waiting")]
    digest_opening: Annotated[str, filled_with("day", "waiting")]
    digest_opening_with_due: Annotated[str, filled_with("day", "waiting", "due")]
    digest_unlisted: Annotated[str, filled_with("number")]
    digest_entry: Annotated[str, filled_with("desk", "request_id")]
    digest_detail: Annotated[str, filled_with("state", "owner")]
    digest_due: Annotated[str, filled_with("due")]
    digest_priority: Annotated[str, filled_with("priority")]
    digest_link: _Plain


APPROVER_TEXTS: Final = load_texts(APPROVER_FILE, ApproverTexts, (ENGLISH,))[ENGLISH]
"""The language for approvers, who are staff: one language is enough."""

"""What a model may find in a reply beside the rules of reply_standards.py: passages that break a standard in other words.

Standards: `reply.promise`, `reply.tone`, `reply.unfounded`.
"""

from typing import Final

from pydantic import JsonValue

from desks.support.models.facts import ReplyStandardsTerms
from desks.support.rules.reply_figures import flagged
from desks.support.rules.reply_standards import review
from dispatch.forms import Form
from dispatch.models.work.finding import ReviewException
from dispatch.models.work.proposal import ReviewBrief
from dispatch.models.work.severity import Severity
from dispatch.roles.by_model.judging import passages, passages_form

_STANDARDS: Final = {
    "reply.promise": "it promises or guarantees something, or admits that something is the shop's fault",
    "reply.tone": "it blames, lectures or mocks the customer",
    "reply.unfounded": "it states as a fact what the evidence does not say",
}
_MOST_QUOTED: Final = 120


def form(brief: ReviewBrief) -> Form | None:
    """Return the standards for a model; None where a text gives orders to the machine."""
    return passages_form(brief, _STANDARDS)


def filled(brief: ReviewBrief, terms: ReplyStandardsTerms, value: JsonValue) -> tuple[ReviewException, ...]:
    """Return the rules' exceptions, and those of a form that holds."""
    found = tuple(
        flagged(standard, Severity.MAJOR, f"{says}: “{_cut(passage)}”", _items(brief, passage))
        for standard, says in _STANDARDS.items()
        for passage in passages(value, standard)
    )
    return (*review(brief, terms), *found)


def _cut(passage: str) -> str:
    return passage if len(passage) <= _MOST_QUOTED else f"{passage[: _MOST_QUOTED - 1]}…"


def _items(brief: ReviewBrief, passage: str) -> tuple[str, ...]:
    said = [one for one in brief.proposal.draft.statements if passage in one.text]
    return tuple(dict.fromkeys(item_id for one in said for item_id in one.item_ids))

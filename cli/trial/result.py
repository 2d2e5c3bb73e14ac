"""The result of a trial, what would be done with a request: the answer of `dispatch desk try --json`."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from pydantic import JsonValue

from cli.trial.server import Rest
from dispatch.models.request.status import Ending, RequestState
from dispatch.models.request.submission import Submission
from dispatch.process.requester_messages import NOTICE


class TrialEnding(StrEnum):
    """How a request would end, or who would be asked first."""

    ANSWERED = "answered"
    PERSON = "person"
    AUTOMATIC = "automatic"
    QUESTION = "question"
    REFUSED = "refused"


_STANDS: Final = frozenset({RequestState.EXECUTE, RequestState.WAITING_FOR_APPROVAL})
"""States in which the actions of a proposal will be done, immediately or after a person's decision."""

REFUSED_AT_THE_DOOR: Final[Mapping[str, JsonValue]] = {
    "requester": None,
    "automatic": None,
    "language": None,
    "routed": None,
    "items": [],
    "actions": [],
    "ending": TrialEnding.REFUSED,
}
"""The result for a file that was not taken in: all values are unknown."""


def ending_of(rest: Rest) -> TrialEnding:
    """Return what leaves the desk first.

    answered: the proposal is carried out without a person, and nothing is left. question: the requester is asked.
    automatic: set apart and never answered. person: all else, also if the requester is first told that a colleague
    will look at it.
    """
    if rest.outcome is not None:
        closed = {Ending.SET_APART: TrialEnding.AUTOMATIC, Ending.DONE: TrialEnding.ANSWERED}
        return closed.get(rest.outcome.ending, TrialEnding.PERSON)
    state = rest.status.state if rest.status is not None else ""
    if state == RequestState.EXECUTE:
        return TrialEnding.PERSON if leaves_a_part(rest) else TrialEnding.ANSWERED
    if rest.ordered and all(order.bound.action.subject != NOTICE for order in rest.ordered):
        # Before the actions begin, only the desk's contact orders anything: a question, or a notice.
        return TrialEnding.QUESTION
    return TrialEnding.PERSON


def leaves_a_part(rest: Rest) -> bool:
    """Return whether an answer is sent without a person's decision while a part of the request is left for a person."""
    executes = rest.status is not None and rest.status.state == RequestState.EXECUTE
    return executes and rest.detail is not None and bool(rest.detail.set_aside)


def as_json(submission: Submission, rest: Rest) -> dict[str, JsonValue]:
    """Return what would be done; unknown values (nobody reads the request, or the desk has no scores) are null."""
    detail = rest.detail
    routed = detail.playbook.desk if detail is not None and detail.playbook is not None else None
    return {
        "requester": submission.sender.address or None,
        "automatic": submission.automatic is not None,
        "language": (detail.language or None) if detail is not None else None,
        "routed": routed,
        "items": [
            {
                "text": item.text,
                "intent": item.kind if routed else None,
                "score": item.candidates[0].score if routed and item.candidates else None,
            }
            for item in (detail.items if detail is not None else ())
        ],
        "actions": _actions(rest),
        "ending": ending_of(rest),
    }


def _actions(rest: Rest) -> list[JsonValue]:
    """Return the actions of a proposal that will be done, with the guardian's tiers; else the actions that are due now."""
    detail = rest.detail
    if detail is not None and detail.proposal is not None and detail.status.state in _STANDS:
        tiers = {result.action_digest: result.tier for result in detail.guard_results}
        judged = [(bound, tiers.get(bound.digest)) for bound in detail.proposal.actions]
    else:
        judged = [(order.bound, order.guard_result.tier) for order in rest.ordered]
    return [
        {"name": bound.action.name, "parameters": bound.action.parameters, "tier": tier}
        for bound, tier in judged
    ]

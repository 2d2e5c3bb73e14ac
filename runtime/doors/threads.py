"""Finds the open request that a message answers and adds it there; otherwise it becomes a separate request."""

from dispatch.models.errors import RequestClosedError, RequestNotFoundError
from dispatch.models.request.addition import Addition, AdditionOutcome
from dispatch.models.request.message_names import MessageName
from dispatch.models.request.submission import Submission
from dispatch.process.additions import addition_of
from runtime.gateway import Gateway
from runtime.gateway_types import Submitted, request_id_of


async def added_or_following(gateway: Gateway, submission: Submission) -> Submitted | Submission:
    """Add a message to the open request that it answers.

    Returns the submission where it answers none that can take it; `follows` then names the one it answers. The same message
    again comes to the same request, also where that has ended since. Raises WorkerUnavailableError, for only the request
    itself can tell whether it takes it, and TemporalUnavailableError.
    """
    if not submission.thread or await _is_a_request(gateway, submission):
        return submission
    addition, following = addition_of(submission), submission
    for request_id in submission.thread:
        try:
            # Ids of our mails only name requests, and other workflows do not have the message's handler.
            await gateway.describe(request_id)
            outcome = await gateway.update(
                request_id, MessageName.ADD, addition.model_dump(mode="json"), AdditionOutcome
            )
        except RequestNotFoundError:
            continue
        except RequestClosedError:
            if await _was_added(gateway, request_id, addition):
                return Submitted(request_id, new=False, automatic=submission.automatic, added=True)
            why = "which has ended"
        else:
            if outcome.accepted:
                return Submitted(request_id, new=False, automatic=submission.automatic, added=True)
            why = f"which does not take it: {outcome.reason}"
        if following is submission:
            following = _following(submission, request_id, why)
    return following


async def _is_a_request(gateway: Gateway, submission: Submission) -> bool:
    """Check whether the message started a request earlier: a request that refused it then might accept it now."""
    try:
        await gateway.describe(request_id_of(submission))
    except RequestNotFoundError:
        return False
    return True


def _following(submission: Submission, request_id: str, why: str) -> Submission:
    note = f"it answers a mail of {request_id}, {why}"
    return submission.model_copy(update={"follows": request_id, "notes": (*submission.notes, note[:500])})


async def _was_added(gateway: Gateway, request_id: str, addition: Addition) -> bool:
    """Check whether an ended request had accepted the message: the door may have stopped before it got the answer."""
    outcome = await gateway.outcome(request_id)
    return outcome is not None and addition.key in outcome.added

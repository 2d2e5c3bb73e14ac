"""Reads the input of a request's workflow, which anyone who can start workflows can write."""

from typing import Any, Final, NamedTuple

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from pydantic import ValidationError

    from dispatch.models.request.snapshot import RequestSnapshot
    from dispatch.models.request.submission import DocumentRef, Party, Submission, Trigger
    from dispatch.text.message_payloads import single

_WITH_SNAPSHOT: Final = 2


class RequestInput(NamedTuple):
    """The submission and, from the second history on, the snapshot of the previous one.

    `problem` says why it cannot be read; the submission is then empty.
    """

    submission: Submission
    snapshot: RequestSnapshot | None
    problem: str


def read_input(raw: tuple[Any, ...]) -> RequestInput:
    """Read the arguments of a workflow here, because input that the SDK cannot decode fails its task repeatedly.

    Nothing is raised: only `run` may end a workflow.
    """
    try:
        # Only the request itself, continued in a new history, may pass a snapshot with inspections and approvals.
        continued = len(raw) == _WITH_SNAPSHOT and workflow.info().continued_run_id is not None
        snapshot = RequestSnapshot.model_validate(raw[1]) if continued else None
        submission = Submission.model_validate(single(raw[:1] if snapshot else raw))
        return RequestInput(_as_begun(submission), snapshot, "")
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the input"
        nothing = DocumentRef(sha256="0" * 64, size_bytes=0, media_type="text/plain", name="nothing")
        trigger = Trigger(kind="json", trigger_id="unreadable", received_at=workflow.now())
        empty = Submission(trigger=trigger, sender=Party(address="nobody"), body="", source=nothing)
        return RequestInput(empty, None, f"{where}: {first['msg']}; start requests with dispatch submit")


def _as_begun(submission: Submission) -> Submission:
    """Return the submission without what would make it a part, unless the whole request itself began it as its child.

    A part leaves its answer to the whole; whoever else starts a workflow must not silence one so.
    """
    part, parent = submission.part, workflow.info().parent
    if part is None or (parent is not None and parent.workflow_id == part.parent):
        return submission
    return submission.model_copy(update={"part": None})

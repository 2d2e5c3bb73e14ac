"""Reads a request and starts it, for every door."""

from datetime import datetime
from pathlib import Path

from dispatch.models.errors import DispatchError, SubmissionError
from dispatch.models.request.submission import Submission
from dispatch.storage.documents import DocumentStore
from runtime.doors.forms import limits_of, request_forms
from runtime.doors.reading import read_file, read_submission
from runtime.doors.refusals import keep_refused_file
from runtime.doors.threads import added_or_following
from runtime.gateway import Gateway
from runtime.gateway_types import Submitted
from runtime.settings import Settings


def read_request(
    settings: Settings,
    name: str,
    raw: bytes,
    desk: str | None = None,
    received_at: datetime | None = None,
    trigger_id: str | None = None,
) -> Submission:
    """Read a request from its bytes; `name` ends in .eml or .json, which selects its form, and appears in messages.

    `trigger_id` is what it is known by where it names none itself. The bytes go to the document store first. Raises
    SubmissionError saying what is wrong and what to do.
    """
    store = DocumentStore(settings.documents_dir)
    forms, limits = request_forms(settings, desk), limits_of(settings)
    return read_submission(name, raw, store, forms, limits, desk, received_at, trigger_id)


def read_request_file(settings: Settings, path: Path, desk: str | None = None) -> Submission:
    """Read a mail (.eml) or a JSON request (.json), as `read_request`; the message names the path."""
    return read_request(settings, str(path), read_file(path, settings.max_mail_bytes), desk)


async def start(gateway: Gateway, settings: Settings, name: str, submission: Submission) -> Submitted:
    """Start a request, or add it to the open request that it answers; a repeated one is the same request.

    Raises SubmissionError where a request of its id began with other content, TemporalUnavailableError, and where it answers an
    open request WorkerUnavailableError.
    """
    found = await added_or_following(gateway, submission)
    if isinstance(found, Submitted):
        return found
    submitted = await gateway.submit(settings, found)
    if submitted.differs:
        raise SubmissionError(
            f"{name} has the id of {submitted.request_id}, which began with other content; "
            "give it an id of its own, or take it in by hand if it is a request of its own",
            submission.source.sha256,
        )
    return submitted


async def submit_file(gateway: Gateway, settings: Settings, path: Path, desk: str | None = None) -> Submitted:
    """Read a mail or JSON file and start the request; raises as `read_request` and `start`.

    A file that is refused is kept in the list of what was not taken in.
    """
    try:
        return await start(gateway, settings, str(path), read_request_file(settings, path, desk))
    except SubmissionError as error:
        try:
            keep_refused_file(settings, path, str(error), error.sha256, door="submit", desk=desk)
        except DispatchError as unkept:
            raise SubmissionError(f"{error}; it was not kept for a person either: {unkept}") from None
        raise

"""Reads requests from bytes or files and stores them unchanged first; the channels define the forms."""

import errno
import stat
from collections.abc import Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePath
from typing import Final

from pydantic import TypeAdapter, ValidationError

from dispatch.isolation.text_processes import TextProcesses
from dispatch.models.errors import SubmissionError, UnreadableTextError
from dispatch.models.request.request_form import ReadForm, ReadRequest, RequestForm
from dispatch.models.request.submission import DocumentRef, Party, Submission, Trigger
from dispatch.models.work.playbook import DeskName
from dispatch.storage.documents import DocumentStore
from dispatch.text.file_name import safe_name

# Within the bounds on header and parts, so few bytes take less time to read than a process takes to start.
_SMALL: Final = 100_000
_OLDEST: Final = timedelta(days=366)
_ANY_TYPE: Final = "application/octet-stream"


@dataclass(frozen=True)
class ReadLimits:
    """Limits on the size of a request and its text, and on the time and memory for reading the text."""

    max_bytes: int
    max_chars: int
    text_seconds: float
    text_megabytes: int


def read_submission(
    name: str,
    raw: bytes,
    store: DocumentStore,
    forms: Mapping[str, RequestForm],
    limits: ReadLimits,
    desk: str | None = None,
    received_at: datetime | None = None,
    trigger_id: str | None = None,
) -> Submission:
    """Read one request; store its bytes first, then its attachments.

    `forms` has a form for each ending of `name`, such as `.eml`. The trigger id is that of the request; without one, that
    of a caller who promises it (`trigger_id`), else the digest of what its sender wrote, so that the same request by two
    routes is one. `received_at` is now where the door knows no better. Raises SubmissionError saying what is wrong with which file and what to do, and DispatchError where
    the store cannot keep it.
    """
    check_desk_name(desk)
    if len(raw) > limits.max_bytes:
        raise SubmissionError(too_large(name, len(raw), limits.max_bytes))
    ending = PurePath(name).suffix.lower()
    media_type = forms[ending].media_type if ending in forms else _ANY_TYPE
    source = store.put(raw, media_type, safe_name(PurePath(name).name, f"request{ending}"))
    try:
        form = _form_of(name, forms)
        request, unread = _read_form(form, name, raw, limits)
        read = _submission(
            request,
            form,
            source,
            store,
            unread,
            limits.max_chars,
            received_at or datetime.now(UTC),
            trigger_id,
        )
    except SubmissionError as error:
        raise SubmissionError(str(error), source.sha256) from None
    return read.model_copy(update={"desk": desk})


def _form_of(name: str, forms: Mapping[str, RequestForm]) -> RequestForm:
    form = forms.get(PurePath(name).suffix.lower())
    if form is None:
        raise SubmissionError(f"{name} is neither {' nor '.join(forms)}; save the mail as .eml, or send JSON")
    return form


def read_known(form: RequestForm, name: str, raw: bytes, limits: ReadLimits) -> ReadRequest | None:
    """Read sender and subject of a refused file; None if that is not readable either."""
    # The error that made the door refuse the file, even an internal one, must not hide it from people.
    with suppress(Exception):
        return _read_form(form, name, raw, limits)[0]
    with suppress(Exception):
        return form.read_header(name, raw) if form.read_header is not None else None
    return None


def check_desk_name(desk: str | None) -> None:
    """Raise SubmissionError for an invalid desk name; None leaves the choice to triage."""
    try:
        TypeAdapter(DeskName | None).validate_python(desk)
    except ValidationError:
        raise SubmissionError(
            f"{desk!r:.60} is no desk's name; it has small letters and _, such as support; without one, triage decides"
        ) from None


def read_file(path: Path, most: int) -> bytes:
    """Return a file's bytes; raises SubmissionError if it is no file, cannot be read, or has more than `most` bytes."""
    try:
        if path.is_dir():
            raise SubmissionError(f"{path} is a folder; name the files in it, such as {path}/*.eml")
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            raise SubmissionError(f"{path} is no file but a device or a pipe; save the request as a file")
        if found.st_size > most:
            raise SubmissionError(too_large(str(path), found.st_size, most))
        with path.open("rb") as file:
            # It may grow between the check of its size and the read.
            raw = file.read(most + 1)
    except FileNotFoundError:
        raise SubmissionError(f"there is no file {path}; check its name") from None
    except OSError as error:
        reason = error.strerror or errno.errorcode.get(error.errno or 0, "unknown error")
        raise SubmissionError(f"{path} cannot be read: {reason}; make it readable for this user") from None
    if len(raw) > most:
        raise SubmissionError(too_large(str(path), len(raw), most))
    return raw


def too_large(name: str, size: int, most: int) -> str:
    """Return the message for a request that is too large."""
    return (
        f"{name} has {size / 2**20:,.1f} MB, more than the {most / 2**20:,.1f} MB that are taken; "
        "send it without the large attachment, or raise DISPATCH_MAX_MAIL_BYTES"
    )


def _read_form(form: RequestForm, name: str, raw: bytes, limits: ReadLimits) -> tuple[ReadRequest, str]:
    """Read a request within bounds; of one that exceeds them only the header, with a message that says so."""
    try:
        return _within_bounds(form.read, name, raw, limits), ""
    except UnreadableTextError as error:
        if form.read_header is None:
            raise SubmissionError(f"{name} is no request: {error}; send a smaller one") from None
        return form.read_header(name, raw), str(error)


def _within_bounds(read: ReadForm, name: str, raw: bytes, limits: ReadLimits) -> ReadRequest:
    if len(raw) <= _SMALL:
        return read(name, raw)
    with closing(TextProcesses(limits.text_seconds, limits.text_megabytes)) as texts:
        return texts.call(read, name, raw)


def _submission(
    request: ReadRequest,
    form: RequestForm,
    source: DocumentRef,
    store: DocumentStore,
    unread: str,
    most: int,
    received_at: datetime,
    trigger_id: str | None,
) -> Submission:
    unread = unread or request.unread
    body, notes = _capped(request.text, most, request.notes)
    if unread:
        notes = (*notes, f"{unread}; all of it is in the source file")
    return Submission(
        trigger=Trigger(
            kind=form.kind,
            trigger_id=request.trigger_id or trigger_id or f"sha256:{request.content or source.sha256}",
            received_at=received_at,
            content=request.content,
        ),
        sender=Party(address=request.address, name=request.name, doubt=request.doubt),
        subject=request.subject,
        unread=unread,
        body=body,
        written_at=_bounded(request.written_at, received_at),
        thread=request.thread,
        automatic=request.automatic,
        source=source,
        attachments=tuple(store.put(a.data, a.media_type, a.name) for a in request.attachments),
        fields=dict(request.fields),
        language=request.language,
        notes=tuple(dict.fromkeys(notes)),
    )


def _bounded(written: datetime | None, received: datetime) -> datetime | None:
    """Bound the date that a sender states: never after the receipt, and never over a year before it."""
    return None if written is None or received - written > _OLDEST else min(written, received)


def _capped(text: str, most: int, notes: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    if len(text) <= most:
        return text, notes
    note = f"the text was cut after {most:,} of {len(text):,} characters; all of it is in the source file"
    return text[:most], (*notes, note)

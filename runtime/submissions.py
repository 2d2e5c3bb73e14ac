"""Reads a request from a file, and submits it: the one place that knows which channel reads which form.

What cannot be taken in is kept for a person, who may take it in anyway.
"""

import asyncio
import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from channels.folder.submissions import FileLimits, check_desk_name, read_known, read_submission
from channels.folder.watch import FolderWatch
from channels.http.json_request import JSON_FORM
from channels.mail.mail_form import mail_form
from channels.mail.systems.mail_server import MailServer
from dispatch.models.errors import DispatchError, SubmissionError
from dispatch.models.request.request_form import RequestForm
from dispatch.models.request.submission import DocumentRef, Party, Submission, Trigger
from dispatch.storage.documents import DocumentStore
from dispatch.storage.not_taken_in import Door, RefusedFile
from dispatch.text.file_name import safe_name
from runtime.gateway import Gateway
from runtime.gateway_types import Submitted
from runtime.refusals import not_taken_in
from runtime.settings import Settings, settings_of

_MOST_UNREAD: Final = 500


def read_request_file(settings: Settings, path: Path, desk: str | None = None) -> Submission:
    """Read a mail (.eml) or a JSON request (.json), which goes to the document store first.

    Raises SubmissionError naming the file, what is wrong and what to do.
    """
    return read_submission(path, DocumentStore(settings.documents_dir), _forms(), _limits(settings), desk)


async def submit_file(gateway: Gateway, settings: Settings, path: Path, desk: str | None = None) -> Submitted:
    """Read a mail or JSON file and start the request; raises as `read_request_file`, and TemporalUnavailableError.

    A file that is refused is kept in the list of what was not taken in.
    """
    try:
        return await _start(gateway, settings, path, read_request_file(settings, path, desk))
    except SubmissionError as error:
        try:
            keep_refusal(settings, path, str(error), error.sha256, door="submit", desk=desk)
        except DispatchError as unkept:
            raise SubmissionError(f"{error}; it was not kept for a person either: {unkept}") from None
        raise


async def watch_folder(
    gateway: Gateway, settings: Settings, folder: Path, desk: str | None, stop: asyncio.Event
) -> None:
    """Take in what is put into a folder until `stop` is set; raises DispatchError where it cannot be watched."""
    check_desk_name(desk)
    await FolderWatch(folder, FolderDoor(gateway, settings, desk)).run(stop)


class FolderDoor:
    """How a watched folder reads, starts and refuses (channels/folder/watch.py)."""

    def __init__(self, gateway: Gateway, settings: Settings, desk: str | None) -> None:
        self._gateway, self._settings, self._desk = gateway, settings, desk

    async def read(self, path: Path) -> Submission:
        """Return the request of a file; a fault of the desk's own refuses this file and stops nothing else."""
        try:
            return await asyncio.to_thread(read_request_file, self._settings, path, self._desk)
        except DispatchError:
            raise
        except Exception as error:
            raise SubmissionError(
                f"{path} met a fault of the desk ({type(error).__name__}); take it in by hand and report the fault",
                # It is in the store since before the fault.
                hashlib.sha256(await asyncio.to_thread(path.read_bytes)).hexdigest(),
            ) from error

    async def start(self, path: Path, submission: Submission) -> Submitted:
        return await _start(self._gateway, self._settings, path, submission)

    async def refuse(self, path: Path, reason: str, sha256: str) -> None:
        await asyncio.to_thread(
            keep_refusal, self._settings, path, reason, sha256, door="folder", desk=self._desk
        )


async def _start(gateway: Gateway, settings: Settings, path: Path, submission: Submission) -> Submitted:
    submitted = await gateway.submit(settings, submission)
    if submitted.differs:
        raise SubmissionError(
            f"{path} has the id of {submitted.request_id}, which began with other content; "
            "give it an id of its own, or take it in by hand if it is a request of its own",
            submission.source.sha256,
        )
    return submitted


def keep_refusal(
    settings: Settings, path: Path, reason: str, sha256: str, *, door: Door, desk: str | None = None
) -> None:
    """Keep what was refused for a person; nothing where there is no file, which only its caller can put right."""
    if not sha256 and (path.is_dir() or not (path.is_symlink() or path.exists())):
        return
    content = DocumentStore(settings.documents_dir).get(sha256) if sha256 else b""
    not_taken_in(settings).add(
        path, reason, datetime.now(UTC), door=door, desk=desk, sha256=sha256, content=content
    )


async def take_in_anyway(gateway: Gateway, settings: Settings, refused: RefusedFile, by: str) -> Submitted:
    """Start a request of a refused file as unread, so that the reception has it, with the file attached.

    The same content again is the same request. Raises DispatchError where its content was not kept, and
    TemporalUnavailableError.
    """
    if not refused.sha256:
        raise DispatchError(f"the content of {refused.name} was not read, so there is nothing to take in")
    submission = await asyncio.to_thread(_unread, settings, refused, by)
    return await gateway.submit(settings, submission)


def _unread(settings: Settings, refused: RefusedFile, by: str) -> Submission:
    raw = DocumentStore(settings.documents_dir).get(refused.sha256)
    name = safe_name(refused.name, "request")
    form = _forms().get(Path(refused.name).suffix.lower())
    known = read_known(form, name, raw, _limits(settings)) if form else None
    source = DocumentRef(
        sha256=refused.sha256,
        size_bytes=len(raw),
        media_type=form.media_type if form else "application/octet-stream",
        name=name,
    )
    why = f"refused at the door and taken in anyway by {by}: {refused.reason}"
    return Submission(
        trigger=Trigger(
            kind=form.kind if form else "file",
            trigger_id=f"sha256:{refused.sha256}",
            received_at=refused.refused_at,
        ),
        sender=Party(address=known.address, name=known.name, doubt=known.doubt)
        if known
        else Party(address=""),
        subject=(known.subject if known else "") or f"Not read: {name}",
        unread=why[:_MOST_UNREAD],
        body=refused.begins,
        source=source,
        attachments=(source,),
        notes=(why,),
    )


def _forms() -> Mapping[str, RequestForm]:
    return {".eml": mail_form((settings_of(MailServer.Settings).mail_from,)), ".json": JSON_FORM}


def _limits(settings: Settings) -> FileLimits:
    return FileLimits(
        settings.max_mail_bytes, settings.max_body_chars, settings.text_seconds, settings.text_megabytes
    )

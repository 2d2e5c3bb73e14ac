"""Requests that a door refused: kept on this machine for a person, who may take them in anyway."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from dispatch.models.errors import DispatchError
from dispatch.models.request.submission import DocumentRef, Party, Submission, Trigger
from dispatch.storage.documents import DocumentStore
from dispatch.storage.not_taken_in import Door, NotTakenIn, RefusedFile, version_of
from dispatch.text.file_name import safe_name
from runtime.doors.forms import limits_of, request_forms
from runtime.doors.reading import read_known
from runtime.gateway import Gateway
from runtime.gateway_types import Submitted
from runtime.settings import Settings

_MOST_UNREAD: Final = 500


def not_taken_in(settings: Settings) -> NotTakenIn:
    """Return the store of refused requests that wait for a person."""
    return NotTakenIn(settings.var_dir / "not_taken_in.db")


def keep_refused(
    settings: Settings,
    name: str,
    place: str,
    reason: str,
    sha256: str,
    *,
    door: Door,
    desk: str | None,
    version: str = "",
) -> None:
    """Keep a refused request for a person; its content is in the document store under `sha256`.

    If it was not read, `version` identifies its state.
    """
    content = DocumentStore(settings.documents_dir).get(sha256) if sha256 else b""
    not_taken_in(settings).add(
        name,
        place,
        reason,
        datetime.now(UTC),
        door=door,
        desk=desk,
        sha256=sha256,
        content=content,
        version=version,
    )


def keep_refused_file(
    settings: Settings, path: Path, reason: str, sha256: str, *, door: Door, desk: str | None = None
) -> None:
    """Keep a refused file as `keep_refused` does; without a file do nothing, because only the caller can correct that."""
    if not sha256 and (path.is_dir() or not (path.is_symlink() or path.exists())):
        return
    keep_refused(
        settings,
        path.name,
        str(path.absolute().parent),
        reason.replace(str(path), path.name),
        sha256,
        door=door,
        desk=desk,
        version="" if sha256 else version_of(path),
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
    form = request_forms(settings, refused.desk).get(Path(refused.name).suffix.lower())
    known = read_known(form, name, raw, limits_of(settings)) if form else None
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

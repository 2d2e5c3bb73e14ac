"""Requests from files: a mail (.eml) or JSON (.json), stored as they came before anything is made of them."""

import errno
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

from pydantic import TypeAdapter, ValidationError

from channels.http.json_request import parse_json
from channels.mail.bounds import header_of
from channels.mail.parse import ParsedMail, parse_mail, safe_name
from channels.mail.systems.mail_server import MailServer
from dispatch.isolation.text_processes import TextProcesses
from dispatch.models.errors import SubmissionError, UnreadableTextError
from dispatch.models.request.submission import DocumentRef, Party, Submission, Trigger
from dispatch.models.work.playbook import DeskName
from dispatch.storage.documents import DocumentStore
from dispatch.text.normalise import normalise, one_line
from runtime.settings import Settings, settings_of

# Within the bounds on header and parts so few bytes are read in less time than a process takes to start.
_SMALL: Final = 100_000
T = TypeVar("T")
_MEDIA_TYPES: Final = {".eml": "message/rfc822", ".json": "application/json"}


def read_submission(
    path: Path, store: DocumentStore, settings: Settings, desk: str | None = None
) -> Submission:
    """Read one request; the source file goes to the store first, then its attachments.

    The trigger id is the mail's Message-ID or the JSON's trigger_id; without one, the file's sha256, so that the
    same file is the same request. Shapes: RFC 5322 with MIME, and `json_file`. Raises SubmissionError saying what is wrong with
    which file and what to do, and DispatchError where the store cannot keep it.
    """
    _check_desk(desk)
    kind = path.suffix.lower()
    if kind not in _MEDIA_TYPES:
        raise SubmissionError(f"{path} is neither .eml nor .json; save the mail as .eml, or send JSON")
    raw = _read(path, settings.max_mail_bytes)
    source = store.put(raw, _MEDIA_TYPES[kind], safe_name(path.name, f"request{kind}"))
    read = _from_mail if kind == ".eml" else _from_json
    return read(path, raw, source, store, settings).model_copy(update={"desk": desk})


def _check_desk(desk: str | None) -> None:
    try:
        TypeAdapter(DeskName | None).validate_python(desk)
    except ValidationError:
        raise SubmissionError(
            f"{desk!r:.60} is no desk's name; it has small letters and _, such as support; without one, triage decides"
        ) from None


def _read(path: Path, most: int) -> bytes:
    try:
        if path.is_dir():
            raise SubmissionError(f"{path} is a folder; name the files in it, such as {path}/*.eml")
        size = path.stat().st_size
        if size > most:
            raise SubmissionError(_too_large(path, size, most))
        with path.open("rb") as file:
            # It may grow between the two looks at it.
            raw = file.read(most + 1)
    except FileNotFoundError:
        raise SubmissionError(f"there is no file {path}; check its name") from None
    except OSError as error:
        reason = error.strerror or errno.errorcode.get(error.errno or 0, "unknown error")
        raise SubmissionError(f"{path} cannot be read: {reason}; make it readable for this user") from None
    if len(raw) > most:
        raise SubmissionError(_too_large(path, len(raw), most))
    return raw


def _too_large(path: Path, size: int, most: int) -> str:
    return (
        f"{path} has {size / 2**20:,.1f} MB, more than the {most / 2**20:,.1f} MB that are taken; "
        "send it without the large attachment, or raise DISPATCH_MAX_MAIL_BYTES"
    )


def _from_mail(
    path: Path, raw: bytes, source: DocumentRef, store: DocumentStore, settings: Settings
) -> Submission:
    mail, unread = _read_mail(path, raw, settings)
    if not unread and mail.automatic is None:
        _refuse_empty(path, mail)
    notes = list(mail.notes)
    if mail.message_id is None:
        notes.append("the mail has no Message-ID: known by its digest instead")
    return Submission(
        trigger=Trigger(
            kind="mail",
            trigger_id=mail.message_id or f"sha256:{source.sha256}",
            received_at=datetime.now(UTC),
        ),
        sender=Party(address=mail.address, name=mail.name, doubt=mail.doubt),
        subject=mail.subject,
        unread=unread,
        body=_capped(mail.text, settings.max_body_chars, notes),
        in_reply_to=mail.in_reply_to,
        automatic=mail.automatic,
        source=source,
        attachments=tuple(store.put(a.data, a.media_type, a.name) for a in mail.attachments),
        notes=tuple(dict.fromkeys(notes)),
    )


def _read_mail(path: Path, raw: bytes, settings: Settings) -> tuple[ParsedMail, str]:
    """Read a mail within bounds; of one that passes them the header alone, with the sentence that says so."""
    parse = partial(parse_mail, own_addresses=(settings_of(MailServer.Settings).mail_from,))
    try:
        return _within_bounds(parse, path, raw, settings), ""
    except UnreadableTextError as error:
        mail = parse(str(path), header_of(raw))
        mail.notes = [*mail.notes, f"{error}; all of it is in the source file"]
        return mail, str(error)


def _within_bounds(read: Callable[[str, bytes], T], path: Path, raw: bytes, settings: Settings) -> T:
    if len(raw) <= _SMALL:
        return read(str(path), raw)
    with closing(TextProcesses(settings.text_seconds, settings.text_megabytes)) as texts:
        return texts.call(read, str(path), raw)


def _refuse_empty(path: Path, mail: ParsedMail) -> None:
    if _says_something(mail.text) or mail.attachments:
        return
    if mail.is_broken:
        raise SubmissionError(
            f"{path} is broken and no text can be made out ({mail.notes[-1]}); save it again from the mail program"
        )
    raise SubmissionError(
        f"{path} is empty: it has neither text nor attachments; ask its sender to write again"
    )


def _says_something(text: str) -> bool:
    return bool(normalise(text).text)


def _from_json(
    path: Path, raw: bytes, source: DocumentRef, store: DocumentStore, settings: Settings
) -> Submission:
    del store  # a JSON request has no attachments
    try:
        request = _within_bounds(parse_json, path, raw, settings)
    except UnreadableTextError as error:
        raise SubmissionError(f"{path} is no request: {error}; send a smaller one") from None
    if not _says_something(request.text):
        raise SubmissionError(f"{path} is empty: 'text' says nothing; put the request there")
    notes: list[str] = []
    if request.trigger_id is None:
        notes.append("the request has no trigger_id: known by its digest instead")
    return Submission(
        trigger=Trigger(
            kind="json",
            trigger_id=request.trigger_id or f"sha256:{source.sha256}",
            received_at=datetime.now(UTC),
        ),
        sender=Party(address=request.sender, name=one_line(request.name)),
        subject=one_line(request.subject),
        body=_capped(request.text, settings.max_body_chars, notes),
        source=source,
        fields=request.fields,
        notes=tuple(notes),
    )


def _capped(text: str, most: int, notes: list[str]) -> str:
    if len(text) <= most:
        return text
    notes.append(
        f"the text was cut after {most:,} of {len(text):,} characters; all of it is in the source file"
    )
    return text[:most]

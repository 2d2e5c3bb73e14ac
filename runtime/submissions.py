"""Reads a request from a file, and submits it: the one place that knows which channel reads which form."""

from pathlib import Path

from channels.folder.submissions import FileLimits, read_submission
from channels.http.json_request import JSON_FORM
from channels.mail.mail_form import mail_form
from channels.mail.systems.mail_server import MailServer
from dispatch.models.request.submission import Submission
from dispatch.storage.documents import DocumentStore
from runtime.gateway import Gateway
from runtime.gateway_types import Submitted
from runtime.settings import Settings, settings_of


def read_request_file(settings: Settings, path: Path, desk: str | None = None) -> Submission:
    """Read a mail (.eml) or a JSON request (.json), which goes to the document store first.

    Raises SubmissionError naming the file, what is wrong and what to do.
    """
    forms = {".eml": mail_form((settings_of(MailServer.Settings).mail_from,)), ".json": JSON_FORM}
    limits = FileLimits(
        settings.max_mail_bytes, settings.max_body_chars, settings.text_seconds, settings.text_megabytes
    )
    return read_submission(path, DocumentStore(settings.documents_dir), forms, limits, desk)


async def submit_file(gateway: Gateway, settings: Settings, path: Path, desk: str | None = None) -> Submitted:
    """Read a mail or JSON file and start the request; raises as `read_request_file`, and TemporalUnavailableError."""
    return await gateway.submit(settings, read_request_file(settings, path, desk))

"""Which channel reads which form of request, and within which limits: the one place of the doors that knows channels."""

from collections.abc import Mapping

from channels.http.json_request import JSON_FORM
from channels.mail.mail_form import mail_form
from channels.mail.systems.mail_server import MailServer
from dispatch.models.request.request_form import RequestForm
from runtime.doors.reading import ReadLimits
from runtime.settings import Settings, settings_of


def request_forms() -> Mapping[str, RequestForm]:
    """Return the form of each ending of a file's name."""
    return {".eml": mail_form((settings_of(MailServer.Settings).mail_from,)), ".json": JSON_FORM}


def limits_of(settings: Settings) -> ReadLimits:
    """Return the limits that the settings put on a request that is read."""
    return ReadLimits(
        settings.max_mail_bytes, settings.max_body_chars, settings.text_seconds, settings.text_megabytes
    )

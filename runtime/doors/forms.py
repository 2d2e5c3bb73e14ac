"""Which channel reads which form of request, and within which limits: the only module of the doors that uses channels."""

from collections.abc import Mapping

from channels.http.json_request import JSON_FORM
from channels.mail.mail_form import mail_form
from channels.mail.systems.mail_server import MailServer
from dispatch.models.request.request_form import RequestForm
from runtime.doors.reading import ReadLimits
from runtime.doors.requester_rules import requester_rules, senders_of_desks
from runtime.settings import Settings, settings_of


def request_forms(settings: Settings, desk: str | None = None) -> Mapping[str, RequestForm]:
    """Return the form of each file name extension.

    The desk's playbook lists who writes mails for others; if triage chooses the desk, all desks' lists count.
    """
    own = (settings_of(MailServer.Settings).mail_from, *senders_of_desks(settings))
    return {".eml": mail_form(own, requester_rules(settings, desk)), ".json": JSON_FORM}


def limits_of(settings: Settings) -> ReadLimits:
    """Return the settings' limits for reading a request."""
    return ReadLimits(
        settings.max_mail_bytes, settings.max_body_chars, settings.text_seconds, settings.text_megabytes
    )

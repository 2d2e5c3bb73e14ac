"""The ports that the demo needs, all free before anything is started."""

from devstack.ports import require_free
from devstack.settings import StackSettings
from devstack.web import port_of


def require_free_ports(settings: StackSettings) -> None:
    """Raise DevStackError for the first port that is taken."""
    for port, purpose, setting in (
        (settings.temporal_port, "Temporal", "DISPATCH_TEMPORAL_PORT"),
        (settings.temporal_ui_port, "Temporal's web UI", "DISPATCH_TEMPORAL_UI_PORT"),
        (settings.inbox_port, "the inbox", "DISPATCH_INBOX_PORT"),
        (settings.http_port, "the HTTP door", "DISPATCH_HTTP_PORT"),
        (settings.smtp_port, "the mail sink", "DISPATCH_SMTP_PORT"),
        (settings.imap_port, "the mailbox", "DISPATCH_IMAP_PORT"),
    ):
        require_free(port, purpose=purpose, setting=setting)
    for url, purpose, setting in (
        (settings.back_office_url, "the back office", "DISPATCH_BACK_OFFICE_URL"),
        (settings.mail_archive_url, "the mail archive", "DISPATCH_MAIL_ARCHIVE_URL"),
        (settings.helpdesk_url, "the helpdesk", "DISPATCH_HELPDESK_URL"),
        (settings.posts_url, "the publishing system", "DISPATCH_POSTS_URL"),
        (settings.site_url, "the website", "DISPATCH_SITE_URL"),
    ):
        require_free(port_of(url, setting), purpose=purpose, setting=setting)

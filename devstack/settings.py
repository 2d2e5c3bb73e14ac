"""The product's settings together with those of the outside systems that the development stack plays."""

from typing import Final

from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from channels.mail.systems.mail_archive import MailArchive
from channels.mail.systems.mail_server import MailServer
from desks.marketing.systems.brand_book import BrandBook
from desks.marketing.systems.posts import Posts
from desks.marketing.systems.publishing import Publishing
from desks.support.systems.payments import Payments
from desks.support.systems.records import Records
from desks.website.systems.page_browser import PageBrowser
from desks.website.systems.site_publisher import SitePublisher
from desks.website.systems.web_pages import WebPages
from runtime.settings import Settings, settings_of

READ_KEY: Final = "embedded-read"
WRITE_KEY: Final = "embedded-write"
"""The settings of the stand-ins, on this machine alone."""


class StackSettings(
    Settings,
    Records.Settings,
    Payments.Settings,
    MailServer.Settings,
    MailArchive.Settings,
    SitePublisher.Settings,
    WebPages.Settings,
    PageBrowser.Settings,
    Posts.Settings,
    Publishing.Settings,
    BrandBook.Settings,
):
    """All settings that a program of the stack reads."""

    model_config = SettingsConfigDict(env_prefix="DISPATCH_", frozen=True, extra="forbid")

    imap_port: int = Field(default=8143, ge=1, le=65535, description="the demo's mailbox")
    helpdesk_url: str = Field(
        default="http://127.0.0.1:8812", description="the stand-in for an IT department's systems"
    )
    helpdesk_read_key: SecretStr = Field(default=SecretStr(READ_KEY), description="may only read")
    helpdesk_write_key: SecretStr = Field(default=SecretStr(WRITE_KEY), description="may also act")


def load_stack_settings() -> StackSettings:
    """Read the settings from the environment; raises SettingsError as `settings_of` does."""
    return settings_of(StackSettings)

"""The website desk's entries in a playbook: what each of its roles is told."""

from typing import Annotated

from pydantic import Field

from desks.website.models.changes import Check
from dispatch.models.contract import Contract

HostName = Annotated[str, Field(pattern=r"^[a-z0-9.:\[\]-]{1,253}$")]
Text = Annotated[str, Field(max_length=2_000)]


class SiteTerms(Contract):
    """The names under which the site is served, and those whose pages may be fetched and sent back changed."""

    hosts: tuple[HostName, ...] = Field(default=(), max_length=100, description="of the site's own folder")
    fetch: tuple[HostName, ...] = Field(
        default=(),
        max_length=100,
        description="other hosts, whose pages are fetched, and returned by mail as files",
    )


class EditTerms(SiteTerms):
    """The playbook's entry for `page_edit`."""

    public_url: str = Field(
        default="",
        pattern=r"^(https?://[^\s/]{1,253})?$",
        description="where people see the site; empty: DISPATCH_SITE_URL",
    )
    link_hosts: tuple[HostName, ...] = Field(
        default=(), max_length=1_000, description="hosts that a page may link to without a person's look"
    )
    checks: dict[str, tuple[Check, ...]] = Field(
        default_factory=dict, description="by path of a page, '*' for each: what must hold of it"
    )
    most_pages: int = Field(default=10, ge=1, le=50, description="pages that one request may change")


class AssetTerms(SiteTerms):
    """The playbook's entry for `page_assets`; all in bytes."""

    image: int = Field(default=500_000, gt=0)
    script: int = Field(default=300_000, gt=0)
    total: int = Field(default=3_000_000, gt=0)


class SeoTerms(Contract):
    """The playbook's entry for `seo`; in characters."""

    title: int = Field(default=70, gt=0)
    description: int = Field(default=200, gt=0)


class BrowserTerms(SiteTerms):
    """The playbook's entry for `page_views` and `accessibility`."""

    width: int = Field(default=390, ge=200, le=2_000, description="of a phone, in CSS pixels")
    screenshots: bool = True


class StandardTerms(Contract):
    """The playbook's entry for `page_standards`."""

    most: int = Field(default=12, ge=1, le=100, description="exceptions that are shown; the rest are counted")
    ignore: tuple[str, ...] = Field(
        default=(), description="rules that this site does not follow, such as seo.title_long"
    )
    unavailable: str = Field(
        default="risky",
        pattern=r"^(always|risky|note)$",
        description="when a check that could not run holds the page: always, only where more than words change, or never; "
        "in any case the reply says that it did not run",
    )

"""The parameters, facts and policy of the action publish_page."""

from datetime import datetime

from pydantic import Field

from desks.website.models.changes import Check
from dispatch.models.contract import Contract
from dispatch.models.request.submission import DocumentRef
from dispatch.models.work.playbook import Tier

NO_PAGE = ""
"""The digest of a page that is not there."""


class PublishParameters(Contract):
    """One page to publish. Subject: 'page <path>'."""

    path: str = Field(min_length=1, max_length=300, description="in the site's folder")
    was_sha256: str = Field(
        pattern=r"^([0-9a-f]{64})?$", description="of the page that was changed; empty: there was none"
    )
    page: DocumentRef = Field(description="the page as it is to be")
    risk: str = Field(max_length=40)
    changes: tuple[str, ...] = Field(default=(), max_length=100, description="for people")
    checks: tuple[Check, ...] = Field(
        default=(), max_length=100, description="run again on what the site serves"
    )


class PublishFacts(Contract):
    """The page in the site's folder, read immediately before the guard's result."""

    sha256: str = Field(default="", description="empty where there is no such page")
    is_safe: bool = Field(default=True, description="whether the path stays within the folder")
    document: bool = Field(default=True, description="whether the new page is in the store, unchanged")
    published: bool = Field(default=False, description="whether this very action has published it already")


class PublishPolicy(Contract):
    """Its policy in a playbook, under guardian.actions.publish_page.policy."""

    risks: dict[str, Tier] = Field(
        default_factory=dict,
        description="text, addition, address, removal, new_host, markup, file -> the least tier; others are critical",
    )
    never: tuple[str, ...] = Field(
        default=(), max_length=100, description="pages that the desk never publishes; '*' at an end"
    )


class Publication(Contract):
    """One publication under a key: which page, what it replaced, and whether it was taken back."""

    key: str
    path: str
    sha256: str
    was_sha256: str = Field(description="empty where there was no page")
    at: datetime
    restored: bool = False

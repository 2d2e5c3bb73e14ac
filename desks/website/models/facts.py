"""What the website desk's specialists pass to one another; pages themselves are documents of the store."""

from typing import Final

from pydantic import Field

from desks.website.models.changes import Check
from dispatch.models.contract import Contract
from dispatch.models.request.submission import DocumentRef
from dispatch.models.work.severity import Severity

WORDS_ONLY: Final = frozenset({"text", "addition"})
"""Risks of changes after which the page has other words and nothing else."""


class Line(Contract):
    """One place that is changed, for people."""

    line: int
    what: str = Field(description="'text', 'title', 'img alt', ...")
    was: str = Field(max_length=400)
    becomes: str = Field(max_length=400)


class PageChange(Contract):
    """One page with its changes."""

    path: str = Field(description="in the site's folder; of a page of elsewhere, the file's name")
    url: str = Field(description="where it is served, or came from")
    before: DocumentRef | None = Field(default=None, description="None for a page that is new to the desk")
    after: DocumentRef
    risk: str = Field(
        description="the riskiest of its changes: text, addition, address, removal, new_host, markup, file"
    )
    lines: tuple[Line, ...] = ()
    item_ids: tuple[str, ...]
    checks: tuple[Check, ...] = ()
    is_published: bool = Field(description="whether it goes into the site; else it is returned as a file")


class PageProblem(Contract):
    """Something that a check found on a changed page."""

    path: str
    rule: str
    severity: Severity
    line: int
    text: str = Field(max_length=500)


class EditFacts(Contract):
    """Facts of page_edit."""

    pages: tuple[PageChange, ...] = ()
    left: tuple[PageProblem, ...] = Field(
        default=(), description="where words that were replaced still stand for machines"
    )


class CheckFacts(Contract):
    """Facts of every check: what the change made worse, and how much of what was wrong before is left."""

    worse: tuple[PageProblem, ...] = ()
    left: dict[str, int] = Field(
        default_factory=dict, description="rule -> how often it was broken before too"
    )
    unavailable: str = Field(
        default="", description="why the check did not run; then nothing is said of the page"
    )

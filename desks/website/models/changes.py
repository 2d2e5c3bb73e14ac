"""What a request asks to change on a page, as far as its words were understood."""

from enum import StrEnum

from pydantic import Field

from dispatch.models.contract import Contract


class Part(StrEnum):
    """The kind of place on a page that a target names."""

    TEXT = "text"
    TITLE = "title"
    DESCRIPTION = "description"
    HEADING = "heading"
    PARAGRAPH = "paragraph"
    LINK = "link"
    IMAGE = "image"
    BUTTON = "button"
    LIST_ITEM = "list_item"
    SELECTOR = "selector"


class How(StrEnum):
    """How the quoted words of a target and the words on the page must agree."""

    EQUALS = "equals"
    BEGINS = "begins"
    CONTAINS = "contains"
    ENDS = "ends"


class Target(Contract):
    """One place on a page, in the requester's words."""

    part: Part
    words: str = Field(default="", description="those that were quoted; empty where none were")
    how: How = How.EQUALS
    around: str = Field(default="", description="words of the element in which `words` stand")
    selector: str = Field(default="", description="a CSS selector, of or around the place")
    level: int | None = Field(default=None, ge=1, le=6, description="of a heading")
    number: int | None = Field(default=None, description="from 1; -1 is the last; None where none was named")
    attribute: str = Field(default="", description="the attribute that is meant; empty: the text")
    said: str = Field(default="", description="the words that name it")


class Kind(StrEnum):
    """What becomes of a place."""

    REPLACE = "replace"
    SET = "set"
    REMOVE = "remove"
    ADD = "add"
    FILE = "file"


class Where(StrEnum):
    BEFORE = "before"
    AFTER = "after"


class Change(Contract):
    """One change: of `target`, to `value`."""

    kind: Kind
    target: Target
    value: str = Field(default="", description="the new words, or the new address of a link or image")
    everywhere: bool = Field(default=False, description="in all places where the words stand")
    where: Where = Where.AFTER
    added: Part = Field(default=Part.TEXT, description="what is added")
    page: str = Field(default="", description="the page as it was named; empty: as elsewhere in the request")
    said: str = Field(default="", description="the words of the request that ask for it")


class Unclear(Contract):
    """Words that seem to ask for a change, and were not understood."""

    said: str
    why: str = Field(description="a key of the desk's texts")


class Check(Contract):
    """What must hold of the page once it is changed, as the request or the playbook says."""

    kind: str = Field(pattern=r"^(shows|absent|selector|count|link|title|no_overflow)$")
    value: str = ""
    selector: str = ""
    count: int | None = None
    source: str = Field(default="playbook", description="'request' or 'playbook'")


class Wish(Contract):
    """Everything that a request's words were understood as, in their order."""

    changes: tuple[Change, ...] = ()
    unclear: tuple[Unclear, ...] = ()
    checks: tuple[Check, ...] = ()
    pages: tuple[str, ...] = Field(default=(), description="pages that are named anywhere")

"""What a person looks at beside a draft: documents before and after, with what deserves a look marked in place."""

from typing import Self

from pydantic import Field, model_validator

from dispatch.models.contract import Contract
from dispatch.models.request.submission import DocumentRef
from dispatch.models.work.severity import Severity


class Mark(Contract):
    """One place in the text of an exhibit, in code points from its beginning; `end` is not part of it."""

    start: int = Field(ge=0)
    end: int = Field(ge=0)
    severity: Severity
    rule: str = Field(max_length=200)
    text: str = Field(max_length=500, description="what is wrong there, for a person")
    replacement: str = Field(
        default="", max_length=500, description="what would be right, where that is known"
    )

    @model_validator(mode="after")
    def _is_forward(self) -> Self:
        if self.end < self.start:
            raise ValueError("a mark ends before it begins")
        return self


class Exhibit(Contract):
    """A text (text/*) or a picture (image/png) as it is to be, beside what it was before where there was one.

    The documents are in the store; an exhibit shows them and decides nothing. A text is read as UTF-8.
    """

    title: str = Field(min_length=1, max_length=200)
    before: DocumentRef | None = None
    after: DocumentRef
    marks: tuple[Mark, ...] = Field(default=(), max_length=200, description="places in the text of `after`")
    source: str = Field(default="", max_length=500, description="where it is from, such as a page's address")

    @property
    def is_picture(self) -> bool:
        """Whether both are shown as pictures."""
        return self.after.media_type == "image/png"

    @property
    def documents(self) -> tuple[DocumentRef, ...]:
        """Return its documents, the former one first."""
        return (self.after,) if self.before is None else (self.before, self.after)

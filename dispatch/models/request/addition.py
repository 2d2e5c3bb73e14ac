"""A message to an open request: the requester writes again, or a machine answers a mail of the desk."""

from typing import Final

from pydantic import Field

from dispatch.models.contract import Contract, Moment
from dispatch.models.request.automatic import AutomaticMail, AutomaticSign
from dispatch.models.request.submission import DocumentRef, Party

MOST_CHARS: Final = 8_000
"""Characters of a message's own words that a request keeps; the source file has all of it."""
MOST_ADDITIONS: Final = 20
"""The most messages that are added to one request; a further one becomes a separate request."""
MOST_ATTACHMENTS: Final = 20


class Addition(Contract):
    """A message that names an open request: its own words, without what it quotes."""

    key: str = Field(pattern=r"^[0-9a-f]{16}$", description="the same for the same message, by any route")
    sender: Party
    subject: str = Field(default="", max_length=998)
    text: str = Field(default="", max_length=MOST_CHARS)
    received_at: Moment
    source: DocumentRef
    attachments: tuple[DocumentRef, ...] = Field(default=(), max_length=MOST_ATTACHMENTS)
    automatic: AutomaticMail | None = None

    @property
    def is_bounce(self) -> bool:
        """Return whether it reports that a mail of the desk did not arrive."""
        told = self.automatic
        return told is not None and told.sign is AutomaticSign.REPORT and not told.no_failure

    @property
    def in_words(self) -> str:
        """Return, for the record, what it is; none of its words."""
        if self.automatic is None:
            return "the requester wrote again"
        if self.is_bounce:
            return f"a mail of the desk came back: {self.automatic.shown}"
        return self.automatic.in_words


class AdditionOutcome(Contract):
    """The answer of the update `add`. A message that is not accepted becomes a separate request."""

    accepted: bool
    reason: str

"""Automatic mail: its header facts, and the sign by which it was recognised."""

from enum import StrEnum
from typing import Final

from pydantic import Field

from dispatch.models.contract import Contract

MOST_SHOWN: Final = 200
"""Characters of a header that are kept for people to read."""


class AutomaticSign(StrEnum):
    """Why a mail counts as automatic; see channels/mail/automatic.py for where each is defined."""

    OWN_MAIL = "own_mail"
    AUTO_SUBMITTED = "auto_submitted"
    REPORT = "report"
    NULL_RETURN_PATH = "null_return_path"
    MAIL_SYSTEM = "mail_system"
    AUTORESPONDER = "autoresponder"
    NO_ANSWER_WANTED = "no_answer_wanted"
    PRECEDENCE = "precedence"
    MAILING_LIST = "mailing_list"
    CALENDAR = "calendar"
    SEVERAL_HINTS = "several_hints"


class MailFacts(Contract):
    """What the parser read from a mail's headers and structure, bounded; nothing of its text."""

    headers: dict[str, tuple[str, ...]] = Field(
        default_factory=dict, description="by lower-case name, each value unfolded and cut"
    )
    sender: str = Field(default="", description="the requester's address; empty where none can be read")
    content_type: str = Field(default="text/plain", description="of the whole mail")
    calendar_method: str = Field(default="", description="of a calendar entry that is the main content")
    returned_id: str | None = Field(default=None, description="Message-ID of the mail that a report returns")
    no_failure: bool = Field(default=False, description="a report of a delay, a delivery or a receipt")


class AutomaticMail(Contract):
    """The sign of an automatic mail, and our own mail that it is about."""

    sign: AutomaticSign
    shown: str = Field(max_length=MOST_SHOWN, description="the header or the part that is the sign")
    our_message_id: str | None = Field(
        default=None, description="of the mail of ours that it answers, or that came back"
    )
    no_failure: bool = Field(
        default=False, description="a report that no mail failed: it is late, has arrived or was opened"
    )

    @property
    def in_words(self) -> str:
        """Return, for people, why a mail is not answered."""
        about = f", about our mail {self.our_message_id}" if self.our_message_id else ""
        return f"automatic mail, which is never answered: {self.sign} ({self.shown}){about}"

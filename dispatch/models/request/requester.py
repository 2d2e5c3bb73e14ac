"""The address of a requester, and doubts about the one that a mail claims."""

from enum import StrEnum
from typing import Annotated, Final

from pydantic import Field

from dispatch.models.contract import Contract

# One plain ASCII address: no display name, no list, no quoted part, nothing that SMTP or a header could misread.
_ADDRESS = r"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*$"

MailAddress = Annotated[str, Field(pattern=_ADDRESS, max_length=320)]


_LISTED = r"^(?:[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64})?@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*$"

Listed = Annotated[str, Field(pattern=_LISTED, max_length=320)]
"""An address, or all of a domain: '@company.example'."""


class RequesterRules(Contract):
    """Who writes for somebody else, as a playbook says; for everybody else the requester is the sender."""

    forms: tuple[Listed, ...] = Field(
        default=(),
        max_length=100,
        description="contact forms of the company's own; the requester is the person who filled one in, by Reply-To "
        "or a line 'Email: ...'",
    )
    colleagues: tuple[Listed, ...] = Field(
        default=(),
        max_length=100,
        description="the company's people; the requester of what they forward is the sender of the forwarded mail",
    )

    def joined(self, other: "RequesterRules") -> "RequesterRules":
        """Return both together."""
        return RequesterRules(
            forms=tuple(dict.fromkeys((*self.forms, *other.forms))),
            colleagues=tuple(dict.fromkeys((*self.colleagues, *other.colleagues))),
        )


NOBODY_ELSE: Final = RequesterRules()


class SenderDoubt(StrEnum):
    """Why a requester's address may differ from the one that the mail servers checked."""

    SEVERAL_FROM_FIELDS = "several_from_fields"
    SEVERAL_MAILBOXES = "several_mailboxes"
    NO_ADDRESS = "no_address"
    READ_DIFFERENTLY = "read_differently"
    NAME_SHOWS_ANOTHER_ADDRESS = "name_shows_another_address"
    ANSWERS_ELSEWHERE = "answers_elsewhere"
    FORWARDED = "forwarded"
    COLLEAGUE = "colleague"
    FORM_WITHOUT_ADDRESS = "form_without_address"

    @property
    def in_words(self) -> str:
        """Return the doubt as people read it."""
        return _IN_WORDS[self]

    @property
    def is_unverified(self) -> bool:
        """Check whether SPF and DMARC may have checked another address than this one."""
        return self not in _VERIFIED


_VERIFIED = frozenset(
    {SenderDoubt.NAME_SHOWS_ANOTHER_ADDRESS, SenderDoubt.ANSWERS_ELSEWHERE, SenderDoubt.COLLEAGUE}
)
_IN_WORDS = {
    SenderDoubt.SEVERAL_FROM_FIELDS: "the mail has several From fields, so its sender is not verified",
    SenderDoubt.SEVERAL_MAILBOXES: "From names several mailboxes, so the sender is not verified",
    SenderDoubt.NO_ADDRESS: "From has no address, so the sender is not verified",
    SenderDoubt.READ_DIFFERENTLY: "mail programs may read From in different ways, so the sender is not verified",
    SenderDoubt.NAME_SHOWS_ANOTHER_ADDRESS: "the sender's name shows another address than the mail came from",
    SenderDoubt.ANSWERS_ELSEWHERE: "the mail wants its answer at another address than it came from",
    SenderDoubt.FORWARDED: "a colleague forwarded it, so its sender is not verified",
    SenderDoubt.COLLEAGUE: "a colleague wrote it, and forwarded no mail",
    SenderDoubt.FORM_WITHOUT_ADDRESS: "a contact form sent it and names no address to answer to",
}

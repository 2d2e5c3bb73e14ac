"""The address of a requester, and how far the one that a mail claims may be relied on."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

# One plain ASCII address: no display name, no list, no quoted part, nothing that SMTP or a header could read as more.
_ADDRESS = r"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*$"

MailAddress = Annotated[str, Field(pattern=_ADDRESS, max_length=320)]


class SenderDoubt(StrEnum):
    """Why a requester's address may not be the one that the mail servers checked."""

    SEVERAL_FROM_FIELDS = "several_from_fields"
    SEVERAL_MAILBOXES = "several_mailboxes"
    NO_ADDRESS = "no_address"
    READ_DIFFERENTLY = "read_differently"
    NAME_SHOWS_ANOTHER_ADDRESS = "name_shows_another_address"

    @property
    def in_words(self) -> str:
        """Return the doubt as people read it."""
        return _IN_WORDS[self]

    @property
    def is_unverified(self) -> bool:
        """Check whether SPF and DMARC may have checked another address than this one."""
        return self is not SenderDoubt.NAME_SHOWS_ANOTHER_ADDRESS


_IN_WORDS = {
    SenderDoubt.SEVERAL_FROM_FIELDS: "the mail has several From fields, so its sender is not verified",
    SenderDoubt.SEVERAL_MAILBOXES: "From names several mailboxes, so the sender is not verified",
    SenderDoubt.NO_ADDRESS: "From has no address, so the sender is not verified",
    SenderDoubt.READ_DIFFERENTLY: "mail programs may read From in different ways, so the sender is not verified",
    SenderDoubt.NAME_SHOWS_ANOTHER_ADDRESS: "the sender's name shows another address than the mail came from",
}

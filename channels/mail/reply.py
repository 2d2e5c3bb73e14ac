"""The parameters, facts and policy of the action send_reply."""

from typing import Literal, Protocol

from pydantic import Field

from dispatch.guard.contract import AddressBookName
from dispatch.models.contract import Contract
from dispatch.models.request.submission import DocumentRef
from dispatch.models.work.finding import MOST_ATTACHED


class MailParameters(Contract):
    """A mail to the requester. Subjects: 'reply', 'question-<n>', 'question-<n>-reminder-<m>', 'notice'."""

    recipient: str = Field(min_length=3, max_length=320)
    subject: str = Field(max_length=998)
    text: str = Field(min_length=1, max_length=100_000)
    in_reply_to: str | None = None
    purpose: Literal["reply", "question", "reminder", "notice"]
    sender: str | None = Field(default=None, description="None: the mail server's own")
    attachments: tuple[DocumentRef, ...] = Field(
        default=(), max_length=MOST_ATTACHED, description="documents of the store that go with it"
    )


class MailGuardFacts(Contract):
    """The facts about the requester's addresses and the links in the text."""

    addresses: tuple[str, ...] = Field(default=(), description="on record for the requester")
    own_links: tuple[str, ...] = Field(
        default=(), description="links in the mail that open the answer page of this very request"
    )


class MailPolicy(Contract):
    """Its policy in a playbook, under guardian.actions.send_reply.policy."""

    link_hosts: tuple[str, ...] = Field(default=(), description="hosts that a mail may link to")
    desk_addresses: tuple[str, ...] = Field(
        default=(), description="mail addresses of the desk's own, which a mail may name"
    )
    address_book: AddressBookName | None = Field(
        default=None,
        description="the system that knows addresses on record (see AddressBook); without one nothing personal is "
        "mailed",
    )


class AddressBook(Protocol):
    """A system of records with people's mail addresses."""

    async def addresses_of(self, address: str) -> tuple[str, ...]:
        """Return every address on record of the person with this one; () for nobody."""

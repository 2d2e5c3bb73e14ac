"""Finds the requests that a mail answers, by Message-ID or by the tag of its recipient address."""

from collections.abc import Iterator
from email.message import EmailMessage
from typing import Final

from channels.mail.header.from_field import read_mailbox
from channels.mail.identity import own_ids, request_named_by, request_tagged_in
from dispatch.models.request.automatic import AutomaticMail
from dispatch.models.request.submission import MOST_THREADS

# A mail's recipients, as its sender, forwarding servers and the delivery wrote them.
_ADDRESSED: Final = ("to", "delivered-to", "x-original-to", "envelope-to", "cc")
_MOST_ADDRESSES: Final = 20


def thread_of(
    message: EmailMessage, automatic: AutomaticMail | None, own_addresses: tuple[str, ...]
) -> tuple[str, ...]:
    """Return the ids of the requests that a mail answers, the likeliest first, at most five.

    In-Reply-To before the latest of References (RFC 5322, section 3.6.4), then the tags of our addresses; of a report
    the mail that it returns before all.
    """
    found: dict[str, None] = {}
    if automatic is not None and automatic.our_message_id:
        found |= dict.fromkeys(_named(automatic.our_message_id))
    found |= dict.fromkeys(_named(_field(message, "in-reply-to")))
    found |= dict.fromkeys(reversed(tuple(_named(_field(message, "references")))))
    found |= dict.fromkeys(_tagged(message, own_addresses))
    return tuple(found)[:MOST_THREADS]


def _named(text: str) -> Iterator[str]:
    for own_id in own_ids(text):
        if request_id := request_named_by(own_id):
            yield request_id


def _tagged(message: EmailMessage, own_addresses: tuple[str, ...]) -> Iterator[str]:
    for name in _ADDRESSED:
        for part in _field(message, name).split(",")[:_MOST_ADDRESSES]:
            if "+" in part and (request_id := request_tagged_in(read_mailbox(part).address, own_addresses)):
                yield request_id


def _field(message: EmailMessage, name: str) -> str:
    return " ".join(str(value) for field, value in message.raw_items() if field.lower() == name)

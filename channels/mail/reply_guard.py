"""The hard rules for every mail: its recipient, its links, and the data that it must not contain."""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from pydantic import TypeAdapter, ValidationError

from channels.mail.reply import MailGuardFacts, MailParameters, MailPolicy
from dispatch.guard.contract import GuardContext, TextProblem
from dispatch.guard.risk import Inspection
from dispatch.models.request.requester import MailAddress
from dispatch.models.work.guardian import Reason
from dispatch.text.links import foreign_links
from dispatch.text.sensitive_data import bank_accounts, card_numbers, foreign_addresses
from dispatch.text.unicode_spoofing import same_address, turns_direction

_ADDRESS: Final[TypeAdapter[str]] = TypeAdapter(MailAddress)
_MAX_NAMED = 100
MOST_ATTACHED_BYTES: Final = 10_000_000
"""Of all documents of one mail: many mail servers refuse one of more than some 20 MB, and base64 makes a third more of it."""


def inspect_reply(mail: MailParameters, facts: MailGuardFacts, context: GuardContext) -> Inspection:
    """Check a mail by the rules; only the requester may receive it.

    A mail that rests on personal evidence, such as records, goes to an address on record, since a sender's own claim to
    an address proves nothing. To a requester who is on no record, nothing from records goes. Evidence whose source is
    unknown counts as personal, and so does evidence that no finding holds.
    """
    own = facts.addresses
    blocks = (
        *_recipient(mail, context, own),
        *_headers(mail),
        *_attached(mail),
        *_content(f"{mail.subject}\n{_left_to_inspect(mail, facts, context)}", context, own),
    )
    return Inspection(blocks=blocks)


def _recipient(mail: MailParameters, context: GuardContext, own: tuple[str, ...]) -> list[Reason]:
    on_record = any(same_address(mail.recipient, address) for address in own)
    blocks = []
    try:
        _ADDRESS.validate_python(mail.recipient)
    except ValidationError:
        text = "the recipient is not one plain mail address"
        blocks.append(Reason(rule="reply.recipient_form", text=text))
    if not on_record and not same_address(mail.recipient, context.requester.address):
        text = "the recipient is neither the requester nor an address on record for them"
        blocks.append(Reason(rule="reply.recipient", text=text))
    if context.bound.action.rests_on_personal_evidence and not on_record:
        text = "it tells what records hold, and the recipient is on no record of the requester"
        blocks.append(Reason(rule="reply.records", text=text))
    return blocks


def _headers(mail: MailParameters) -> list[Reason]:
    broken = [
        name
        for name, value in (("subject", mail.subject), ("in_reply_to", mail.in_reply_to or ""))
        if not value.isprintable()
    ]
    text = f"{' and '.join(broken)} holds control characters, which a header must not"
    return [Reason(rule="reply.header", text=text)] if broken else []


def _attached(mail: MailParameters) -> list[Reason]:
    size = sum(document.size_bytes for document in mail.attachments)
    if size <= MOST_ATTACHED_BYTES:
        return []
    text = f"its attachments have {size} bytes together, and a mail carries {MOST_ATTACHED_BYTES} at most"
    return [Reason(rule="reply.attachments", text=text)]


def _left_to_inspect(mail: MailParameters, facts: MailGuardFacts, context: GuardContext) -> str:
    """Remove what the guardians of other desks have allowed to this requester, word for word; their policies are not this one's."""
    text = _without_own_links(mail, facts)
    for inspected in sorted(context.inspected, key=len, reverse=True):
        if inspected.strip():
            text = text.replace(inspected.strip(), " ")
    return text


def _without_own_links(mail: MailParameters, facts: MailGuardFacts) -> str:
    """Remove the desk's own link: only the exact whole link, and only in a question."""
    if mail.purpose not in {"question", "reminder"}:
        return mail.text
    text = mail.text
    for link in facts.own_links:
        text = re.sub(rf"(?<!\S){re.escape(link)}(?!\S)", " ", text)
    return text


def _content(text: str, context: GuardContext, own: tuple[str, ...]) -> list[Reason]:
    policy: MailPolicy = context.policy
    blocks = []
    if turns_direction(text):
        why = "it holds characters that turn the writing direction, so it reads otherwise than it is"
        blocks.append(Reason(rule="reply.direction", text=why))
    if links := foreign_links(text, policy.link_hosts):
        why = f"it leads to {_named(links)}, which the playbook does not list"
        blocks.append(Reason(rule="reply.links", text=why))
    if foreign_addresses(text, (context.requester.address, *own, *policy.desk_addresses)):
        # Not named: the address itself may be what must not be disclosed.
        why = "it names a mail address that is neither the requester's nor the desk's"
        blocks.append(Reason(rule="reply.addresses", text=why))
    if card_numbers(text):
        blocks.append(Reason(rule="reply.card", text="it holds a payment card number"))
    if bank_accounts(text):
        blocks.append(Reason(rule="reply.iban", text="it holds a bank account number (IBAN)"))
    return blocks


def _named(links: tuple[str, ...]) -> str:
    names = ", ".join(links)
    return names if len(names) <= _MAX_NAMED else names[: _MAX_NAMED - 1] + "…"


def texts_that_link_elsewhere(policy: MailPolicy, texts: Mapping[str, str]) -> Iterator[TextProblem]:
    """Yield the standing texts of a playbook with a link to a host that the policy does not list."""
    for path, text in texts.items():
        if links := foreign_links(text, policy.link_hosts):
            yield TextProblem(
                path,
                f"it leads to {links[0]!r}, which the policy's link_hosts do not list",
                "Add the host to link_hosts, or remove the link; the guardian would block the mail.",
            )

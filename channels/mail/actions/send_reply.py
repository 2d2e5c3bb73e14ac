"""Sends one mail to the requester."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import ClassVar

from pydantic import JsonValue

from activities.contracts import FactsContext, System, Systems
from activities.failures import reconciling
from activities.permits import Permits
from channels.mail.identity import message_id, text_digest
from channels.mail.models import ArchivedMail, MailAttachment, OutgoingMail
from channels.mail.reply import AddressBook, MailGuardFacts, MailParameters, MailPolicy
from channels.mail.reply_guard import inspect_reply, texts_that_link_elsewhere
from channels.mail.systems.mail_archive import MailArchive
from channels.mail.systems.mail_server import MailServer
from dispatch.guard.contract import ActionDefaults, GuardContext, Sending, TextProblem
from dispatch.guard.risk import Inspection
from dispatch.http import bounded
from dispatch.models.contract import Contract
from dispatch.models.errors import DispatchError, RefusedError
from dispatch.models.request.submission import DocumentRef
from dispatch.models.work.execution import ActionCommand, CompensationCommand, Receipt
from dispatch.models.work.proposal import BoundAction
from dispatch.models.work.verification import Observation
from dispatch.storage.document_reader import Documents
from dispatch.text.unicode_spoofing import same_address


class SendReply(ActionDefaults):
    """Sends the mail of a bound action, at most once as far as mail allows.

    SMTP honours no idempotency key. The Message-ID is made from the key, so it is the same in every attempt, and
    each attempt first asks the mail system's archive for it: at most one effect for each idempotency key where the
    archive shows what was accepted, otherwise reconciled by the verifier, who counts deliveries. No attempt sends
    before the archive has answered; an archive that lags behind the mail server is the gap that remains.
    A mail cannot be called back.
    """

    uses: ClassVar[tuple[type[System], ...]] = (MailServer, MailArchive)
    title: ClassVar[str] = "Reply by mail"
    Parameters: ClassVar[type[Contract]] = MailParameters
    Facts: ClassVar[type[Contract]] = MailGuardFacts
    Policy: ClassVar[type[Contract]] = MailPolicy

    def __init__(self, systems: Systems) -> None:
        self._server, self._archive = systems.get(MailServer), systems.get(MailArchive)
        self._permits = systems.get(Permits)
        self._systems = systems

    @staticmethod
    async def facts(systems: Systems, context: FactsContext) -> MailGuardFacts:
        """Read the requester's addresses on record, where the policy names who keeps them."""
        policy: MailPolicy = context.policy
        address = context.requester.address
        # A mail may have no readable sender; then no record is looked up.
        known = policy.address_book is not None and bool(address.strip())
        desk = context.bound.playbook.desk
        book: AddressBook | None = systems.named(policy.address_book or "", desk) if known else None
        return MailGuardFacts(
            addresses=await book.addresses_of(address) if book is not None else (),
            own_links=context.own_links(context.parameters.text),
        )

    @staticmethod
    def guard(parameters: MailParameters, facts: MailGuardFacts, context: GuardContext) -> Inspection:
        """Check it by the rules of channels/mail/reply_guard.py."""
        return inspect_reply(parameters, facts, context)

    @staticmethod
    def sends(parameters: MailParameters) -> Sending:
        """Allow questions and notices to a sender in doubt."""
        return Sending(parameters.recipient, parameters.purpose in {"question", "reminder", "notice"})

    @staticmethod
    def expected(parameters: MailParameters) -> dict[str, JsonValue]:
        """Return the expected archive entry: one delivery of this text to this address."""
        wanted: dict[str, JsonValue] = {
            "recipient": parameters.recipient,
            "text_sha256": text_digest(parameters.text),
            "effects": 1,
        }
        if parameters.attachments:
            wanted["attachments"] = [document.sha256 for document in parameters.attachments]
        return wanted

    @staticmethod
    def same(name: str, expected: JsonValue, seen: JsonValue) -> bool:
        """Compare addresses as mail systems do."""
        if name == "recipient" and isinstance(expected, str) and isinstance(seen, str):
            return same_address(expected, seen)
        return ActionDefaults.same(name, expected, seen)

    @staticmethod
    def check_texts(policy: MailPolicy, texts: Mapping[str, str]) -> Iterator[TextProblem]:
        """Find links in standing texts that the guard would block."""
        return texts_that_link_elsewhere(policy, texts)

    async def perform(self, order: ActionCommand) -> Receipt:
        """Send the mail unless it is already in the archive.

        Raises Refused ('not_permitted', 'conflict': another mail has this Message-ID, or the mail server's refusal as
        'smtp_<code>'), Unavailable (this attempt sent nothing), OutcomeUnknown (the connection was lost, or an earlier
        attempt may have sent and the archive does not answer; the next attempt reconciles) and pydantic's ValidationError
        for parameters that are no mail.
        """
        mail = MailParameters.model_validate(order.bound.action.parameters)
        attached = [await self._attachment(document) for document in mail.attachments]
        outgoing = _outgoing(mail, order.bound, self._server, tuple(attached))
        with reconciling():
            sent_before = await self._archive.find(outgoing.message_id)
        if sent_before is None:
            # Not before the look: an authorization that expired after the mail was sent would hide that it was sent.
            self._permits.require(order)
            await self._server.send(outgoing)
        elif not _is_same(sent_before, mail):
            text = f"another mail was sent under {order.bound.idempotency_key}; not sent again"
            raise RefusedError(text, "conflict")
        return Receipt(
            handoff=order.handoff,
            action=order.bound.action.name,
            idempotency_key=order.bound.idempotency_key,
            effect_id=outgoing.message_id,
            facts={"recipient": mail.recipient, "text_sha256": text_digest(mail.text)},
            at=datetime.now(UTC) if sent_before is None else sent_before.received_at,
            reconciled=sent_before is not None,
        )

    async def _attachment(self, document: DocumentRef) -> MailAttachment:
        try:
            data = await self._systems.get(Documents).read(document)
        except DispatchError as error:
            raise RefusedError(bounded(f"an attachment is not there: {error}"), "no_document") from None
        return MailAttachment(name=document.name, media_type=document.media_type, data=data)

    async def compensate(self, order: CompensationCommand) -> Receipt:
        """Refuse: raises Refused('not_compensable')."""
        text = f"a mail that was sent cannot be called back ({order.receipt.effect_id})"
        raise RefusedError(text, "not_compensable")

    @staticmethod
    async def read_back(systems: Systems, bound: BoundAction) -> Observation:
        """Read the archive's deliveries under the key's Message-ID.

        Facts: recipient, subject, text_sha256 and the attachments' digests of the first delivery, and `effects`, the
        number of deliveries.
        Raises Unavailable or Refused if the archive cannot be read.
        """
        reference = message_id(bound.idempotency_key)
        deliveries = await systems.get(MailArchive).deliveries(reference)
        if not deliveries:
            return Observation(found=False, reference=reference)
        first = deliveries[0]
        return Observation(
            found=True,
            reference=reference,
            facts={
                "recipient": first.recipient,
                "subject": first.subject,
                "text_sha256": text_digest(first.text),
                "effects": len(deliveries),
                **({"attachments": [one.sha256 for one in first.attachments]} if first.attachments else {}),
            },
        )


def _outgoing(
    mail: MailParameters, bound: BoundAction, server: MailServer, attachments: tuple[MailAttachment, ...]
) -> OutgoingMail:
    sender = mail.sender or server.sender
    return OutgoingMail(
        message_id=message_id(bound.idempotency_key),
        sender=sender,
        reply_to=server.reply_to(bound.request_id, sender),
        recipient=mail.recipient,
        subject=mail.subject,
        text=mail.text,
        in_reply_to=mail.in_reply_to,
        references=(mail.in_reply_to,) if mail.in_reply_to else (),
        attachments=attachments,
    )


def _is_same(archived: ArchivedMail, mail: MailParameters) -> bool:
    attached = [one.sha256 for one in archived.attachments]
    return (
        same_address(archived.recipient, mail.recipient)
        and text_digest(archived.text) == text_digest(mail.text)
        and attached == [document.sha256 for document in mail.attachments]
    )

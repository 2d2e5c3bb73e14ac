"""send_reply against the embedded mail sink: one mail for one key, as far as mail allows."""

from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest
from pydantic import ValidationError

from activities.contracts import Systems
from channels.mail.actions.send_reply import SendReply
from channels.mail.identity import message_id, text_digest
from channels.mail.models import OutgoingMail
from channels.mail.reply import MailParameters
from channels.mail.systems.mail_server import MailServer
from dispatch.models.errors import OutcomeUnknownError, RefusedError, UnavailableError
from dispatch.models.work.execution import CompensationCommand
from dispatch.models.work.guardian import GuardDecision
from dispatch.models.work.proposal import BoundAction
from dispatch.storage.document_reader import Documents
from dispatch.storage.documents import DocumentStore
from tests.activities.at_work import ANNA, after_unknown, annas_reply, attempt, authorization, refusal_of
from tests.bound import HANDOFF, order, reply
from tests.servers import MailSinkService

BOUND = annas_reply()
MESSAGE_ID = message_id(BOUND.idempotency_key)


@pytest.fixture
def action(acting: Systems) -> SendReply:
    return SendReply(acting)


async def test_a_mail_goes_out_as_it_was_bound(action: SendReply, mail_sink: MailSinkService) -> None:
    """Recipient, subject and text are the action's; the id is the key's; it is threaded and marked as automatic."""
    receipt = await attempt(1, action.perform, authorization(BOUND))
    [row] = mail_sink.messages()
    mail = message_from_bytes(row["raw"], policy=default)
    assert (mail["To"], mail["From"], mail["Subject"]) == (
        ANNA.address,
        "support@desk.example",
        "Re: my order",
    )
    assert mail["Message-ID"] == receipt.effect_id == MESSAGE_ID
    assert mail["In-Reply-To"] == mail["References"] == "<1@example.org>"
    assert mail["Auto-Submitted"] == "auto-replied"
    assert mail.get_content().replace("\r\n", "\n") == BOUND.action.parameters["text"]
    assert (receipt.reconciled, receipt.facts["recipient"]) == (False, ANNA.address)
    assert receipt.facts["text_sha256"] == text_digest(mail.get_content())


async def test_a_mail_that_was_taken_and_not_answered_for_is_not_sent_again(
    action: SendReply, mail_sink: MailSinkService
) -> None:
    """The server took the mail and the line broke: the next attempt finds it in the archive, and there is one."""
    await mail_sink.arm("SMTP DATA", "drop_after_commit")
    receipt = await after_unknown(action.perform, authorization(BOUND))
    assert (receipt.reconciled, receipt.effect_id) == (True, MESSAGE_ID)
    assert len(mail_sink.messages()) == 1


async def test_a_mail_that_was_lost_is_sent_by_the_next_attempt(
    action: SendReply, mail_sink: MailSinkService
) -> None:
    """The line broke before the server kept the mail: the archive does not have it, and it is sent."""
    await mail_sink.arm("SMTP DATA", "drop_before_commit")
    receipt = await after_unknown(action.perform, authorization(BOUND))
    assert not receipt.reconciled
    assert len(mail_sink.messages()) == 1


async def test_nothing_is_sent_before_the_archive_answers(
    action: SendReply, mail_sink: MailSinkService
) -> None:
    """After an unknown outcome an archive that is down leaves it unknown; no second mail goes out meanwhile."""
    await mail_sink.arm("SMTP DATA", "drop_after_commit")
    with pytest.raises(OutcomeUnknownError):
        await attempt(1, action.perform, authorization(BOUND))
    await mail_sink.arm("GET /messages", "status", times=2)
    for number in (2, 3):
        with pytest.raises(OutcomeUnknownError, match="an earlier attempt may have acted"):
            await attempt(number, action.perform, authorization(BOUND))
    assert (await attempt(4, action.perform, authorization(BOUND))).reconciled
    assert len(mail_sink.messages()) == 1


async def test_a_first_attempt_without_the_archive_did_nothing(
    action: SendReply, mail_sink: MailSinkService
) -> None:
    """Before anything was tried an archive that is down is merely unavailable."""
    await mail_sink.arm("GET /messages", "status", retry_after=7)
    with pytest.raises(UnavailableError) as unavailable:
        await attempt(1, action.perform, authorization(BOUND))
    assert unavailable.value.retry_after_seconds == 7
    assert mail_sink.messages() == []


@pytest.mark.parametrize("change", [{"text": "Another text"}, {"recipient": "bob@mail.example"}])
async def test_another_mail_under_the_key_is_a_conflict(
    action: SendReply, mail_sink: MailSinkService, change: dict[str, str]
) -> None:
    """The key names one mail: another text or recipient under it is refused, and the first stays alone."""
    await attempt(1, action.perform, authorization(BOUND))
    assert await refusal_of(action.perform, authorization(annas_reply(**change))) == "conflict"
    assert len(mail_sink.messages()) == 1


async def test_line_ends_make_no_other_mail(action: SendReply, mail_sink: MailSinkService) -> None:
    """What SMTP does to line ends is not taken for another text."""
    bound = annas_reply(text="one\r\ntwo\r\n\r\n")
    await attempt(1, action.perform, authorization(bound))
    assert (await attempt(2, action.perform, authorization(bound))).reconciled
    assert len(mail_sink.messages()) == 1


async def test_what_the_mail_server_refuses_is_final(action: SendReply, mail_sink: MailSinkService) -> None:
    """A 550 is a refusal in the server's own code; a 4xx is unavailable, to be tried again."""
    assert (
        await refusal_of(action.perform, authorization(annas_reply(recipient="nobody@bounces.example")))
        == "smtp_550"
    )
    await mail_sink.arm("SMTP DATA", "status", status=451)
    with pytest.raises(UnavailableError):
        await attempt(1, action.perform, authorization(BOUND))
    assert mail_sink.messages() == []


async def test_without_leave_nothing_is_sent(action: SendReply, mail_sink: MailSinkService) -> None:
    """A blocked order, and one whose text was changed after it was bound, are refused before the mail server is met."""
    changed = BOUND.model_copy(update={"action": annas_reply(text="Pay me").action})
    for without_leave in (order(BOUND, GuardDecision.BLOCK), order(changed)):
        assert await refusal_of(action.perform, without_leave) == "not_permitted"
    assert mail_sink.messages() == []


@pytest.mark.parametrize(
    "change", [{"subject": "x\r\nBcc: a@b.example"}, {"recipient": "a@b.example, c@d.example"}, {"text": ""}]
)
async def test_what_is_no_mail_is_refused_before_anything(
    action: SendReply, mail_sink: MailSinkService, change: dict[str, str]
) -> None:
    """A header in a header, two recipients and an empty text never reach the mail server."""
    with pytest.raises(ValidationError):
        await attempt(1, action.perform, authorization(annas_reply(**change)))
    assert mail_sink.messages() == []


async def test_a_mail_cannot_be_called_back(action: SendReply) -> None:
    """Compensation is refused, so that nobody believes it happened."""
    receipt = await attempt(1, action.perform, authorization(BOUND))
    with pytest.raises(RefusedError) as refused:
        await action.compensate(CompensationCommand(handoff=HANDOFF, bound=BOUND, receipt=receipt))
    assert (refused.value.code, SendReply.compensable) == ("not_compensable", False)


async def test_reading_back_counts_deliveries(action: SendReply, acting: Systems, reading: Systems) -> None:
    """Not there, then there as sent, then there twice when somebody sent it again past the archive."""
    nothing = await SendReply.read_back(reading, BOUND)
    assert (nothing.found, nothing.reference) == (False, MESSAGE_ID)
    receipt = await attempt(1, action.perform, authorization(BOUND))
    sent = await SendReply.read_back(reading, BOUND)
    assert (sent.found, sent.reference) == (True, MESSAGE_ID)
    assert sent.facts == {**receipt.facts, "subject": "Re: my order", "effects": 1}
    again = OutgoingMail(
        message_id=MESSAGE_ID, sender="support@desk.example", recipient=ANNA.address, subject="x", text="x"
    )
    await acting.get(MailServer).send(again)
    assert (await SendReply.read_back(reading, BOUND)).facts["effects"] == 2


def test_the_message_id_is_the_key_s_and_nothing_else_s() -> None:
    """Another proposal, text or sender gives the same id; another request or purpose another one."""
    assert message_id(annas_reply(text="new").idempotency_key) == MESSAGE_ID
    assert message_id(reply(purpose="question").idempotency_key) != MESSAGE_ID
    assert MESSAGE_ID.startswith("<")
    assert MESSAGE_ID.endswith("@dispatch-desk.invalid>")
    assert len(f"Message-ID: {MESSAGE_ID}") <= 78


@pytest.fixture
def documents(tmp_path: Path) -> DocumentStore:
    return DocumentStore(tmp_path / "documents")


def attached(documents: DocumentStore, *contents: tuple[str, str, bytes]) -> BoundAction:
    """Return the reply with documents, each a name, a media type and its bytes."""
    refs = [documents.put(data, kind, name) for name, kind, data in contents]
    return annas_reply(attachments=[ref.model_dump(mode="json") for ref in refs])


async def test_documents_go_out_with_the_mail_and_are_read_back(
    acting: Systems, mail_sink: MailSinkService, documents: DocumentStore
) -> None:
    """Each arrives byte for byte under its name, whatever it is; the archive tells their digests, as they are expected."""
    bound = attached(
        documents,
        ("Überblick.md", "text/markdown", "# Größe\r\n".encode()),
        ("../../etc/x.bin", "nothing; at=all\r\nX-Evil: 1", bytes(range(256))),
        ("mail.eml", "message/rfc822", b"From: a@example.org\r\n\r\n\r\nFrom here\r\n.\r\n"),
    )
    systems = acting.beside(Documents(documents))
    await attempt(1, SendReply(systems).perform, authorization(bound))
    [row] = mail_sink.messages()
    mail = message_from_bytes(row["raw"], policy=default)
    parts = list(mail.iter_attachments())
    assert [(part.get_filename(), part.get_content_type()) for part in parts] == [
        ("Überblick.md", "text/markdown"),
        ("x.bin", "application/octet-stream"),
        ("mail.eml", "application/octet-stream"),
    ]
    assert parts[1].get_payload(decode=True) == bytes(range(256))
    assert mail["X-Evil"] is None
    body = mail.get_body(("plain",))
    assert body is not None
    assert text_digest(body.get_content()) == text_digest(str(bound.action.parameters["text"]))
    seen = await SendReply.read_back(systems, bound)
    wanted = SendReply.expected(MailParameters.model_validate(bound.action.parameters))
    assert wanted["attachments"]
    assert {name: seen.facts[name] for name in wanted} == wanted
    assert (await attempt(2, SendReply(systems).perform, authorization(bound))).reconciled


async def test_another_document_under_the_key_is_a_conflict(
    acting: Systems, mail_sink: MailSinkService, documents: DocumentStore
) -> None:
    """The same text with another document is another mail: it is refused, and the first stays alone."""
    systems = acting.beside(Documents(documents))
    await attempt(
        1, SendReply(systems).perform, authorization(attached(documents, ("a", "text/plain", b"a")))
    )
    other = authorization(attached(documents, ("a", "text/plain", b"b")))
    assert await refusal_of(SendReply(systems).perform, other) == "conflict"
    assert len(mail_sink.messages()) == 1


async def test_a_document_that_is_lost_sends_no_mail(
    acting: Systems, mail_sink: MailSinkService, documents: DocumentStore, tmp_path: Path
) -> None:
    """A mail without what it announces would be another mail: nothing goes out, and the reason is said."""
    bound = attached(documents, ("a", "text/plain", b"a"))
    systems = acting.beside(Documents(DocumentStore(tmp_path / "empty")))
    assert await refusal_of(SendReply(systems).perform, authorization(bound)) == "no_document"
    assert mail_sink.messages() == []

"""Notices to approvers, as mails."""

from pydantic import ValidationError

from activities.contracts import Systems
from activities.failures import reconciling
from channels.mail.identity import message_id
from channels.mail.models import OutgoingMail
from channels.mail.systems.mail_archive import MailArchive
from channels.mail.systems.mail_server import MailServer
from dispatch.models.errors import RefusedError
from dispatch.models.people.notification import Notice
from dispatch.notifications.approver_mail import plain_text
from dispatch.notifications.html import as_html


class MailNotices:
    """Sends each notice as a mail, plain and as HTML.

    As with every mail of the desk, the Message-ID is made from a key that is the same in every attempt, and each attempt
    first searches the mail system's archive for it.
    """

    def __init__(self, systems: Systems) -> None:
        self._mail, self._archive = systems.get(MailServer), systems.get(MailArchive)

    async def send(self, notice: Notice, address: str, key: str) -> None:
        """Send the notice unless it is in the archive.

        Raises Refused, with the code `invalid_<part>` if no valid mail can be written, Unavailable or OutcomeUnknown.
        """
        try:
            mail = OutgoingMail(
                message_id=message_id(key),
                sender=self._mail.sender,
                recipient=address,
                subject=notice.subject,
                text=plain_text(notice),
                html=as_html(notice),
            )
        except ValidationError as error:
            wrong = error.errors()[0]["loc"][0]
            raise RefusedError(f"no such mail can be written: {wrong}", f"invalid_{wrong}") from None
        with reconciling():
            sent_before = await self._archive.find(mail.message_id)
        if sent_before is None:
            await self._mail.send(mail)

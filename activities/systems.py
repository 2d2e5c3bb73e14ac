"""Which clients a room is given: the desk may only read, the action workers alone may write."""

from dataclasses import dataclass

from activities.documents import Documents
from channels.mail.client import MailArchiveClient, MailClient
from desks.support.systems.payments import PaymentsClient
from desks.support.systems.records import RecordsClient
from dispatch.storage.approvers_file import ApproversFile


@dataclass(frozen=True)
class ReadClients:
    """What specialists, guardian and verifier hold."""

    records: RecordsClient
    archive: MailArchiveClient
    documents: Documents


@dataclass(frozen=True)
class ActionClients:
    """What actions hold; built only in a worker that listens on the action queue."""

    payments: PaymentsClient
    mail: MailClient
    archive: MailArchiveClient
    mail_from: str
    approvers: ApproversFile

"""Which clients a room is given: the desk may only read, the action workers alone may write."""

from dataclasses import dataclass

from dispatch.clients.approvers import ApproversFile
from dispatch.clients.mail import MailArchiveClient, MailClient
from dispatch.clients.payments import PaymentsClient
from dispatch.clients.records import RecordsClient


@dataclass(frozen=True)
class ReadClients:
    """What specialists, guardian and verifier hold."""

    records: RecordsClient
    archive: MailArchiveClient


@dataclass(frozen=True)
class ActionClients:
    """What actions hold; built only in a worker that listens on the action queue."""

    payments: PaymentsClient
    mail: MailClient
    archive: MailArchiveClient
    mail_from: str
    approvers: ApproversFile

"""The hourly quota of automatic mails to one address: asks, answers and reservations."""

from datetime import timedelta
from typing import Final

from pydantic import Field

from dispatch.models.contract import Contract, Moment

MAIL_QUOTA: Final = "MailQuota"
"""The workflow that counts; activities know it by its name, for they import no workflow."""

RESERVE: Final = "reserve"
"""Its update."""

WINDOW: Final = timedelta(hours=1)

SHARDS: Final = 16
"""The number of workflows among which the addresses are divided; each handles many reservations in one task."""


class MailReservation(Contract):
    """One mail that will be sent without a person's decision; it includes the current limit of the settings."""

    address: str = Field(
        pattern=r"^[0-9a-f]{64}$", description="digest of the address: no history of the quota names anybody"
    )
    key: str = Field(description="the mail's Message-ID: the same when asked again")
    limit: int = Field(ge=1)


class ReservedMail(Contract):
    address: str
    key: str
    at: Moment


class MailQuotaUsed(Contract):
    """The reservations within the window, oldest first."""

    reserved: tuple[ReservedMail, ...] = ()


class MailQuotaAnswer(Contract):
    """Granted or not, and how many mails the address has within the window, this one included where granted."""

    granted: bool
    used: int

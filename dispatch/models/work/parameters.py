"""The parameters of the actions there are; an action's digest covers every one of them."""

from typing import Literal

from pydantic import Field

from dispatch.models.contract import Contract


class SendReply(Contract):
    """A mail to the requester. Subjects: 'reply', 'question-<n>', 'question-<n>-reminder-<m>', 'notice'."""

    recipient: str = Field(min_length=3, max_length=320)
    subject: str = Field(max_length=998)
    text: str = Field(min_length=1, max_length=100_000)
    in_reply_to: str | None = None
    purpose: Literal["reply", "question", "reminder", "notice"]


class IssueRefund(Contract):
    """Money back on one payment. Subject: 'payment <payment_id>'."""

    payment_id: str
    order_number: str
    customer_id: str
    amount_minor: int = Field(gt=0, description="in the currency's minor unit")
    currency: str = Field(pattern=r"^[A-Z]{3}$")
    reason: str = Field(max_length=500)

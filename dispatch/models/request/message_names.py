"""The names of the messages and queries of a request: declared once, for the handlers, for callers and for the audit."""

from enum import StrEnum


class MessageName(StrEnum):
    """A signal or update that changes a request or a follow-up."""

    DECIDE = "decide"
    ANSWER = "answer"
    EXTEND = "extend"
    WITHDRAW = "withdraw"
    ADD = "add"
    PART = "part"


class QueryName(StrEnum):
    """A query that a request and a follow-up answer."""

    STATUS = "status"
    TRAIL = "trail"
    DETAIL = "detail"


SENT_BY_REQUESTER = frozenset({MessageName.ANSWER, MessageName.WITHDRAW, MessageName.ADD})
"""Messages of the requester; every other one names the approver who sends it."""

"""What the publishing system answers."""

from dispatch.models.contract import Contract, Moment


class Publication(Contract):
    """One publication, as the system has it."""

    post_id: str
    channel: str
    title: str
    text: str
    form: str
    status: str
    created_at: Moment
    idempotency_key: str

"""The limit of automatic mails to one address an hour, as a pure rule over what was reserved."""

import hashlib

from dispatch.models.contract import Moment
from dispatch.models.work.mail_quota import (
    SHARDS,
    WINDOW,
    MailQuotaAnswer,
    MailQuotaUsed,
    MailReservation,
    ReservedMail,
)


def reserve(used: MailQuotaUsed, ask: MailReservation, now: Moment) -> tuple[MailQuotaAnswer, MailQuotaUsed]:
    """Return the answer to a reservation, and what is reserved then; the same mail asked again counts once."""
    current = within_window(used, now)
    mine = [one for one in current.reserved if one.address == ask.address]
    if any(one.key == ask.key for one in mine):
        return MailQuotaAnswer(granted=True, used=len(mine)), current
    if len(mine) >= ask.limit:
        return MailQuotaAnswer(granted=False, used=len(mine)), current
    after = (*current.reserved, ReservedMail(address=ask.address, key=ask.key, at=now))
    return MailQuotaAnswer(granted=True, used=len(mine) + 1), MailQuotaUsed(reserved=after)


def within_window(used: MailQuotaUsed, now: Moment) -> MailQuotaUsed:
    """Return what was reserved less than an hour before `now`."""
    return MailQuotaUsed(reserved=tuple(one for one in used.reserved if one.at > now - WINDOW))


def address_digest(address: str) -> str:
    """Return the digest under which an address is counted; case does not make another address of it."""
    return hashlib.sha256(address.strip().lower().encode()).hexdigest()


def quota_workflow_id(desk_task_queue: str, digest: str) -> str:
    """Name the workflow that counts for an address; desks on other task queues count apart."""
    return f"mail-quota-{desk_task_queue}-{int(digest[:8], 16) % SHARDS}"

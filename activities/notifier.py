"""Writes to approvers: at once for each event, or once a day for those who prefer it."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from pydantic import ValidationError
from temporalio import activity
from temporalio.client import Client
from temporalio.common import SearchAttributeKey

from activities.failures import reconciling, translated
from dispatch.clients.toolbox import ActionClients
from dispatch.models.approvers import Approver, Approvers
from dispatch.models.errors import Refused
from dispatch.models.mail import OutgoingMail
from dispatch.models.notification import (
    DigestOrder,
    DigestReport,
    Notice,
    NotifyBrief,
    NotifyEvent,
    NotifyReport,
    Untold,
    WaitingRequest,
)
from dispatch.models.status import RequestState
from dispatch.notifications.html import as_html
from dispatch.rules.mail_identity import message_id
from dispatch.rules.notifications import (
    audience,
    digest_for,
    digest_key,
    notice_for,
    notice_key,
    owners_of,
    plain_text,
    told_before,
)

MOST_RANKED: Final = 1000
"""Requests of one person that are read to find the most urgent."""

_WITH_PEOPLE: Final = (
    RequestState.WAITING_FOR_APPROVAL,
    RequestState.WAITING_FOR_ROUTING,
    RequestState.ESCALATED,
)


class Notifier:
    """Tells the people of the approvers file; without that file nobody is told, and the report says so.

    As with send_reply the Message-ID is made from a key that is the same in every attempt, and the mail system's
    archive is asked for it first: at most one mail for each request, gate, event and approver, and one digest a day.
    """

    def __init__(self, clients: ActionClients, temporal: Client, inbox_url: str) -> None:
        self._mail, self._archive, self._sender = clients.mail, clients.archive, clients.mail_from
        self._approvers, self._temporal, self._inbox_url = clients.approvers, temporal, inbox_url

    @activity.defn(name="notify_approvers")
    async def notify(self, brief: NotifyBrief) -> NotifyReport:
        """Tell those whom the event concerns and who want each event at once.

        An address that the mail server refuses is in the report. Raises ApplicationError (see activities/failures.py)
        where somebody may still be told by another attempt, or where the approvers file cannot be read.
        """
        with translated():
            approvers, at = self._approvers.read(), datetime.now(UTC)
            decided = brief.event is NotifyEvent.DECIDED
            people = told_before(approvers, brief) if decided else audience(approvers, brief.owner, at)
            notice = notice_for(brief, self._inbox_url)
            mails = {p.name: (p, notice_key(brief, p.name), notice) for p in people if p.notify == "each"}
            untold = await self._send(mails)
            return NotifyReport(
                handoff=brief.handoff,
                told=_but(mails, untold),
                left_to_digest=() if decided else tuple(p.name for p in people if p.notify == "daily"),
                want_none=() if decided else tuple(p.name for p in people if p.notify == "never"),
                untold=untold,
            )

    @activity.defn(name="send_digests")
    async def send_digests(self, order: DigestOrder) -> DigestReport:
        """Send what waits to each who wants one mail a day; to whom nothing waits, nothing is sent.

        Raises ApplicationError as `notify` does.
        """
        with translated():
            approvers, at = self._approvers.read(), datetime.now(UTC)
            mails: dict[str, tuple[Approver, str, Notice]] = {}
            idle: list[str] = []
            for person in approvers.approvers:
                if person.notify != "daily":
                    continue
                waiting, total = await self._waiting_for(person, approvers, at, order.task_queue)
                if not total:
                    idle.append(person.name)
                    continue
                notice = digest_for(waiting, total, self._inbox_url, order.day)
                mails[person.name] = (person, digest_key(order.day, person.name), notice)
            untold = await self._send(mails)
            return DigestReport(
                day=order.day, told=_but(mails, untold), nothing_waits=tuple(idle), untold=untold
            )

    async def _send(self, mails: Mapping[str, tuple[Approver, str, Notice]]) -> tuple[Untold, ...]:
        """Send all at once; one that fails for now does not keep the others, and fails the attempt after them."""
        done = await asyncio.gather(
            *(self._send_once(*mail) for mail in mails.values()), return_exceptions=True
        )
        for failure in done:
            if isinstance(failure, BaseException):
                raise failure
        return tuple(one for one in done if isinstance(one, Untold))

    async def _send_once(self, person: Approver, key: str, notice: Notice) -> Untold | None:
        """Send unless the archive has it; raises Unavailable or OutcomeUnknown."""
        if not person.addresses:
            return Untold(name=person.name, why="has no mail address")
        try:
            mail = OutgoingMail(
                message_id=message_id(key),
                sender=self._sender,
                recipient=person.addresses[0],
                subject=notice.subject,
                text=plain_text(notice),
                html=as_html(notice),
            )
        except ValidationError as error:
            return Untold(name=person.name, why=f"no such mail can be written: {error.errors()[0]['loc'][0]}")
        try:
            with reconciling():
                sent_before = await self._archive.find(mail.message_id)
            if sent_before is None:
                await self._mail.send(mail)
        except Refused as refusal:
            return Untold(name=person.name, why=f"refused ({refusal.code})")
        return None

    async def _waiting_for(
        self, person: Approver, approvers: Approvers, at: datetime, task_queue: str
    ) -> tuple[Sequence[WaitingRequest], int]:
        """List what waits for a person or a role of theirs, and how much it is; by Temporal's visibility alone."""
        owners = ", ".join(f"'{owner}'" for owner in owners_of(person, approvers, at))
        if not owners:
            return (), 0
        states = ", ".join(f"'{state}'" for state in _WITH_PEOPLE)
        query = (
            "WorkflowType IN ('Coordinator', 'FollowUp') AND ExecutionStatus = 'Running' "
            f"AND TaskQueue = '{task_queue}' AND RequestState IN ({states}) AND NextOwner IN ({owners})"
        )
        total = (await self._temporal.count_workflows(query)).count
        if not total:
            return (), 0
        listed = [
            WaitingRequest(
                request_id=found.id,
                desk=found.typed_search_attributes.get(SearchAttributeKey.for_keyword("Desk")) or "",
                state=found.typed_search_attributes.get(SearchAttributeKey.for_keyword("RequestState")) or "",
                owner=found.typed_search_attributes.get(SearchAttributeKey.for_keyword("NextOwner")) or "",
                due=found.typed_search_attributes.get(SearchAttributeKey.for_datetime("ReviewPoint")),
                priority=found.typed_search_attributes.get(SearchAttributeKey.for_int("RequestPriority")),
            )
            async for found in self._temporal.list_workflows(query, limit=MOST_RANKED, page_size=MOST_RANKED)
        ]
        return listed, max(total, len(listed))


def _but(mails: Mapping[str, object], untold: tuple[Untold, ...]) -> tuple[str, ...]:
    failed = {one.name for one in untold}
    return tuple(name for name in mails if name not in failed)

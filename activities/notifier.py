"""Writes to approvers: at once for each event, or once a day for those who prefer it."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from temporalio import activity
from temporalio.client import Client
from temporalio.common import SearchAttributeKey

from activities.contracts import NoticeChannel
from activities.failures import translated
from dispatch.models.errors import ClientError, RefusedError
from dispatch.models.people.approvers import Approver, Approvers
from dispatch.models.people.notification import (
    DigestInput,
    DigestReport,
    Notice,
    NotifyBrief,
    NotifyEvent,
    NotifyReport,
    Undelivered,
    WaitingRequest,
)
from dispatch.models.request.status import DECISION_STATES
from dispatch.notifications.approver_mail import (
    concerned,
    digest_for,
    digest_key,
    notice_for,
    notice_key,
    notified_before,
    owners_of,
)
from dispatch.storage.approvers_file import ApproversFile

MOST_RANKED: Final = 1000
"""Requests of one person that are read to find the most urgent."""


class Notifier:
    """Notifies the people of the approvers file; without that file nobody is notified, and the report states it.

    The key of each notice is the same in every attempt, and the channel sends once for a key: at most one mail for each
    request, gate, event and approver, and one digest a day.
    """

    def __init__(
        self, channel: NoticeChannel, approvers: ApproversFile, temporal: Client, inbox_url: str
    ) -> None:
        self._channel, self._approvers = channel, approvers
        self._temporal, self._inbox_url = temporal, inbox_url

    @activity.defn(name="notify_approvers")
    async def notify(self, brief: NotifyBrief) -> NotifyReport:
        """Notify those whom the event concerns and who want each event at once.

        An address that the mail server refuses is in the report, and so is, as `later`, one that could not be reached
        now: nobody's word waits for another's address. With `brief.only`, who was not reached before, it raises
        ApplicationError (see activities/failures.py) as long as none of them is; always where the approvers file
        cannot be read.
        """
        with translated():
            approvers, at = self._approvers.read(), datetime.now(UTC)
            decided = brief.event is NotifyEvent.DECIDED
            people = notified_before(approvers, brief) if decided else concerned(approvers, brief, at)
            notice = notice_for(brief, self._inbox_url)
            if brief.only:
                people = tuple(p for p in people if p.name in brief.only)
            mails = {p.name: (p, notice_key(brief, p.name), notice) for p in people if p.notify == "each"}
            undelivered, failures = await self._send(mails)
            notified = _but(mails, undelivered, failures)
            if brief.only and failures and not notified:
                raise next(iter(failures.values()))
            return NotifyReport(
                handoff=brief.handoff,
                notified=notified,
                left_to_digest=() if decided else tuple(p.name for p in people if p.notify == "daily"),
                want_none=() if decided else tuple(p.name for p in people if p.notify == "never"),
                undelivered=undelivered,
                later=tuple(
                    Undelivered(name=name, why=type(failure).__name__) for name, failure in failures.items()
                ),
            )

    @activity.defn(name="send_digests")
    async def send_digests(self, order: DigestInput) -> DigestReport:
        """Send what waits to each who wants one mail a day; to whom nothing waits, nothing is sent.

        Raises ApplicationError where somebody may still be reached by another attempt; the others have theirs by then.
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
            undelivered, failures = await self._send(mails)
            for failure in failures.values():
                raise failure
            return DigestReport(
                day=order.day,
                notified=_but(mails, undelivered),
                nothing_waits=tuple(idle),
                undelivered=undelivered,
            )

    async def _send(
        self, mails: Mapping[str, tuple[Approver, str, Notice]]
    ) -> tuple[tuple[Undelivered, ...], dict[str, ClientError]]:
        """Send all at once; returns who cannot be notified, and by name what failed for now, which keeps no other mail."""
        done = await asyncio.gather(
            *(self._send_once(*mail) for mail in mails.values()), return_exceptions=True
        )
        failures: dict[str, ClientError] = {}
        for name, failure in zip(mails, done, strict=True):
            if isinstance(failure, ClientError):
                failures[name] = failure
            elif isinstance(failure, BaseException):
                raise failure
        return tuple(one for one in done if isinstance(one, Undelivered)), failures

    async def _send_once(self, person: Approver, key: str, notice: Notice) -> Undelivered | None:
        """Send unless it was sent before; raises Unavailable or OutcomeUnknown."""
        if not person.addresses:
            return Undelivered(name=person.name, why="has no mail address")
        try:
            await self._channel.send(notice, person.addresses[0], key)
        except RefusedError as refusal:
            return Undelivered(name=person.name, why=f"refused ({refusal.code})")
        return None

    async def _waiting_for(
        self, person: Approver, approvers: Approvers, at: datetime, task_queue: str
    ) -> tuple[Sequence[WaitingRequest], int]:
        """List what waits for a person or a role of theirs, and how much it is; by Temporal's visibility alone."""
        owners = ", ".join(f"'{owner}'" for owner in owners_of(person, approvers, at))
        if not owners:
            return (), 0
        states = ", ".join(f"'{state}'" for state in DECISION_STATES)
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


def _but(
    mails: Mapping[str, object], undelivered: tuple[Undelivered, ...], failures: Iterable[str] = ()
) -> tuple[str, ...]:
    failed = {one.name for one in undelivered} | set(failures)
    return tuple(name for name in mails if name not in failed)

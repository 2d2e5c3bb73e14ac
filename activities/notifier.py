"""Notifies approvers: immediately for each event, or once a day for those who prefer that."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from temporalio import activity
from temporalio.client import Client, WorkflowExecution
from temporalio.common import SearchAttributeKey

from activities.contracts import NoticeChannel
from activities.failures import translated
from dispatch.models.errors import ClientError, RefusedError
from dispatch.models.people.approvers import Approver
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
from dispatch.models.request.list_summary import LIST_SUMMARY, ListSummary
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
from dispatch.process.list_summary import read_summary
from dispatch.storage.approvers_file import ApproversFile

_PAGE: Final = 1000
"""Requests that are read in parallel."""


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
        """Notify the people whom the event concerns and who want each event immediately.

        The report names addresses that the mail server refuses and, as `later`, those that cannot be reached now: one
        address does not delay another's mail. With `brief.only`, the people who were not reached before, it raises
        ApplicationError (see activities/failures.py) as long as none of them is reached; always if the approvers file
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
        """Send each person who wants one mail a day what waits for them; without any, no mail.

        Raises ApplicationError if another attempt may still reach somebody; the others have their mail by then.
        """
        with translated():
            approvers, at = self._approvers.read(), datetime.now(UTC)
            daily = [person for person in approvers.approvers if person.notify == "daily"]
            waiting = await self._waiting(order.task_queue) if daily else ()
            mails: dict[str, tuple[Approver, str, Notice]] = {}
            idle: list[str] = []
            for person in daily:
                names = owners_of(person, approvers, at)
                own = [one for one, about in waiting if about.waits_for(person.name, names, one.owner)]
                if own:
                    notice = digest_for(own, self._inbox_url, order.day)
                    mails[person.name] = (person, digest_key(order.day, person.name), notice)
                else:
                    idle.append(person.name)
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
        """Send all in parallel; returns who cannot be notified, and by name the temporary failures, which delay no other mail."""
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

    async def _waiting(self, task_queue: str) -> Sequence[tuple[WaitingRequest, ListSummary]]:
        """List the waiting requests of a desk, each with its memo; from Temporal's visibility only."""
        states = ", ".join(f"'{state}'" for state in DECISION_STATES)
        query = (
            "WorkflowType IN ('Coordinator', 'FollowUp') AND ExecutionStatus = 'Running' "
            f"AND TaskQueue = '{task_queue}' AND RequestState IN ({states})"
        )
        return [
            (_waiting_request(found), await _about(found))
            async for found in self._temporal.list_workflows(query, page_size=_PAGE)
        ]


def _waiting_request(found: WorkflowExecution) -> WaitingRequest:
    said = found.typed_search_attributes
    return WaitingRequest(
        request_id=found.id,
        desk=said.get(SearchAttributeKey.for_keyword("Desk")) or "",
        state=said.get(SearchAttributeKey.for_keyword("RequestState")) or "",
        owner=said.get(SearchAttributeKey.for_keyword("NextOwner")) or "",
        due=said.get(SearchAttributeKey.for_datetime("ReviewPoint")),
        priority=said.get(SearchAttributeKey.for_int("RequestPriority")),
    )


async def _about(found: WorkflowExecution) -> ListSummary:
    """Return the memo of a request; an empty one if it has no readable memo, so that only its owner is known."""
    payload = found.raw_info.memo.fields.get(LIST_SUMMARY)
    read = None
    if payload is not None:
        read = read_summary(payload.metadata.get("encoding", b""), payload.data)
    return read or ListSummary()


def _but(
    mails: Mapping[str, object], undelivered: tuple[Undelivered, ...], failures: Iterable[str] = ()
) -> tuple[str, ...]:
    failed = {one.name for one in undelivered} | set(failures)
    return tuple(name for name in mails if name not in failed)

"""Notifies approvers by mail of an approval request, in parallel to the wait: a failed mail does not affect the wait."""

import asyncio
from collections import Counter
from datetime import timedelta
from typing import Final

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.notifier import Notifier
    from dispatch.models.handoff import PENDING_HANDOFF
    from dispatch.models.people.decision import ApprovalRequest
    from dispatch.models.people.notification import NotifyBrief, NotifyEvent, NotifyReport
    from dispatch.models.request.snapshot import NotificationsSnapshot
    from dispatch.models.trail import NOTIFIER, EntryKind
    from dispatch.models.work.playbook import Waiting
    from workflows.parts import options
    from workflows.parts.activity_dispatcher import ActivityDispatcher, StageFailedError
    from workflows.parts.status_publisher import StatusPublisher
    from workflows.parts.trail_recorder import TrailRecorder

GIVE_UP_AFTER: Final = timedelta(hours=1)
"""The timeout of one event's mails; people who get no mail see the request in the inbox and get a reminder."""

FINISH_TIMEOUT: Final = timedelta(seconds=20)
"""How long a request waits at its end for a mail that is still being sent."""


class ApproverNotifications:
    """Starts one activity for each event of an approval request whose `waiting` has `notify: mail`.

    It remembers who was notified, so that only they are notified of a decision; if nobody was (no approvers file,
    everybody on the digest), a decision starts no activity. A failing address is retried in the background until the
    request is decided, so that it does not delay other mails. `finish` must be awaited before the workflow ends or
    continues in a new history.
    """

    def __init__(
        self,
        request_id: str,
        recorder: TrailRecorder,
        status: StatusPublisher,
        dispatcher: ActivityDispatcher,
    ) -> None:
        self._id = request_id
        self._task_queue = options.action_task_queue(workflow.info().task_queue)
        self._recorder, self._status, self._dispatcher = recorder, status, dispatcher
        self._notified: list[str] = []
        self._counts: Counter[str] = Counter()
        self._running: list[asyncio.Task[None]] = []
        self._belated: list[tuple[str, asyncio.Task[None]]] = []

    def opened(self, approval_request: ApprovalRequest, waiting: Waiting, owners: tuple[str, ...]) -> None:
        """Notify the people whose decision may be due on a new request; do not call it for a resumed one."""
        self._notified, self._counts = [], Counter()
        self.notify(NotifyEvent.NEW, approval_request, waiting, owners, approval_request.why)

    def notify(
        self,
        event: NotifyEvent,
        approval_request: ApprovalRequest,
        waiting: Waiting,
        owners: tuple[str, ...],
        why: str,
        approved_by: tuple[str, ...] = (),
    ) -> None:
        """Notify the people of `owners` without waiting for it, but not those in `approved_by`.

        A decision is sent to the people who were notified before, except its maker.
        """
        if waiting.notify != "mail":
            return
        self._counts[event] += 1
        before, notified = tuple(self._running), self._notified
        brief = NotifyBrief(
            handoff=PENDING_HANDOFF,
            request_id=self._id,
            desk=self._status.status.desk,
            event=event,
            number=self._counts[event],
            approval_request=approval_request,
            owner=owners[0],
            others=owners[1:],
            approved_by=approved_by,
            summary=why,
        )
        sending = self._send(brief, notified, before)
        self._running.append(asyncio.create_task(sending))

    async def finish(self) -> None:
        """Wait until no mail is being sent; after FINISH_TIMEOUT cancel and record the rest."""
        belated = [task for _, task in self._belated]
        under_way = [task for task in (*self._running, *belated) if not task.done()]
        if under_way:
            _, late = await workflow.wait(under_way, timeout=FINISH_TIMEOUT.total_seconds())
            for task in late:
                task.cancel()
            if late:
                await workflow.wait(late)
                self._recorder.record(
                    EntryKind.EFFECT,
                    what="approvers not notified",
                    why=f"called off at the end: {len(late)} under way",
                    sender=NOTIFIER,
                )
        self._running, self._belated = [], []

    def _cancel_belated(self) -> None:
        """Stop trying: the mail would ask for a decision that is no longer needed."""
        names = [name for name, task in self._belated if not task.done() and task.cancel()]
        self._belated = [(name, task) for name, task in self._belated if not task.done()]
        if names:
            self._recorder.record(
                EntryKind.EFFECT,
                what="approvers not notified",
                why=f"called off, for nothing is asked any more: {', '.join(names)}",
                sender=NOTIFIER,
            )

    def snapshot(self) -> NotificationsSnapshot:
        """Return the snapshot for a new history."""
        return NotificationsSnapshot(notified=tuple(self._notified), counts=dict(self._counts))

    def resume(self, snapshot: NotificationsSnapshot) -> None:
        """Restore the snapshot of the previous history."""
        self._notified, self._counts = list(snapshot.notified), Counter(snapshot.counts)

    async def _send(
        self, brief: NotifyBrief, notified: list[str], before: tuple["asyncio.Task[None]", ...]
    ) -> None:
        event = brief.event
        if event is NotifyEvent.DECIDED and not brief.only:
            # Who was notified is known once the notifications before this one have been sent.
            await asyncio.gather(*before)
            self._cancel_belated()
            if not set(notified) - {brief.owner}:
                return
            brief = brief.model_copy(update={"notified": tuple(notified)})
        try:
            report = await self._dispatcher.call_remote(
                Notifier.notify,
                brief,
                NotifyReport,
                receiver="notifier",
                why=f"{event}: {brief.summary}",
                decided_by="playbook",
                give_up_after=GIVE_UP_AFTER,
                task_queue=self._task_queue,
            )
        except StageFailedError as failed:
            self._record(event, told=False, why=str(failed))
        else:
            notified += [name for name in report.notified if name not in notified]
            if report.is_about_somebody:
                self._record(event, told=bool(report.notified), why=report.in_words)
            if report.later:
                again = brief.model_copy(update={"only": tuple(one.name for one in report.later)})
                task = asyncio.create_task(self._send(again, notified, ()))
                self._belated.append((", ".join(again.only), task))

    def _record(self, event: NotifyEvent, *, told: bool, why: str) -> None:
        self._recorder.record(
            EntryKind.EFFECT,
            what=f"approvers {'notified' if told else 'not notified'}: {event.in_words}",
            why=why,
            sender=NOTIFIER,
            decided_by="playbook",
        )

"""Tells approvers by mail what happens at a gate, beside the wait itself: it holds nothing up and fails nothing."""

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
    from dispatch.models.trail import EntryKind
    from dispatch.models.work.playbook import Waiting
    from workflows.parts import options
    from workflows.parts.activity_dispatcher import ActivityDispatcher, StageFailedError
    from workflows.parts.status_publisher import StatusPublisher
    from workflows.parts.trail_recorder import TrailRecorder

GIVE_UP_AFTER: Final = timedelta(hours=1)
"""Of one event; those who were missed see it in the inbox, and a reminder comes anyway."""

LAST_WORD: Final = timedelta(seconds=20)
"""How long a request waits at its end for a mail that is still under way."""


class ApproverNotifications:
    """Starts one activity for each event of a gate whose waiting says `notify: mail`; none for any other.

    Who was told is remembered, so that only they are told of a decision; where that is nobody (no approvers file, all
    on the digest) the decision costs nothing. Whoever could not be reached at once is tried again beside all else,
    until it is decided: one person's failing address keeps nobody else's word away. `finish` must be awaited before
    the workflow ends or goes on in a new history.
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
        self._told: list[str] = []
        self._counts: Counter[str] = Counter()
        self._running: list[asyncio.Task[None]] = []
        self._belated: list[tuple[str, asyncio.Task[None]]] = []

    def opened(self, approval_request: ApprovalRequest, waiting: Waiting) -> None:
        """Tell the first owner of a gate that has just been opened; not to be called for one that was resumed."""
        self._told, self._counts = [], Counter()
        self.tell(NotifyEvent.NEW, approval_request, waiting, waiting.approvers[0], approval_request.why)

    def tell(
        self, event: NotifyEvent, approval_request: ApprovalRequest, waiting: Waiting, owner: str, why: str
    ) -> None:
        """Tell the people of `owner` without waiting for it; of a decision those who were told, but not its maker."""
        if waiting.notify != "mail":
            return
        self._counts[event] += 1
        before, told = tuple(self._running), self._told
        telling = self._tell(event, self._counts[event], approval_request, owner, why, told, before)
        self._running.append(asyncio.create_task(telling))

    async def finish(self) -> None:
        """Wait until no word is under way any more; what takes longer than LAST_WORD is called off, and recorded."""
        belated = [task for _, task in self._belated]
        under_way = [task for task in (*self._running, *belated) if not task.done()]
        if under_way:
            _, late = await workflow.wait(under_way, timeout=LAST_WORD.total_seconds())
            for task in late:
                task.cancel()
            if late:
                await workflow.wait(late)
                self._recorder.record(
                    EntryKind.EFFECT,
                    what="approvers not told",
                    why=f"called off at the end: {len(late)} under way",
                )
        self._running, self._belated = [], []

    def _call_off(self) -> None:
        """Try nobody any more: word that something is asked of them would come when it no longer is."""
        names = [name for name, task in self._belated if not task.done() and task.cancel()]
        self._belated = [(name, task) for name, task in self._belated if not task.done()]
        if names:
            self._recorder.record(
                EntryKind.EFFECT,
                what="approvers not told",
                why=f"called off, for nothing is asked any more: {', '.join(names)}",
            )

    def snapshot(self) -> NotificationsSnapshot:
        """Give what a new history must know."""
        return NotificationsSnapshot(told=tuple(self._told), counts=dict(self._counts))

    def resume(self, snapshot: NotificationsSnapshot) -> None:
        """Go on where the history before this one left off."""
        self._told, self._counts = list(snapshot.told), Counter(snapshot.counts)

    async def _tell(
        self,
        event: NotifyEvent,
        number: int,
        approval_request: ApprovalRequest,
        owner: str,
        why: str,
        told: list[str],
        before: tuple["asyncio.Task[None]", ...],
        only: tuple[str, ...] = (),
    ) -> None:
        if event is NotifyEvent.DECIDED and not only:
            # Who was told is known once all that was said before has been said.
            await asyncio.gather(*before)
            self._call_off()
            if not set(told) - {owner}:
                return
        try:
            report = await self._dispatcher.call_remote(
                Notifier.notify,
                NotifyBrief(
                    handoff=PENDING_HANDOFF,
                    request_id=self._id,
                    desk=self._status.status.desk,
                    event=event,
                    number=number,
                    approval_request=approval_request,
                    owner=owner,
                    told=tuple(told) if event is NotifyEvent.DECIDED else (),
                    summary=why,
                    only=only,
                ),
                NotifyReport,
                receiver="notifier",
                why=f"{event}: {why}",
                decided_by="playbook",
                give_up_after=GIVE_UP_AFTER,
                task_queue=self._task_queue,
            )
        except StageFailedError as failed:
            self._recorder.record(EntryKind.EFFECT, what="approvers not told", why=f"{event}: {failed}")
        else:
            told += [name for name in report.told if name not in told]
            if report.told or report.untold or report.later:
                self._recorder.record(
                    EntryKind.EFFECT,
                    what="approvers told" if report.told else "approvers not told",
                    why=report.in_words,
                    sender="notifier",
                    decided_by="playbook",
                )
            if report.later:
                names = tuple(one.name for one in report.later)
                again = self._tell(event, number, approval_request, owner, why, told, (), names)
                self._belated.append((", ".join(names), asyncio.create_task(again)))

"""Mails to the requester: the contact's composer writes each, the guardian inspects it, an action sends it."""

from datetime import datetime

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.answer_links import Links
    from dispatch.models.handoff import PENDING_HANDOFF
    from dispatch.models.people.notification import AnswerLink, LinkBrief
    from dispatch.models.request.status import Ending
    from dispatch.models.trail import EntryKind
    from dispatch.models.work.action_digest import bind
    from dispatch.models.work.guardian import GuardDecision
    from dispatch.models.work.playbook import PlaybookInForce
    from dispatch.process.requester_messages import RequesterMessage
    from workflows.parts.acting.effects import EffectFailedError, Effects
    from workflows.parts.activity_dispatcher import ActivityDispatcher, StageFailedError
    from workflows.parts.endings import EndedEarlyError
    from workflows.parts.stages import Stages
    from workflows.parts.trail_recorder import TrailRecorder


class RequesterMail:
    """Sends questions, reminders and notices under the contact's own policy."""

    def __init__(
        self,
        request_id: str,
        recorder: TrailRecorder,
        dispatcher: ActivityDispatcher,
        stages: Stages,
        effects: Effects,
    ) -> None:
        self._id, self._recorder, self._dispatcher = request_id, recorder, dispatcher
        self._stages, self._effects = stages, effects

    async def link(self, playbook: PlaybookInForce, expires_at: datetime) -> str:
        """Return the link to the answer page, or an empty text if there is none; a missing link delays no mail."""
        if not playbook.playbook.missing_information.answer_page:
            return ""
        try:
            made = await self._dispatcher.call_local(
                Links.answer_link,
                LinkBrief(
                    handoff=PENDING_HANDOFF,
                    request_id=self._id,
                    expires_at=expires_at,
                ),
                AnswerLink,
                receiver="links",
                why="the requester may answer on a page",
                decided_by="playbook",
            )
        except StageFailedError as failed:
            self._recorder.record(EntryKind.EFFECT, what="no link to answer by", why=str(failed))
            return ""
        return made.url

    async def send(self, message: RequesterMessage, playbook: PlaybookInForce) -> None:
        """Send a message to the requester, under the contact's own policy, if the guardian allows it.

        Raises EndedEarlyError (escalated): a request never waits for an answer to a question that was not sent.
        """
        contact = playbook.playbook.contact
        if contact is None:
            raise EndedEarlyError(Ending.ESCALATED, f"{message.subject}: the playbook has no contact")
        action = await self._stages.write_message(message, playbook)
        bound = bind(self._id, message.subject, playbook.ref, action)
        guard_result = await self._stages.inspect(bound, playbook.playbook, to_requester=True)
        if guard_result.decision is not GuardDecision.ALLOW:
            raise EndedEarlyError(
                Ending.ESCALATED, f"{message.subject} may not be sent: {guard_result.reasons[0].text}"
            )
        try:
            await self._effects.carry_out(bound, guard_result, contact.policy, to_keep=False)
        except EffectFailedError as failed:
            raise EndedEarlyError(
                Ending.ESCALATED, f"{message.subject} could not be sent: {failed}"
            ) from failed

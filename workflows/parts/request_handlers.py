"""The handlers of a request, in addition to those that a follow-up has too.

Signals: `answer` brings missing information, `decide` a person's decision, `extend` moves a deadline to later, `withdraw` takes
the request back. Updates: `decide` does as the signal and returns what became of the decision, `extend` likewise; `add` brings a message
that answers a mail of the request; as a signal it comes from the whole request to a part. `part` is a part's signal that it has changed. Queries: `status`, `trail` and `detail`.
"""

from typing import Any

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from pydantic import JsonValue

    from dispatch.models.request.message_names import MessageName, QueryName
    from dispatch.models.request.request_detail import RequestDetail
    from dispatch.text.message_payloads import single
    from workflows.parts.approval.decision_handlers import DecisionHandlers
    from workflows.parts.approval.extensions import OpenWait
    from workflows.parts.detail_view import detail_of
    from workflows.parts.request_parts import RequestParts


class RequestHandlers(DecisionHandlers):
    """Base of the coordinator; `__init__` of the workflow sets the parts."""

    _parts: RequestParts

    def _open_wait(self) -> OpenWait | None:
        if (wait := self._parts.requester.wait) is not None:
            people = self._parts.state.playbook.escalation
            return OpenWait(wait, people.approvers, people.role_names)
        return super()._open_wait()

    @workflow.signal(
        name=MessageName.ANSWER.value,
        description='Missing information: {"fields": {"order_number": "DD-10001"}}.',
    )
    def answer(self, *raw: Any) -> None:
        self._parts.requester.receive(single(raw))

    @workflow.signal(
        name=MessageName.WITHDRAW.value, description="The requester takes the request back: {reason}."
    )
    def withdraw(self, *raw: Any) -> None:
        self._parts.requester.withdraw(single(raw), too_late=self._parts.state.acting)

    @workflow.update(
        name=MessageName.ADD.value,
        description="A message that answers a mail of this request; returns whether the request takes it.",
    )
    def add(self, *raw: Any) -> dict[str, JsonValue]:
        return self._parts.additions.receive(single(raw))

    @workflow.signal(
        name=MessageName.ADD.value,
        description="The same, from the whole request to one desk's part of it.",
    )
    def add_to_part(self, *raw: Any) -> None:
        self._parts.additions.receive(single(raw))

    @workflow.signal(
        name=MessageName.PART.value, description="A desk's part of this request: something has changed there."
    )
    def part(self, *raw: Any) -> None:
        self._parts.family.receive(single(raw))

    @workflow.query(
        name=QueryName.DETAIL.value,
        description="All that a person needs to decide: request, draft, evidence, reasons, approval request.",
    )
    def detail(self) -> RequestDetail:
        return detail_of(self._parts)

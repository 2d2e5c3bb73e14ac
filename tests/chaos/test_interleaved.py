"""Decisions of every kind, timers, edits and worker restarts in any order: no money without leave, and never twice.

No deadline comes nearer, and none moves without the right to decide.

Two refunds of one request at the tier critical each need signed approvals of two different people for exactly its
digest. The machine sends what people and forgers might, in an order that hypothesis chooses, and keeps its own account
of which digests two people have validly approved and which refunds were rejected. It knows nothing of how the desk
decides. Whatever it does, a mail tells of no refund that was not paid, and nothing that was written for the desk alone,
though the writer of this desk lets some of it slip.
"""

import asyncio
import re
import sqlite3
import threading
from collections import defaultdict
from collections.abc import Coroutine, Iterator
from concurrent.futures import Future
from contextlib import AsyncExitStack, closing, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar, Self, TypeVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    rule,
    run_state_machine_as_test,
)
from pydantic import JsonValue
from temporalio.client import WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

import starter
from channels.mail.composers.letter import Letter
from devstack.ports import free_port
from devstack.temporal_server import TemporalServer
from dispatch.models.errors import RequestClosedError, WorkerUnavailableError
from dispatch.models.people.decision import DecisionType
from dispatch.models.request.request_detail import RequestDetail
from dispatch.models.work.composition import ComposeBrief, Composition
from dispatch.models.work.finding import Statement
from runtime.connection import connect
from runtime.settings import Settings
from tests.desk import Desk, at_work, quick, resting_desk
from tests.signers import Signer, write_approvers
from tests.sizes import rounds

EXAMPLES, STEPS = rounds(3, 20), 8
ANSWER_SECONDS = 60
TWO_REFUNDS = "Please refund my canvas bag, order DD-10030."
ANNOUNCED = re.compile(r"(We are refunding EUR (\d+)\.(\d\d) for order DD-10030 \(payment (PAY-10030-\d)\))")
ZOE = "zoe.dangelo@mail.example"
INTERNAL = "between us this one has done it before"
LEAKED = "LEAK that she is on our list of liars"
TOLD = "This part was paid with a voucher."
ANA = Signer("ana", ("refunds",))
BEN = Signer("ben", ("refunds-lead",))
CLEO = Signer("cleo", ("refunds-lead",))
PRETENDER = Signer("ben", ("refunds-lead",))
TWO = st.sampled_from([BEN, CLEO])
WHICH = st.integers(min_value=0, max_value=2)

T = TypeVar("T")


class Stage:
    """A server and a desk on an event loop of their own, so that they go on while the machine thinks."""

    def __init__(self, folder: Path) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._stack, self._workers = AsyncExitStack(), AsyncExitStack()
        self._folder = folder
        self.desk: Desk

    def run(self, what: Coroutine[Any, Any, T]) -> T:
        future: Future[T] = asyncio.run_coroutine_threadsafe(what, self._loop)
        return future.result(timeout=ANSWER_SECONDS)

    def __enter__(self) -> Self:
        self._thread.start()
        self.run(self._open())
        return self

    def __exit__(self, *_: object) -> None:
        self.run(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _open(self) -> None:
        server = TemporalServer(
            Settings(var_dir=self._folder / "server"), in_memory=True, headless=True, port=free_port()
        )
        await self._stack.enter_async_context(server)
        client = await connect("tests", server.address)
        self.desk = await self._stack.enter_async_context(
            resting_desk(client, self._folder, quick, impatient)
        )
        write_approvers(self.desk.settings.approvers_path, ANA, BEN, CLEO)
        await self._workers.enter_async_context(at_work(self.desk))

    async def restart_workers(self) -> None:
        await self._workers.aclose()
        await self._workers.enter_async_context(at_work(self.desk, workflow_cache=0))

    def mails(self) -> list[str]:
        """Return the texts of all mails to the customer so far."""
        return [str(mail["text"]) for mail in self.desk.mail_sink.messages() if mail["recipient"] == ZOE]

    def forget_refunds(self) -> None:
        """Let the payment be refunded again: each example is the first."""
        with closing(sqlite3.connect(self.desk.back_office.db_path, timeout=10)) as connection, connection:
            for table in ("refunds", "answers"):
                connection.execute(f"DELETE FROM {table}")  # noqa: S608 - names of ours

    async def _close(self) -> None:
        await self._workers.aclose()
        await self._stack.aclose()


def impatient(playbook: dict[str, Any]) -> None:
    """Hold every refund for two signatures, remind soon and give up after twenty seconds."""
    guardian = playbook["guardian"]
    waiting = {
        "approvers": ["refunds-lead"],
        "reminders": ["1 second", "3 seconds"],
        "deadline": "20 seconds",
    }
    guardian["tiers"]["critical"] = {"approval": {"signatures": 2, "signed": True}, "waiting": waiting}
    guardian["actions"]["issue_refund"]["amounts"] = {"EUR": [{"up_to_minor": 500_000, "tier": "critical"}]}
    guardian["actions"]["issue_refund"].pop("policy", None)


class Interleaved(RuleBasedStateMachine):
    """One request, from its gate to whatever its end may be."""

    stage: ClassVar[Stage]
    begun: ClassVar[int] = 0
    paid: ClassVar[int] = 0

    @initialize(approved=st.booleans())
    def a_refund_waits(self, *, approved: bool) -> None:
        self.stage.forget_refunds()
        type(self).begun += 1
        self.sent: list[dict[str, JsonValue]] = []
        self.refunds: dict[str, tuple[str, int]] = {}
        self.deadlines: dict[str, datetime] = {}
        self.moved_to: list[datetime] = []
        self.approved_by: defaultdict[str, set[str]] = defaultdict(set)
        self.rejected: set[str] = set()
        self.mailed = len(self.stage.mails())
        self.case = self.stage.run(self.stage.desk.submit(TWO_REFUNDS, sender=ZOE))
        self.stage.run(self.case.until("waiting_for_approval"))
        if approved:
            self.approve(BEN, 0)

    def waits(self) -> tuple[str, tuple[str, ...]] | None:
        """Learn what waits, if anything does: proposal and digests; and which digest stands for which refund."""
        return self.stage.run(self._look())

    async def _look(self) -> tuple[str, tuple[str, ...]] | None:
        detail = await self._detail()
        if detail is None:
            return None
        if (
            detail.approval_request is None
            or detail.approval_request.kind != "approval"
            or detail.proposal is None
        ):
            return None
        gate = detail.approval_request
        held = self.deadlines.get(gate.proposal_id, gate.deadline)
        assert gate.deadline >= held, f"the deadline of {gate.proposal_id} came nearer"
        rightly = {held, *self.moved_to}
        assert gate.deadline in rightly, f"{gate.deadline} is a deadline that nobody with the right asked for"
        self.deadlines[gate.proposal_id] = gate.deadline
        for bound in detail.proposal.actions:
            if bound.action.name == "issue_refund":
                parameters = bound.action.parameters
                payment, amount = str(parameters["payment_id"]), int(str(parameters["amount_minor"]))
                self.refunds[bound.digest] = payment, amount
        return gate.proposal_id, tuple(item.digest for item in gate.items)

    async def _detail(self) -> RequestDetail | None:
        """Ask until it is answered: a task that a stopped worker held is given to another after ten seconds.

        Never during a turn: a query then cuts it in two, and what a local activity brought in the first half may be read
        in another order when the history is replayed.
        """
        while (seen := await self.case.handle.describe()).status is WorkflowExecutionStatus.RUNNING:
            if seen.raw_description.HasField("pending_workflow_task"):
                await asyncio.sleep(0.05)
                continue
            with suppress(WorkerUnavailableError):
                detail = await starter.detail_of(self.stage.desk.client, self.case.id)
                assert isinstance(detail, RequestDetail)
                return detail
        return None

    def decision(self, decision_type: str, which: int = 0, **more: JsonValue) -> dict[str, JsonValue]:
        """Write a decision on something that waits; where nothing does, on nothing."""
        proposal, digests = self.waits() or ("p0", ("0" * 64,))
        digest = digests[which % len(digests)]
        return {
            **starter.decision_for(DecisionType(decision_type), "nobody", proposal, digest, INTERNAL),
            **more,
        }

    def send(self, decision: JsonValue) -> None:
        self.stage.run(self._send(decision))

    async def _send(self, payload: JsonValue, signal: str = "decide") -> None:
        try:
            await self.case.signal(signal, payload)
        except RPCError as error:
            # It may end at any moment; then its sender is told so.
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise

    @rule(by=TWO, which=WHICH)
    def approve(self, by: Signer, which: int) -> None:
        decision = by.signs(self.decision("approve", which))
        self.approved_by[str(decision["action_digest"])].add(by.name)
        self.sent.append(decision)
        self.send(decision)

    @rule(first=TWO, which=WHICH)
    def approve_one_after_the_other(self, first: Signer, which: int) -> None:
        self.approve(first, which)
        self.approve(CLEO if first is BEN else BEN, which)

    @rule(by=TWO, which=WHICH, told=st.sampled_from(["", TOLD]))
    def reject(self, by: Signer, which: int, told: str) -> None:
        """Reject one thing alone; what the desk accepts stands, for the customer never writes again here."""
        decision = by.signs(self.decision("reject", which, reason_for_requester=told))
        known = self.refunds.get(str(decision["action_digest"]))
        if self.stage.run(self._is_accepted(decision)) and known is not None:
            self.rejected.add(known[0])

    async def _is_accepted(self, decision: dict[str, JsonValue]) -> bool:
        try:
            accepted, _ = await starter.decide(self.stage.desk.client, self.case.id, decision)
        except RequestClosedError:
            return False
        return accepted

    @rule(
        by=TWO,
        which=st.integers(min_value=0, max_value=1),
        amount=st.integers(min_value=100, max_value=4_990),
    )
    def edit(self, by: Signer, which: int, amount: int) -> None:
        self.send(by.signs(self.decision("edit", which, edits={"amount_minor": amount})))

    @rule(by=TWO)
    def edit_the_text(self, by: Signer) -> None:
        # What is not awaited comes last, and so does the reply.
        self.send(by.signs(self.decision("edit", -1, edits={"text": "Hello,\n\nwe wrote.\n\nKind regards"})))

    @rule(
        by=TWO,
        which=WHICH,
        purpose=st.sampled_from(["change_draft", "change_action"]),
        text=st.sampled_from([INTERNAL, LEAKED]),
    )
    def respond(self, by: Signer, which: int, purpose: str, text: str) -> None:
        self.send(by.signs(self.decision("respond", which, purpose=purpose, reason=text)))

    @rule()
    def approve_without_a_signature(self) -> None:
        self.send({**self.decision("approve"), "approver": "cleo"})

    @rule(by=st.sampled_from([ANA, PRETENDER]))
    def approve_without_the_right(self, by: Signer) -> None:
        self.send(by.signs(self.decision("approve")))

    @rule(by=TWO, amount=st.integers(min_value=1, max_value=9))
    def change_what_was_signed(self, by: Signer, amount: int) -> None:
        self.send(
            {
                **by.signs(self.decision("reject", reason="no")),
                "decision_type": "approve",
                "reason": f"{amount}",
            }
        )

    @rule(which=st.integers(min_value=0, max_value=9))
    def play_again(self, which: int) -> None:
        if self.sent:
            self.send(self.sent[which % len(self.sent)])

    @rule(which=st.integers(min_value=0, max_value=9))
    def play_again_under_another_id(self, which: int) -> None:
        if self.sent:
            self.send({**self.sent[which % len(self.sent)], "decision_id": f"d-{which}-again"})

    @rule(
        junk=st.none()
        | st.integers()
        | st.text(max_size=5)
        | st.dictionaries(st.text(max_size=3), st.booleans())
    )
    def send_junk(self, junk: JsonValue) -> None:
        self.send(junk)

    def extension(self, seconds: int) -> dict[str, JsonValue]:
        proposal, digests = self.waits() or ("p0", ("0" * 64,))
        deadline = (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()
        return {"proposal_id": proposal, "action_digest": digests[0], "deadline": deadline}

    def extend(self, extension: dict[str, JsonValue]) -> None:
        self.stage.run(self._send(extension, "extend"))

    @rule(by=TWO, seconds=st.integers(min_value=1, max_value=40))
    def move_the_deadline(self, by: Signer, seconds: int) -> None:
        """Move the deadline to a later moment; for an earlier end a person must reject."""
        extension = by.signs_extension(self.extension(seconds))
        self.moved_to.append(datetime.fromisoformat(str(extension["deadline"])))
        self.extend(extension)

    @rule(by=st.sampled_from([ANA, PRETENDER, None]), seconds=st.integers(min_value=1, max_value=40))
    def move_the_deadline_without_the_right(self, by: Signer | None, seconds: int) -> None:
        extension = self.extension(seconds)
        self.extend(by.signs_extension(extension) if by else {**extension, "approver": "refunds-lead"})

    @rule()
    def restart_the_workers(self) -> None:
        self.stage.run(self.stage.restart_workers())

    @rule(seconds=st.sampled_from([0.1, 0.5, 1.2]))
    def let_time_pass(self, seconds: float) -> None:
        self.stage.run(asyncio.sleep(seconds))

    def teardown(self) -> None:
        if not hasattr(self, "case"):
            return
        if self.begun % 2 and self.waits():
            # Chance alone seldom brings both signatures: here every second example ends with them.
            for which in range(len((self.waits() or ("", ()))[1])):
                self.approve_one_after_the_other(BEN, which)
            self.stage.run(self._end(decided=True))
        else:
            self.stage.run(self._end())
        paid = [(r["payment_id"], r["amount_minor"]) for r in self.stage.desk.back_office.refunds()]
        assert len({payment for payment, _ in paid}) == len(paid), "the same refund was paid twice"
        type(self).paid += len(paid)
        for refund in paid:
            authorization = [self.approved_by[d] for d, known in self.refunds.items() if known == refund]
            assert {"ben", "cleo"} in authorization, f"{refund} was paid with the leave of {authorization}"
            assert refund[0] not in self.rejected, f"{refund} was rejected and paid all the same"
        for text in self.stage.mails()[self.mailed :]:
            self.check_mail(text, paid)

    def check_mail(self, text: str, paid: list[tuple[str, int]]) -> None:
        """Check a mail against what was done and what was said for whom."""
        assert INTERNAL not in text
        assert LEAKED not in text
        for announced, whole, part, payment in ANNOUNCED.findall(text):
            amount = int(whole + part)
            assert (payment, amount) in paid, f"{announced} is told, and paid was {paid}"

    async def _end(self, *, decided: bool = False) -> None:
        """Let what is under way come to its end; what waits for people has no effect and is ended.

        Where it is `decided`, the signals may not be read yet: then only what was handed over is ended.
        """
        ended_by_us = {"escalated"} if decided else {"escalated", "waiting_for_approval"}
        async with asyncio.timeout(ANSWER_SECONDS):
            while (detail := await self._detail()) is not None:
                if detail.status.state in ended_by_us:
                    await self.case.handle.terminate("the example is over")
                    return
                await asyncio.sleep(0.1)


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with Stage(tmp_path) as running:
        yield running


@pytest.mark.timeout(600)
def test_no_refund_without_leave_for_exactly_it(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever order things come in: a refund that was paid had two people's signatures under its digest, and is one."""
    compose = Letter.compose

    def slips(self: Letter, brief: ComposeBrief) -> Composition:
        said = tuple(Statement(text=one.text) for one in brief.guidance if one.text == LEAKED)
        return compose(self, brief.model_copy(update={"statements": (*brief.statements, *said)}))

    monkeypatch.setattr(Letter, "compose", slips)
    Interleaved.stage, Interleaved.begun, Interleaved.paid = stage, 0, 0
    plain = Interleaved()
    plain.a_refund_waits(approved=False)
    plain.teardown()
    assert Interleaved.paid == 2, "without any trouble both are paid"
    run_state_machine_as_test(
        Interleaved,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            phases=(
                Phase.explicit,
                Phase.reuse,
                Phase.generate,
            ),  # a shrunk example would meet another timing
        ),
    )

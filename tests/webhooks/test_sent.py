"""Webhooks on the real server: what a receiver is told, once for each event, and what becomes of those not taken."""

import json
from pathlib import Path

import pytest
from starlette.responses import RedirectResponse, Response
from temporalio.client import Client, WorkflowExecutionStatus

from cli.programs.webhooks import show
from dispatch.models.errors import SubmissionError
from runtime.doors.starting import submit_file
from runtime.gateway import Gateway
from runtime.webhooks import follower_id
from tests.desk import Desk, at_work, running_desk
from tests.webhooks.receiver import receiving, telling_desk
from tests.workflows.requests_made import held_refund, small_refund


async def _status_of(desk: Desk, webhook_id: str) -> WorkflowExecutionStatus | None:
    return (await desk.client.get_workflow_handle(webhook_id).describe()).status


async def test_a_receiver_is_told_of_each_turn(client: Client, tmp_path: Path) -> None:
    """Waiting, decided, closed: each once, in order, with where it stands and nothing of what was written."""
    async with receiving() as receiver, telling_desk(client, tmp_path, receiver) as desk, at_work(desk):
        case = await held_refund(desk)
        (waiting,) = await receiver.until_taken(case.id, "request.waiting")
        assert waiting.body["data"] == {
            "id": case.id,
            "desk": "support",
            "state": "waiting_for_approval",
            "owner": "refunds",
            "review_point": waiting.body["data"]["review_point"],
        }
        await case.decide("approve")
        await case.outcome()
        _, decided, closed = await receiver.until_taken(case.id, "request.decided", "request.closed")
        history = (await case.handle.fetch_history()).to_json()
    assert (decided.event, decided.body["data"]["decision"]) == ("request.decided", "approve")
    assert closed.body["data"] == {
        "id": case.id,
        "desk": "support",
        "state": "closed",
        "owner": "nobody",
        "ending": "done",
    }
    assert len({one.webhook_id for one in receiver.taken}) == len(receiver.taken)
    said = json.dumps([one.body for one in receiver.taken])
    submission = json.loads(history)["events"][0]["workflowExecutionStartedEventAttributes"]
    assert submission
    for private in ("@", "refund me", "Anna", "damaged"):
        assert private not in said
    assert "webhook" not in history.lower(), "a request knows nothing of webhooks"


async def test_without_webhooks_nothing_follows(client: Client, tmp_path: Path) -> None:
    """No follower and no delivery: what is not configured costs nothing."""
    async with running_desk(client, tmp_path) as desk:
        await (await small_refund(desk)).outcome()
        query = f"TaskQueue = '{desk.settings.task_queue}'"
        types = {one.workflow_type async for one in client.list_workflows(query)}
    assert not {name for name in types if "Webhook" in name}


async def test_what_is_not_taken_is_sent_again_as_the_same(client: Client, tmp_path: Path) -> None:
    """After the pause that the receiver asks for, with the same id and a new signature."""
    async with receiving() as receiver, telling_desk(client, tmp_path, receiver) as desk, at_work(desk):
        receiver.answers = [Response(status_code=503, headers={"Retry-After": "1"})]
        case = await small_refund(desk)
        (closed,) = await receiver.until_taken(case.id, "request.closed")
    assert [one.webhook_id for one in receiver.came] == [closed.webhook_id] * 2


async def test_what_happens_while_no_worker_runs_is_told_later(client: Client, tmp_path: Path) -> None:
    """The next worker reads what it missed; what was told before is not told again."""
    async with receiving() as receiver, telling_desk(client, tmp_path, receiver) as desk:
        async with at_work(desk):
            case = await held_refund(desk)
            await receiver.until_taken(case.id, "request.waiting")
        await case.signal("withdraw", {"reason": "no longer needed"})
        async with at_work(desk):
            await case.outcome()
            events = await receiver.until_taken(case.id, "request.closed")
    assert [one.event for one in events] == ["request.waiting", "request.closed"]
    assert events[-1].body["data"]["ending"] == "withdrawn"


@pytest.mark.parametrize(
    ("answer", "code"),
    [(RedirectResponse("/elsewhere", 307), 307), (Response(status_code=500), 500)],
    ids=["redirect", "fault"],
)
async def test_what_is_never_taken_is_given_up_and_listed(
    client: Client, tmp_path: Path, capsys: pytest.CaptureFixture[str], answer: Response, code: int
) -> None:
    """After its time it has failed, with the reason; a redirect is not followed."""
    async with (
        receiving() as receiver,
        telling_desk(client, tmp_path, receiver, give_up_hours=1 / 3600) as desk,
        at_work(desk),
    ):
        receiver.answers = [answer] * 20
        case = await small_refund(desk)
        await receiver.until(lambda: bool(receiver.came))
        delivery = receiver.came[0].webhook_id
        handle = client.get_workflow_handle(delivery)
        with pytest.raises(Exception, match="Workflow execution failed") as failed:
            await handle.result()
        assert f"answered {code}" in str(failed.value.__cause__)
        assert await show(Gateway.over(client), desk.settings, as_json=False) == 1
        said = capsys.readouterr().out
        assert f"given up  request.closed of {case.id} to crm" in said
        assert await show(Gateway.over(client), desk.settings, as_json=True) == 1
        (row,) = json.loads(capsys.readouterr().out)["undelivered"]
        assert (row["delivery"], row["webhook"]) == (delivery, "crm")
    assert receiver.taken == []


async def test_a_receiver_that_is_gone_is_tried_once(client: Client, tmp_path: Path) -> None:
    """410 says that it wants no more."""
    async with receiving() as receiver, telling_desk(client, tmp_path, receiver) as desk, at_work(desk):
        receiver.answers = [Response(status_code=410)]
        await small_refund(desk)
        await receiver.until(lambda: bool(receiver.came))
        with pytest.raises(Exception, match="Workflow execution failed"):
            await client.get_workflow_handle(receiver.came[0].webhook_id).result()
    assert len(receiver.came) == 1


async def test_a_refusal_at_a_door_is_told(client: Client, tmp_path: Path) -> None:
    """With the door and the entry's id in 'Not taken in'."""
    async with receiving() as receiver, telling_desk(client, tmp_path, receiver) as desk, at_work(desk):
        bad = tmp_path / "bad.eml"
        bad.write_bytes(b"nothing of a mail")
        with pytest.raises(SubmissionError):
            await submit_file(Gateway.over(client), desk.settings, bad, "support")
        await receiver.until(lambda: bool(receiver.taken))
    (one,) = receiver.taken
    assert one.event == "request.refused"
    assert one.body["data"] == {"id": one.body["data"]["id"], "desk": "support", "door": "submit"}


async def test_only_chosen_events_and_desks_are_told(client: Client, tmp_path: Path) -> None:
    """A receiver of another desk's closed requests hears of that alone."""
    async with (
        receiving() as receiver,
        telling_desk(client, tmp_path, receiver, events=["request.closed"], desks=["support"]) as desk,
        at_work(desk),
    ):
        case = await held_refund(desk)
        await case.decide("reject")
        await case.outcome()
        (only,) = await receiver.until_taken(case.id, "request.closed")
        described = await client.get_workflow_handle(follower_id(desk.settings)).describe()
    assert only.body["data"]["ending"] == "rejected"
    assert described.status is WorkflowExecutionStatus.RUNNING

"""starter.py as a person types it: what it prints, its exit codes, one sentence where something is wrong."""

import asyncio
import json
import shlex
import uuid
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from temporalio.client import Client

from devstack.demo import REQUESTS
from devstack.ports import LOOPBACK, free_port
from tests.acceptance.shell import Shell
from tests.desk import PATIENCE_SECONDS, Desk, quick, running_desk
from tests.workflows.requests_made import two_held_refunds

CHAIR = "05-refund-approved.eml"
NOBODY = "support-mail-0000000000000000"


def copied(folder: Path, name: str) -> Path:
    """Copy a sample with a Message-ID of its own: the same mail would be the same request as in another test."""
    lines = (REQUESTS / name).read_bytes().splitlines(keepends=True)
    own = f"Message-ID: <{uuid.uuid4()}@test>\n".encode()
    copy = folder / name
    copy.write_bytes(b"".join(own if line.startswith(b"Message-ID:") else line for line in lines))
    return copy


async def submitted(shell: Shell, file: Path) -> str:
    """Submit a file; gives the request's id."""
    return (await shell.starter("submit", file)).words("submitted").split()[0]


def written(folder: Path, name: str, text: str) -> Path:
    """Write a mail."""
    mail = EmailMessage()
    mail["From"] = "Anna <anna.mueller@post.example>"
    mail["Subject"] = "A question"
    mail["Message-ID"] = f"<{uuid.uuid4()}@test>"
    mail.set_content(text)
    (folder / name).write_bytes(bytes(mail))
    return folder / name


async def test_the_same_mail_twice_is_one_request(shell: Shell, tmp_path: Path) -> None:
    """The second time says so, with the same id and no error."""
    chair = copied(tmp_path, CHAIR)
    first = (await shell.starter("submit", chair)).words("  submitted  ")
    second = (await shell.starter("submit", chair)).words("  was already submitted  ")
    assert first.split()[0] == second.split()[0]


async def test_a_waiting_request_is_shown_and_decided_as_shown(
    shell: Shell, desk: Desk, tmp_path: Path
) -> None:
    """Status, inbox, list and trail tell of it, for people and for scripts; the command that status shows is taken."""
    request_id = await submitted(shell, copied(tmp_path, CHAIR))
    case = desk.case(request_id)
    await case.until("waiting_for_approval")
    shown, as_json, trail, trail_json = await asyncio.gather(
        shell.starter("status", request_id),
        shell.starter("status", request_id, "--json"),
        shell.starter("trail", request_id),
        shell.starter("trail", request_id, "--json"),
    )
    shown.words("waiting_for_approval", "next owner  refunds", "issue_refund")
    trail.words("intake", "triage", "guardian")
    kinds = {entry["kind"] for entry in json.loads(trail_json.words())["entries"]}
    assert "handoff" in kinds
    paste = (await shell.starter("show", request_id)).words("or, as the signal 'decide'").rpartition("UI:")[2]
    assert json.loads(paste)["action_digest"] == json.loads(as_json.words())["action_digest"]
    inbox = await shell.starter("inbox", "--limit", "1000")
    inbox.words(request_id, "refunds", "medium", "EUR")
    listed = json.loads((await shell.starter("list", "--json", "--limit", "1000")).words())
    assert next(row for row in listed if row["request_id"] == request_id)["desk"] == "support"

    command = json.loads(as_json.words())["next_command"]
    (await shell.run(*shlex.split(command))).words("accepted: ")
    outcome = await case.outcome()
    assert outcome.ending == "done", outcome.why
    (await shell.starter("trail", request_id)).words("approve", "RF-", "done")


async def test_a_request_is_named_by_its_beginning_and_as_the_last(shell: Shell, tmp_path: Path) -> None:
    """Which one is meant is said; a beginning of several names them, and is never guessed."""
    name = uuid.uuid4().hex[:8]
    ids = []
    for number in (1, 2):
        made = {
            "trigger_id": f"{name}-{number}",
            "from": "anna.mueller@post.example",
            "text": "Where is DD-10001?",
        }
        file = tmp_path / f"{number}.json"
        file.write_text(json.dumps(made), encoding="utf-8")
        ids.append(await submitted(shell, file))
    first, short = ids[0], ids[0][:-4]
    for command in ("status", "show", "trail", "explain"):
        said = await shell.starter(command, short)
        said.words()
        assert said.err.strip() == f"{short}: {first}"
    (await shell.starter("approve", "reception-")).sentence("reception- begins reception-", "type more")
    assert (await shell.starter("status", "last")).err.startswith("last: ")
    (await shell.starter("status", first)).words(first)


async def test_the_inbox_says_tier_amount_and_why(shell: Shell, desk: Desk) -> None:
    """For people in a line and for scripts in fields; what a customer wrote is neither markup nor a control sequence."""
    case = await desk.submit(
        "Please refund order DD-10001.",
        sender="anna.mueller@post.example",
        name="Anna [bold]Müller",
        subject="[red]Now\u202e\x1b[31m",
    )
    await case.until("waiting_for_approval")
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            listed = json.loads((await shell.starter("inbox", "--json", "--limit", "1000")).words())
            found = [row for row in listed if row["request_id"] == case.id]
            if found:
                break
    (row,) = found
    assert (row["tier"], row["amount"], row["requester"]) == ("medium", "EUR 49.90", "Anna [bold]Müller")
    assert row["why"]
    points = [row["points"] for row in listed]
    assert points == sorted(points, reverse=True)
    table = (await shell.starter("inbox", "--limit", "1000")).words("medium", "EUR 49.90", "[red]Now[U+202E]")
    assert "\x1b" not in table
    (await shell.starter("reject", case.id, "--as", "refunds", "--reason", "over")).words("accepted: ")
    listed = json.loads((await shell.starter("list", "--json", "--limit", "1000")).words())
    assert next(row for row in listed if row["request_id"] == case.id)["amount"] == ""


async def test_an_answer_carries_a_request_on(shell: Shell, desk: Desk, tmp_path: Path) -> None:
    """What the desk asked for is given as field=value."""
    request_id = await submitted(shell, copied(tmp_path, "04-which-order.eml"))
    case = desk.case(request_id)
    await case.until("waiting_for_information")
    (await shell.starter("answer", request_id, "order_number=DD-10002")).words(
        "everything asked for is there"
    )
    assert (await case.outcome()).ending == "done"


async def test_a_decision_is_refused_or_taken_by_its_exit_code(shell: Shell, desk: Desk) -> None:
    """1 and the reason for a stranger's approval and a rejection without a reason, 0 for one that counts, 2 after the end."""
    case = await desk.submit("Please refund order DD-10001.", sender="anna.mueller@post.example")
    await case.until("waiting_for_approval")
    stranger, without, early = await asyncio.gather(
        shell.starter("approve", case.id, "--as", "mallory"),
        shell.starter("reject", case.id, "--as", "refunds"),
        shell.starter("approve", case.id, "--as", "refunds", "--digest", "0" * 64),
    )
    for refused in (stranger, without, early):
        refused.words("refused: ", code=1)
    (await shell.starter("approve", case.id, "--as", "refunds")).words("accepted: ")
    assert (await case.outcome()).ending == "done"
    again, answer = await asyncio.gather(
        shell.starter("approve", case.id, "--as", "refunds"), shell.starter("answer", case.id, "damage=none")
    )
    again.sentence(case.id)
    answer.sentence(case.id, "is closed")


async def test_edit_respond_extend_and_withdraw_can_be_typed(shell: Shell, desk: Desk) -> None:
    """An edit and a response make new proposals, a deadline moves, and the request is taken back."""
    case = await desk.submit("Please refund order DD-10001.", sender="anna.mueller@post.example")
    await case.until("waiting_for_approval")
    edit = ("edit", case.id, "--as", "refunds", "--reason", "a part", "amount_minor=2000")
    (await shell.starter(*edit)).words("accepted: ")
    await case.until("waiting_for_approval", proposal="p2")
    respond = ("respond", case.id, "--as", "refunds", "--purpose", "change_draft", "--reason", "Kinder.")
    (await shell.starter(*respond)).words("accepted: ", "cannot use guidance")
    await case.until("waiting_for_approval", proposal="p3")
    for days, says in (
        (10, "deadline moved to "),
        (1, "refused: the current deadline is "),
        (99, "refused: "),
    ):
        until = (datetime.now(UTC) + timedelta(days=days)).isoformat()
        extend = ("extend", case.id, "--as", "refunds", "--until", until, "--reason", "holiday")
        said = await shell.starter(*extend)
        assert (said.code, said.out.startswith(says)) == (int(days != 10), True), said
    (await shell.starter("withdraw", case.id, "--reason", "I keep it")).words("sent")
    assert (await case.outcome()).ending == "withdrawn"


async def test_one_action_of_several_is_named_and_all_that_wait_are_meant_without(
    shell: Shell, desk: Desk
) -> None:
    """What is rejected alone is not done, with a reason of its own for the customer; the rest is approved at once."""
    case = await two_held_refunds(desk)
    shown = await shell.starter("show", case.id)
    shown.words(
        "issue_refund/payment PAY-10030-1 needs one person's decision", "not affected, decided on its own"
    )
    reject = ("reject", case.id, "--as", "refunds", "--reason", "voucher, see accounts")
    unclear, unknown = await asyncio.gather(
        shell.starter(*reject, "--action", "PAY-10030"), shell.starter(*reject, "--action", "parcel")
    )
    unclear.sentence("several actions fit", "issue_refund/payment PAY-10030-1")
    unknown.sentence("no such action waits", "issue_refund/payment PAY-10030-2")
    told = ("--reason-for-requester", "This part was paid with a voucher.")
    one = await shell.starter(*reject, *told, "--action", "PAY-10030-1")
    one.words(
        "accepted: reject by refunds", "Nothing is done until this is decided too: Refund payment PAY-10030-2"
    )
    (await shell.starter("approve", case.id, "--as", "refunds")).words("accepted: ", "rewritten")
    assert (await case.outcome()).ending == "partly_done"
    (mail,) = [m for m in desk.mail_sink.messages() if m["recipient"] == "zoe.dangelo@mail.example"]
    assert "This part was paid with a voucher." in mail["text"]
    assert "accounts" not in mail["text"]


async def test_a_reopened_follow_up_is_settled_as_shown(
    client: Client, tmp_path: Path, shell: Shell, desk: Desk
) -> None:
    """What was done and what is there now are shown; the command that its status shows is taken, as for a request."""

    def soon(playbook: dict[str, Any]) -> None:
        playbook["guardian"]["actions"]["issue_refund"]["follow_up_after"] = "2 seconds"

    own = tmp_path / "own"
    own.mkdir()
    async with running_desk(client, own, quick, soon) as quick_desk:
        case = await quick_desk.submit("Please refund order DD-10003.", sender="sean.obrien@mail.example")
        outcome = await case.outcome()
        refund = next(effect for effect in outcome.effects if effect.startswith("RF-"))
        (await quick_desk.back_office.http().post(f"/refunds/{refund}/cancel")).raise_for_status()
        check = quick_desk.case(outcome.follow_ups[0])
        status = await check.until("escalated")
        shown = await shell.starter("show", check.id)
        shown.words("issue_refund on", "differs in status", "amount_minor: 1200", "may decide: ")
        said = await shell.run(*shlex.split(status.next_command))
        said.words("accepted: ")
        async with asyncio.timeout(PATIENCE_SECONDS):
            settled = await client.get_workflow_handle(check.id).result()
        assert settled["verdict"] == "refuted"
        assert "by support-lead" in settled["why"]


async def test_an_unknown_request_is_one_sentence(bare: Shell) -> None:
    """Whatever is asked of a request that is not there: code 2, and where to look."""
    for said in await asyncio.gather(
        bare.starter("status", NOBODY),
        bare.starter("trail", NOBODY),
        bare.starter("approve", NOBODY),
        bare.starter("approve", NOBODY, "--proposal", "p1", "--digest", "0" * 64),
        bare.starter("answer", NOBODY, "order_number=DD-10001"),
        bare.starter("withdraw", NOBODY),
        bare.starter("extend", NOBODY, "--until", "2099-01-01T00:00:00Z"),
    ):
        said.sentence(f"there is no request {NOBODY}", "dispatch list")


async def test_without_a_worker_nothing_is_lost(bare: Shell, tmp_path: Path) -> None:
    """Status says that no worker answers; a submission and a decision on a known digest wait in history."""
    alone = bare.but(DISPATCH_TASK_QUEUE="nobody-listens")
    request_id = await submitted(alone, written(tmp_path, "alone.eml", "Where is my order DD-10001?"))
    status, decision, answer, trail = await asyncio.gather(
        alone.starter("status", request_id),
        alone.starter("approve", request_id, "--proposal", "p1", "--digest", "0" * 64),
        alone.starter("answer", request_id, "order_number=DD-10001"),
        alone.starter("trail", request_id),
    )
    status.sentence("no worker answers", "python worker.py")
    trail.words(f"{request_id}: open")
    decision.words("no worker answers now; the decision is in the request's history")
    answer.words("no worker answers now; the answer is in the request's history")
    (await alone.starter("list", "--limit", "1000")).words(request_id)


async def test_without_temporal_each_command_is_one_sentence(bare: Shell) -> None:
    """Code 2, the address that was tried, and what to do."""
    address = f"{LOOPBACK}:{free_port()}"
    nowhere = bare.but(TEMPORAL_ADDRESS=address)
    for said in await asyncio.gather(
        nowhere.starter("submit", REQUESTS / CHAIR),
        nowhere.starter("status", NOBODY),
        nowhere.starter("inbox"),
        nowhere.starter("approve", NOBODY),
    ):
        said.sentence("Temporal does not answer", address, "TEMPORAL_ADDRESS")


async def test_a_namespace_that_is_not_there_is_one_sentence(bare: Shell) -> None:
    """Code 2 and its name, whatever is typed."""
    elsewhere = bare.but(TEMPORAL_NAMESPACE="no-such-namespace")
    for said in await asyncio.gather(
        elsewhere.starter("submit", REQUESTS / CHAIR),
        elsewhere.starter("inbox"),
        elsewhere.starter("status", NOBODY),
    ):
        said.sentence("no-such-namespace")


async def test_a_wrong_setting_is_one_sentence(bare: Shell) -> None:
    """Code 2, and the name of the variable."""
    (await bare.but(DISPATCH_INBOX_PORT="many").starter("inbox")).sentence("DISPATCH_INBOX_PORT")
    (await bare.but(TEMPORAL_CONFIG_FILE="/nowhere.toml", TEMPORAL_PROFILE="x").starter("inbox")).sentence()


async def test_what_cannot_be_taken_in_is_one_sentence_each(bare: Shell, tmp_path: Path) -> None:
    """Empty, too large, broken beyond reading, a folder, no file, no mail, no sender: each named, each with what to do."""
    (tmp_path / "folder.eml").mkdir()
    (tmp_path / "notes.txt").write_text("hello")
    (tmp_path / "empty.eml").write_text("From: a@b.example\n\n \n")
    (tmp_path / "nobody.eml").write_text("Subject: hello\n\nhello\n")
    (tmp_path / "wrong.json").write_text('{"from": "a@b.example", "text": "hi", "amount": 5}')
    (tmp_path / "broken.eml").write_bytes(
        b"From: a@b.example\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=x\n\n"
    )
    with (tmp_path / "large.eml").open("wb") as large:
        large.write(b"From: a@b.example\nContent-Type: application/octet-stream\n\n")
        large.write(bytes(30 * 1024 * 1024))
    expected = {
        tmp_path / "empty.eml": "is empty",
        tmp_path / "large.eml": "more than the 25.0 MB",
        tmp_path / "broken.eml": "broken",
        tmp_path / "folder.eml": "is a folder",
        tmp_path / "missing.eml": "there is no file",
        tmp_path / "notes.txt": "neither .eml nor .json",
        tmp_path / "nobody.eml": "From",
        tmp_path / "wrong.json": "amount",
    }
    answers = await asyncio.gather(*(bare.starter("submit", path) for path in expected))
    for (path, words), said in zip(expected.items(), answers, strict=True):
        said.sentence(str(path), words)


async def test_a_bad_file_does_not_keep_the_others_out(bare: Shell, tmp_path: Path) -> None:
    """The good one is submitted, the bad one named, and the code is 2."""
    said = await bare.but(DISPATCH_TASK_QUEUE="nobody-listens").starter(
        "submit", tmp_path / "missing.eml", written(tmp_path, "good.eml", "Where is DD-10002?")
    )
    said.sentence("missing.eml")
    assert "  submitted  " in said.out


async def test_broken_mime_that_can_be_read_is_taken_in(shell: Shell, desk: Desk, tmp_path: Path) -> None:
    """A boundary that never closes and a wrong charset are no reason to send a customer away."""
    file = tmp_path / "torn.eml"
    file.write_bytes(
        f"Message-ID: <{uuid.uuid4()}@test>\n".encode()
        + b"From: Anna <anna.mueller@post.example>\nSubject: =?utf-9?q?Where=?=\nMIME-Version: 1.0\n"
        b"Content-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: text/plain; charset=klingon\n"
        b"Content-Transfer-Encoding: base64x\n\nWhere is my order DD-10002? \xff\n"
    )
    request_id = await submitted(shell, file)
    assert (await desk.case(request_id).outcome()).ending == "done"


async def test_an_unknown_desk_is_routed_by_a_person(shell: Shell, desk: Desk, tmp_path: Path) -> None:
    """A desk without a playbook loses nothing: a person is asked where the request belongs."""
    said = await shell.starter("submit", copied(tmp_path, CHAIR), "--desk", "no_such_desk")
    case = desk.case(said.words("  submitted  ").split()[0])
    await case.until("waiting_for_routing")
    (await shell.starter("trail", case.id)).words("no_such_desk")
    (await shell.starter("reject", case.id, "--as", "reception", "--reason", "not ours")).words("accepted: ")
    assert (await case.outcome()).ending == "rejected"


async def test_a_routing_says_what_follows(shell: Shell, desk: Desk) -> None:
    """A desk is named, and no proposal is there that would need a decision."""
    case = await desk.submit("Good morning.", sender="anna.mueller@post.example", subject="Hello", desk=None)
    await case.until("waiting_for_routing")
    said = await shell.starter("route", case.id, "--as", "reception", "support")
    said.words("accepted: ", f"the desk continues with the choice: dispatch status {case.id}")
    assert "proposal" not in said.out


async def test_a_malformed_desk_is_one_sentence(bare: Shell) -> None:
    """What can be no desk's name is refused at the door."""
    (await bare.starter("submit", REQUESTS / CHAIR, "--desk", "No Such Desk")).sentence()

"""POST /requests and GET /requests/ID: what becomes a request, once, and what its caller is told of it."""

import asyncio
import json
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from temporalio.client import Client

from dispatch.storage.api_keys import Scope
from runtime.gateway import Gateway
from tests.channels.http.serving import Served, mail, problem, served, written
from tests.desk import running_desk
from tests.workflows.requests_made import DAMAGE, JUERGEN, until_mailed

ANSWER = """From: juergen.gross@post.example
Message-ID: <{mail_id}@post.example>
Subject: Re: your order
In-Reply-To: {question}

The order is 10007. The lid is cracked.
"""


async def test_a_json_request_is_started(door: Served, client: Client) -> None:
    """202 with its id and address; the request is in Temporal with what was sent."""
    answer = await door.post(written(subject="Opening hours"), "?desk=support")
    assert answer.status_code == 202, answer.text
    told = answer.json()
    assert told == {"id": told["id"], "new": True, "url": f"{door.url}/requests/{told['id']}"}
    assert answer.headers["location"] == told["url"]
    described = await client.get_workflow_handle(told["id"]).describe()
    assert (described.workflow_type, await described.static_summary()) == ("Coordinator", "Opening hours")
    assert described.task_queue == door.settings.task_queue
    assert told["id"].startswith("support-json-")


async def test_a_mail_is_started_and_the_same_mail_is_one_request(door: Served) -> None:
    """A mail is identified by its Message-ID and content, for every sending program."""
    raw = mail()
    first = (await door.post_mail(raw)).json()
    again = (await door.post_mail(raw, key=door.make_key(Scope.WRITE))).json()
    assert (first["new"], again["new"], first["id"]) == (True, False, again["id"])


async def test_automatic_mail_says_so(door: Served) -> None:
    """The caller sees the sign by which it was told; the request is set apart."""
    raw = mail().replace(b"\r\n\r\n", b"\r\nAuto-Submitted: auto-replied\r\n\r\n", 1)
    assert (await door.post_mail(raw)).json()["automatic"] == "auto_submitted"


async def test_a_trigger_id_is_one_request(door: Served) -> None:
    """Sent twice it is one; with other content it is refused and a person looks at it."""
    body = written(trigger_id=f"form-{uuid.uuid4()}")
    first, again = (await door.post(body)).json(), (await door.post(body)).json()
    assert (first["id"], again["new"]) == (again["id"], False)
    told = problem(
        await door.post(body | {"text": "Something else"}), 422, first["id"], "A person looks at it"
    )
    assert told["kept"]
    entry = next(one for one in door.kept() if first["id"] in one.reason)
    assert (entry.door, entry.place) == ("http", "HTTP, key tests")
    assert "Something else" in entry.begins


async def test_an_idempotency_key_is_one_request(door: Served) -> None:
    """The same words under two keys are two requests, one key is one, and with another body it is refused unkept."""
    body, key = written(), f'"{uuid.uuid4()}"'
    headers = {"Idempotency-Key": key}
    first, again = (
        (await door.post(body, headers=headers)).json(),
        (await door.post(body, headers=headers)).json(),
    )
    assert (first["id"], first["new"], again["new"]) == (again["id"], True, False)
    bare = (await door.post(body, headers={"Idempotency-Key": key.strip('"')})).json()
    assert bare["id"] == first["id"]
    other = (await door.post(body, headers={"Idempotency-Key": str(uuid.uuid4())})).json()
    assert other["id"] != first["id"]
    before = len(door.kept())
    told = problem(await door.post(written(), headers=headers), 422, "another body")
    assert (told["type"].rpartition(":")[2], told["kept"]) == ("idempotency-key-reused", False)
    assert len(door.kept()) == before
    theirs = (await door.post(body, headers=headers, key=door.make_key(Scope.WRITE))).json()
    assert theirs["id"] != first["id"], "another program's key of the same words is its own"


async def test_many_at_once_with_one_key_are_one_request(door: Served) -> None:
    """A caller that does not wait for the first answer gets the same id each time, new once."""
    body, headers = written(), {"Idempotency-Key": uuid.uuid4().hex}
    answers = [a.json() for a in await asyncio.gather(*(door.post(body, headers=headers) for _ in range(10)))]
    assert len({a["id"] for a in answers}) == 1
    assert sum(a["new"] for a in answers) == 1


async def test_a_signed_webhook_is_a_request_once(door: Served) -> None:
    """Its webhook-id is the idempotency key; a repeated delivery is the same request."""
    secret, body = door.make_key(Scope.WRITE, desk="support", signed=True), json.dumps(written()).encode()
    first = await door.post_signed(body, secret, webhook_id="msg_1")
    again = await door.post_signed(body, secret, webhook_id="msg_1")
    assert first.json()["new"], first.text
    assert again.json() == first.json() | {"new": False}
    assert first.json()["id"].startswith("support-")


async def test_a_wrong_signature_opens_nothing(door: Served) -> None:
    """Another secret, a changed body, an old or malformed signature: 401, and no request."""
    secret, body = door.make_key(Scope.WRITE, signed=True), json.dumps(written()).encode()
    foreign = door.make_key(Scope.WRITE, name="gone", signed=True)
    door.keys.remove("gone")
    problem(await door.post_signed(body, foreign), 401, "signature")
    problem(
        await door.post_signed(body, secret, at=datetime.now(UTC) - timedelta(minutes=6)), 401, "five minutes"
    )
    bent = {"webhook-id": "m", "webhook-timestamp": str(int(datetime.now(UTC).timestamp()))}
    for signature in ("v1,AAAA", "nonsense", "v1,", ""):
        problem(await door.post(body, headers=bent | {"webhook-signature": signature}, key=None), 401)
    problem(await door.post(b"\xff", headers=bent | {"webhook-signature": "v1,AAAA"}, key=None), 401)


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b'{"from": "jane@mail.example", ', ("not JSON", "line 1")),
        (b'{"text": "\xff"}', ("not UTF-8", "byte 10")),
        (b'{"text": "a", "text": "b"}', ("'text' stands twice",)),
        (b"[" * 100_000, ("nested too deeply",)),
        (b"", ("not JSON",)),
    ],
    ids=["cut", "latin", "twice", "deep", "empty"],
)
async def test_what_is_no_json_goes_back_to_the_caller(
    door: Served, raw: bytes, words: tuple[str, ...]
) -> None:
    """400 with the place; only the program can mend it, so that no person is asked."""
    before = len(door.kept())
    told = problem(await door.post(raw), 400, *words)
    assert not told["kept"]
    assert len(door.kept()) == before


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"from": "jane at mail", "text": "Hello"}, ("'from' is wrong",)),
        ({"from": "jane@mail.example", "text": "Hello", "to": "you"}, ("'to' is unknown",)),
        ({"from": "jane@mail.example", "text": "  "}, ("'text' says nothing",)),
    ],
    ids=["address", "unknown", "empty"],
)
async def test_content_that_cannot_be_taken_in_waits_for_a_person(
    door: Served, body: dict[str, str], words: tuple[str, ...]
) -> None:
    """422 with what is wrong, and an entry of 'Not taken in' with the content."""
    told = problem(await door.post(body), 422, *words)
    assert told["kept"]
    entry = next(one for one in door.kept() if one.begins == json.dumps(body))
    assert (entry.name, entry.door) == ("request.json", "http")
    assert words[0] in entry.reason


async def test_a_mail_that_is_none_waits_for_a_person(door: Served) -> None:
    """A forwarding program cannot correct a refused mail, so a person gets it."""
    assert problem(await door.post_mail(b"nothing of a mail"), 422)["kept"]
    assert any(one.name == "request.eml" and one.begins == "nothing of a mail" for one in door.kept())


@pytest.mark.parametrize(
    ("query", "headers", "status", "words"),
    [
        ("?desk=Support!", {}, 400, ("'desk'",)),
        ("?desk=support&desk=other", {}, 400, ("'desk'",)),
        ("?dseks=support", {}, 400, ("'dseks' is unknown",)),
        ("", {"Idempotency-Key": "two words"}, 400, ("idempotency-key",)),
        ("", {"Idempotency-Key": "k" * 256}, 400, ("255",)),
        ("", {"Content-Type": "text/plain"}, 415, ("application/json", "message/rfc822")),
        ("", {"Content-Type": ""}, 415, ("message/rfc822",)),
        ("", {"Content-Encoding": "gzip"}, 415, ("Content-Encoding",)),
    ],
)
async def test_a_call_that_cannot_be_read(
    door: Served, query: str, headers: dict[str, str], status: int, words: tuple[str, ...]
) -> None:
    """The problem names the part of the call and what to send in its place."""
    problem(await door.post(written(), query, headers=headers), status, *words)


async def test_no_route_is_a_problem_too(door: Served) -> None:
    """Whatever is answered, a program can read it."""
    problem(await door.call("GET", "/elsewhere"), 404)
    problem(await door.call("PUT", "/requests"), 405)


async def test_where_a_request_stands(door: Served) -> None:
    """State, owner and times without a worker, and nothing that its requester wrote."""
    body = written(subject="A private matter", name="Jane Doe")
    sent = (await door.post(body)).json()
    answer = await door.call("GET", f"/requests/{sent['id']}")
    assert answer.status_code == 200
    told = answer.json()
    assert told["id"] == sent["id"]
    assert (told["state"], told["owner"], told["ending"], told["closed_at"]) == (
        "intake",
        "coordinator",
        None,
        None,
    )
    assert datetime.now(UTC) - datetime.fromisoformat(told["received_at"]) < timedelta(minutes=1)
    for private in ("jane", "private", "open"):
        assert private not in answer.text.lower()


async def test_an_unknown_id_is_not_found(door: Served) -> None:
    for request_id in ("support-json-0000000000000000", "x" * 3000, "%00", "a'b"):
        problem(await door.call("GET", f"/requests/{request_id}"), 404, "check the id")


async def test_a_request_is_followed_to_its_end(client: Client, tmp_path: Path) -> None:
    """Waiting, it names its owner and when it is looked at again; answered by a mail to this door, how and when it ended."""
    async with running_desk(client, tmp_path) as desk:
        own = {"task_queue": desk.settings.task_queue, "var_dir": desk.settings.var_dir}
        async with served(Gateway.over(client), tmp_path, **own) as door:
            body = {"from": JUERGEN, "text": DAMAGE}
            sent = (await door.post(body, "?desk=support")).json()
            case = desk.case(sent["id"])
            await case.until("waiting_for_information")
            told = (await door.call("GET", f"/requests/{sent['id']}")).json()
            assert (told["state"], told["owner"]) == ("waiting_for_information", "requester")
            assert told["review_point"] > told["received_at"]
            (question,) = await until_mailed(desk, 1)
            answer = ANSWER.format(mail_id=uuid.uuid4(), question=question["message_id"])
            added = await door.post_mail(answer.encode(), query="?desk=support")
            assert (added.json()["id"], added.json()["new"], added.json()["added"]) == (case.id, False, True)
            await case.outcome()
            told = (await door.call("GET", f"/requests/{sent['id']}")).json()
    assert (told["state"], told["ending"], told["review_point"]) == ("closed", "done", None)
    assert told["closed_at"] > told["received_at"]
    assert told["desk"] == "support"


async def test_a_terminated_request_has_failed(client: Client, door: Served) -> None:
    """What Temporal ended without the desk has no ending of the desk's."""
    sent = (await door.post()).json()
    await client.get_workflow_handle(sent["id"]).terminate()
    told = (await door.call("GET", f"/requests/{sent['id']}")).json()
    assert (told["state"], told["ending"]) == ("closed", "failed")

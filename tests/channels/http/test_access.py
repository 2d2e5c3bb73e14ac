"""Who may call: keys and their scopes and desks, and how often."""

import asyncio
import json
from pathlib import Path

import pytest
from temporalio.client import Client

from dispatch.storage.api_keys import Scope
from runtime.gateway import Gateway
from tests.channels.http.serving import Served, problem, served, written


@pytest.mark.parametrize(
    "authorization",
    [None, "Bearer ddk_unknown", "Basic dGVzdHM6eA==", "ddk_", "Bearer \xff"],
)
async def test_without_a_key_nothing_is_done(door: Served, authorization: str | None) -> None:
    """401 with how to send one, for every route but the document and the check of health."""
    headers = {} if authorization is None else {"Authorization": authorization.encode("latin-1")}
    for method, path in (("POST", "/requests"), ("GET", "/requests/support-json-0000000000000000")):
        answer = await door.http.request(method, path, headers=headers)  # type: ignore[arg-type]  # bytes too
        problem(answer, 401, "dispatch api-key add")
        assert answer.headers["www-authenticate"] == 'Bearer realm="dispatch-desk"'
    assert (await door.http.get("/openapi.json")).status_code == 200


async def test_a_key_is_good_for_its_scopes_alone(door: Served) -> None:
    """403 names the scope that is missing."""
    reads, writes = door.make_key(Scope.READ), door.make_key(Scope.WRITE)
    refused = await door.post(key=reads)
    problem(refused, 403, "requests:write")
    assert 'scope="requests:write"' in refused.headers["www-authenticate"]
    sent = (await door.post(key=writes)).json()
    problem(await door.call("GET", f"/requests/{sent['id']}", key=writes), 403, "requests:read")
    assert (await door.call("GET", f"/requests/{sent['id']}", key=reads)).status_code == 200


async def test_a_key_of_one_desk_reaches_that_desk_alone(door: Served) -> None:
    """Its requests are of that desk; another desk is refused, and another desk's request is not found."""
    key = door.make_key(desk="support")
    sent = (await door.post(key=key)).json()
    assert sent["id"].startswith("support-")
    assert (await door.call("GET", f"/requests/{sent['id']}", key=key)).json()["desk"] == "support"
    problem(await door.post(written(), "?desk=returns", key=key), 403, "for the desk support alone")
    unrouted = (await door.post()).json()
    problem(await door.call("GET", f"/requests/{unrouted['id']}", key=key), 404)


async def test_a_removed_key_is_refused_at_once(door: Served) -> None:
    """The door need not be started again."""
    key = door.make_key(name="leaving")
    assert (await door.post(key=key)).status_code == 202
    door.keys.remove("leaving")
    problem(await door.post(key=key), 401, "removed")


async def test_a_broken_key_file_closes_nobody_else_out(door: Served) -> None:
    """It opens nothing, and the others go on."""
    broken = door.settings.api_keys_dir / "broken.json"
    broken.write_text('{"name": "broken"}', encoding="utf-8")
    assert (await door.post()).status_code == 202
    broken.unlink()


async def test_a_key_calls_so_often_a_minute(client: Client, tmp_path: Path) -> None:
    """429 with the time to wait; another key goes on."""
    async with served(Gateway.over(client), tmp_path, http_calls_a_minute=3) as door:
        codes = [(await door.call("GET", "/requests/x")).status_code for _ in range(3)]
        assert codes == [404] * 3
        answer = await door.post()
        problem(answer, 429, "wait")
        assert 0 < int(answer.headers["retry-after"]) <= 60
        assert (await door.post(key=door.make_key())).status_code == 202


async def test_logs_have_neither_keys_nor_bodies(door: Served, capfd: pytest.CaptureFixture[str]) -> None:
    """A call is one line with its key's name; what was sent and what opens the door are in none."""
    secret, signed = door.make_key(name="quiet"), door.make_key(signed=True)
    text = "a sentence that stands in no log"
    assert (await door.post(written(text=text), key=secret)).status_code == 202
    await door.post(written(text=text, to="x"), key=secret)
    await door.post_signed(json.dumps(written(text=text)).encode(), signed)
    said = ""
    async with asyncio.timeout(10):
        while said.count("key=quiet") < 2 or said.count("status=202") < 2:
            said += "".join(capfd.readouterr())  # a call is logged just after its answer
            await asyncio.sleep(0.01)
    assert "status=422" in said
    for private in (text, secret, signed, "jane@mail.example"):
        assert private not in said

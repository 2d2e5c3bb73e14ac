"""The stand-in that takes posts: what it publishes once, what it takes down, what it refuses."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from tests.servers import MarketingService, running_marketing

POST = {"channel": "post", "title": "Snow", "text": "It snows.", "form": "plain"}


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[MarketingService]:
    async with running_marketing(tmp_path) as running:
        yield running


@pytest.fixture
def http(service: MarketingService) -> httpx.AsyncClient:
    return service.client("test-write")


async def _post(http: httpx.AsyncClient, path: str, key: str, body: object = None) -> httpx.Response:
    return await http.post(path, json=body, headers={"Idempotency-Key": key})


async def test_a_key_publishes_once(service: MarketingService, http: httpx.AsyncClient) -> None:
    """A repetition gets the same answer, another text under the key is refused, and the key finds what was made."""
    first, second = [await _post(http, "/posts", "k", POST) for _ in range(2)]
    assert (first.status_code, first.json()) == (201, second.json())
    assert (await _post(http, "/posts", "k", {**POST, "text": "Rain."})).status_code == 409
    assert len(service.posts()) == 1
    found = (await http.get("/posts", params={"idempotency_key": "k"})).json()["data"]
    assert [one["post_id"] for one in found] == [first.json()["post_id"]]


async def test_a_post_is_taken_down(service: MarketingService, http: httpx.AsyncClient) -> None:
    """It is no longer among what is published, and taking it down again changes nothing."""
    made = (await _post(http, "/posts", "k", POST)).json()["post_id"]
    for _ in range(2):
        assert (await _post(http, f"/posts/{made}/takedown", "k/takedown")).json()["status"] == "taken_down"
    assert (await http.get("/posts", params={"channel": "post"})).json()["data"] == []
    assert (await http.get(f"/posts/{made}")).json()["status"] == "taken_down"
    assert [row["status"] for row in service.posts()] == ["taken_down"]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({**POST, "channel": "radio"}, 404, "channel_not_found"),
        ({**POST, "channel": "ad", "text": "x" * 301}, 422, "text_too_long"),
        ({**POST, "form": "pdf"}, 400, "invalid_request"),
        ({"channel": "post"}, 400, "invalid_request"),
    ],
)
async def test_what_a_channel_does_not_take_is_refused(
    service: MarketingService, http: httpx.AsyncClient, body: object, status: int, code: str
) -> None:
    """With a code that says why; nothing is published."""
    answer = await _post(http, "/posts", "k", body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert service.posts() == []


async def test_what_is_asked_for_wrongly_is_said_so(
    service: MarketingService, http: httpx.AsyncClient
) -> None:
    """A list needs a key or a channel, a publication a key, and a reader may not publish."""
    assert (await http.get("/posts")).status_code == 400
    assert (await http.get("/posts/PB-1")).json()["error"]["code"] == "post_not_found"
    assert (await http.post("/posts", json=POST)).json()["error"]["code"] == "idempotency_key_required"
    assert (await _post(service.client("test-read"), "/posts", "k", POST)).status_code == 403

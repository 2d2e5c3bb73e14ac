"""The stand-in for an IT department's systems: what it tells, what it does once, what it refuses."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.servers import HelpdeskService, running_helpdesk

GRANT = {"login": "jbrandt", "system": "crm", "level": "read"}


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[HelpdeskService]:
    async with running_helpdesk(tmp_path) as running:
        yield running


@pytest.fixture
def http(service: HelpdeskService) -> httpx.AsyncClient:
    return service.client("test-write")


async def post(http: httpx.AsyncClient, path: str, body: dict[str, Any], key: str) -> httpx.Response:
    return await http.post(path, json=body, headers={"Idempotency-Key": key})


async def test_people_are_found_by_address_whatever_its_case(http: httpx.AsyncClient) -> None:
    """An address finds its one employee; one that nobody has finds nobody, which is no error."""
    found = (await http.get("/people", params={"email": "J.Brandt@KESTREL.example"})).json()["data"]
    assert [(one["login"], one["department"]) for one in found] == [("jbrandt", "Sales")]
    assert (await http.get("/people", params={"email": "nobody@kestrel.example"})).json() == {"data": []}


@pytest.mark.parametrize(
    ("path", "field", "value"),
    [
        ("/systems/crm", "owner", "pdubois"),
        ("/systems/Build%20Server", "system_id", "build-server"),
        ("/catalogue/workhorse%2015", "price_minor", 144900),
        ("/people/hlind", "name", "Henrike Lind"),
    ],
)
async def test_single_entries_are_found_by_id_or_name(
    http: httpx.AsyncClient, path: str, field: str, value: str | int
) -> None:
    """A system or a laptop is found by its id or its name, in any case."""
    assert (await http.get(path)).json()[field] == value


async def test_what_does_not_exist_is_said_to_be_missing(http: httpx.AsyncClient) -> None:
    """A single entry that does not exist is a 404 that names what is missing."""
    answer = await http.get("/systems/teleporter")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "system_not_found")


async def test_the_status_page_tells_what_is_not_resolved(http: httpx.AsyncClient) -> None:
    """The status page tells ongoing outages, of all systems or of one; what is resolved is left out."""
    every = (await http.get("/status")).json()["data"]
    assert {one["system"] for one in every} == {"VPN", "Build Server"}
    assert [one["outage_id"] for one in (await http.get("/status?system=vpn")).json()["data"]] == ["OUT-31"]
    assert (await http.get("/status?system=mail-server")).json()["data"] == []


async def test_an_effect_happens_once_for_a_key(http: httpx.AsyncClient, service: HelpdeskService) -> None:
    """The same order under the same key is answered with the same bytes and done once; another order is refused."""
    first = await post(http, "/grants", GRANT, "k-1")
    again = await post(http, "/grants", GRANT, "k-1")
    assert (first.status_code, again.content, again.headers["idempotent-replayed"]) == (
        201,
        first.content,
        "true",
    )
    assert len(service.effects("grant")) == 1
    other = await post(http, "/grants", {**GRANT, "level": "write"}, "k-1")
    assert (other.status_code, other.json()["error"]["code"]) == (409, "idempotency_key_reused")
    [found] = (await http.get("/grants", params={"idempotency_key": "k-1"})).json()["data"]
    assert found == first.json()


async def test_an_effect_can_be_taken_back(http: httpx.AsyncClient) -> None:
    """A grant is revoked by its id; revoked twice, it is still revoked."""
    made = (await post(http, "/grants", GRANT, "k-2")).json()["grant_id"]
    for key in ("k-3", "k-4"):
        answer = await post(http, f"/grants/{made}/revoke", {}, key)
        assert (answer.status_code, answer.json()["status"]) == (200, "revoked")


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        ("/grants", {"login": "rkaya", "system": "Payroll", "level": "read"}, 403, "employees_only"),
        ("/grants", {"login": "jbrandt", "system": "vpn", "level": "write"}, 422, "no_such_level"),
        ("/resets", {"login": "tvoss", "requested_by": "jbrandt"}, 422, "has_left"),
        ("/resets", {"login": "jbrandt", "requested_by": "nobody"}, 404, "person_not_found"),
        (
            "/orders",
            {"login": "jbrandt", "sku": "HW-201", "price_minor": 1, "currency": "EUR"},
            409,
            "price_changed",
        ),
        ("/tickets", {"login": "jbrandt", "title": ""}, 400, "invalid_request"),
    ],
)
async def test_what_must_not_be_done_is_refused(
    http: httpx.AsyncClient, service: HelpdeskService, path: str, body: dict[str, Any], status: int, code: str
) -> None:
    """An order against the department's own rules is refused with a code and leaves nothing behind."""
    answer = await post(http, path, body, "k-5")
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert service.effects(path.strip("/").removesuffix("s")) == []


async def test_a_key_that_may_only_read_orders_nothing(service: HelpdeskService) -> None:
    """With the read key people are found and nothing is done; without a key nothing is told."""
    reader = service.client("test-read")
    assert (await reader.get("/systems")).is_success
    assert (await post(reader, "/grants", GRANT, "k-6")).status_code == 403
    assert (await service.client("wrong").get("/systems")).status_code == 401


async def test_it_fails_on_order_after_the_effect(http: httpx.AsyncClient, service: HelpdeskService) -> None:
    """An armed fault breaks the answer off after the effect, which is then found under its key."""
    await service.arm("POST /orders", "drop_after_commit")
    body = {"login": "gsteiner", "sku": "HW-203", "price_minor": 289000, "currency": "EUR"}
    with pytest.raises(httpx.TransportError):
        await post(http, "/orders", body, "k-7")
    assert [one["status"] for one in service.effects("order")] == ["ordered"]

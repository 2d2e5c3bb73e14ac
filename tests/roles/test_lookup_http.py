"""The generic role `lookup` on a real HTTP system: what it finds, what it refuses, and how it fails."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any, Final

import pytest

from dispatch.models.errors import ClientError, RefusedError, SettingsError, UnavailableError
from dispatch.models.work.finding import FindingStatus
from tests.roles.looking_up import brief, item_facts, look_up
from tests.roles.ticket_api import READ_KEY, Tickets, ticket_api

SYSTEMS: Final[dict[str, Any]] = {
    "tickets": {
        "kind": "http",
        "base_url_variable": "DISPATCH_TICKETS_URL",
        "key_variable": "DISPATCH_TICKETS_KEY",
        "hosts": ["127.0.0.1"],
        "timeout_seconds": 1,
        "max_bytes": 100_000,
    }
}
BY_NAME: Final[dict[str, Any]] = {
    "system": "tickets",
    "read": {"get": {"path": "/accounts/{account}"}},
    "values": {"account": {"field": "account"}},
    "facts": {"owner": "/owner/name", "state": "/state"},
    "evidence": "account {account} is {state}",
}
BY_MAIL: Final[dict[str, Any]] = {
    "system": "tickets",
    "read": {"get": {"path": "/accounts", "query": {"email": "{address}", "shape": "full"}}},
    "values": {"address": {"requester": "address"}},
    "at": "/data",
    "facts": {"account": "/id", "state": "/state"},
    "evidence": "account {account} is {state}",
}


@pytest.fixture
def tickets() -> Iterator[Tickets]:
    with ticket_api() as api:
        api.accounts["kim"] = {
            "id": "kim",
            "email": "kim@club.example",
            "state": "open",
            "owner": {"name": "Kim"},
        }
        yield api


def environment(tickets: Tickets) -> dict[str, str]:
    return {"DISPATCH_TICKETS_URL": tickets.url, "DISPATCH_TICKETS_KEY": READ_KEY}


async def test_it_keeps_the_declared_parts_of_what_it_finds(tickets: Tickets) -> None:
    """Facts and evidence hold the declared parts of the row, by item; what is not declared is not kept."""
    finding = await look_up(SYSTEMS, environment(tickets), brief(BY_NAME, {"account": "kim"}))
    assert finding.status is FindingStatus.FOUND
    assert item_facts(finding) == {"status": "found", "owner": "Kim", "state": "open"}
    (evidence,) = finding.evidence
    assert (evidence.evidence_id, evidence.text) == ("find_account.item-1", "account kim is open")
    assert (evidence.source, evidence.reference) == ("records", "tickets")
    assert "club.example" not in finding.model_dump_json(exclude={"handoff"})


async def test_nothing_and_several_are_findings(tickets: Tickets) -> None:
    """No row and a status for nothing are `nothing`, two rows are `ambiguous`, unless the first is to count."""
    nothing = await look_up(SYSTEMS, environment(tickets), brief(BY_NAME, {"account": "nobody"}))
    assert nothing.status is FindingStatus.NOTHING
    assert item_facts(nothing) == {"status": "nothing"}
    tickets.accounts["kim2"] = tickets.accounts["kim"] | {"id": "kim2"}
    several = await look_up(SYSTEMS, environment(tickets), brief(BY_MAIL))
    assert several.status is FindingStatus.AMBIGUOUS
    first = await look_up(SYSTEMS, environment(tickets), brief(BY_MAIL | {"several": "first"}))
    assert item_facts(first)["account"] == "kim"
    only = await look_up(SYSTEMS, environment(tickets), brief(BY_MAIL | {"only": {"/id": "kim2"}}))
    assert item_facts(only)["account"] == "kim2"


async def test_items_with_the_same_values_share_one_read(tickets: Tickets) -> None:
    """Three items of which two name the same account cost two requests."""
    asked = brief(BY_NAME, {"account": "kim"}, {"account": "kim"}, {"account": "lee"})
    finding = await look_up(SYSTEMS, environment(tickets), asked)
    assert len(tickets.asked) == 2
    assert [item_facts(finding, f"item-{n}")["status"] for n in (1, 2, 3)] == ["found", "found", "nothing"]


HOSTILE: Final = [
    "../accounts/kim",
    "..",
    ".",
    "kim/../../secrets",
    "kim?admin=1",
    "kim#x",
    "kim%2f..",
    "kim\\..",
    "kim\r\nX-Key: 1",
    "kim;v=1",
    "kim\uff0f\uff0e\uff0e",
    "a\x00b",
]


@pytest.mark.parametrize("value", HOSTILE)
async def test_a_value_never_leaves_its_segment(tickets: Tickets, value: str) -> None:
    """A value that a server could read as more than one segment is refused, and nothing is sent."""
    config = BY_NAME | {"values": {"account": {"field": "account", "form": {"max_length": 500}}}}
    with suppress(RefusedError):
        # A control character is refused by the value's form already.
        finding = await look_up(SYSTEMS, environment(tickets), brief(config, {"account": value}))
        assert finding.status is FindingStatus.NOTHING
    assert not tickets.asked


@pytest.mark.parametrize("value", ["a b", "ü", "'", '"', "{account}", "{{x}}", "a&b=c", "kim@club", "日本"])
async def test_any_other_value_is_encoded(tickets: Tickets, value: str) -> None:
    """Quotes, braces, blanks and letters of any script reach the system as one segment, and are found there."""
    tickets.accounts[value] = {"id": value, "state": "odd"}
    finding = await look_up(SYSTEMS, environment(tickets), brief(BY_NAME, {"account": value}))
    assert item_facts(finding)["state"] == "odd"


async def test_an_address_is_one_value_of_the_query(tickets: Tickets) -> None:
    """Whatever an address holds, the query keeps its names: it is encoded."""
    sender = "a&shape=all&email=kim@club.example"
    finding = await look_up(SYSTEMS, environment(tickets), brief(BY_MAIL, sender=sender))
    assert finding.status is FindingStatus.NOTHING
    assert tickets.asked[0][1] == (
        "/api/accounts?email=a%26shape%3Dall%26email%3Dkim%40club.example&shape=full"
    )


@pytest.mark.parametrize(
    ("fault", "error", "told"),
    [
        ("500", UnavailableError, "500"),
        ("slow", UnavailableError, "not answered"),
        ("drip", UnavailableError, "not within 1 s"),
        ("huge", RefusedError, "more than 100,000 bytes"),
        ("html", RefusedError, "no JSON"),
        ("deep", RefusedError, "no JSON"),
        ("redirect", RefusedError, "302"),
        ("list", RefusedError, "another shape"),
        ("text", RefusedError, "another shape"),
    ],
)
async def test_each_way_of_failing(tickets: Tickets, fault: str, error: type[ClientError], told: str) -> None:
    """A slow or broken system is to be asked again; an answer of another size or shape is refused, and never a finding."""
    tickets.reads = [fault]
    with pytest.raises(error, match=told) as raised:
        await look_up(SYSTEMS, environment(tickets), brief(BY_MAIL))
    assert "kim@club" not in str(raised.value)


async def test_a_system_that_is_not_set_up_is_told(tickets: Tickets) -> None:
    """With an empty variable the lookup fails with its name; a wrong host stops the worker."""
    with pytest.raises(RefusedError, match="set DISPATCH_TICKETS_URL and DISPATCH_TICKETS_KEY"):
        await look_up(SYSTEMS, {}, brief(BY_MAIL))
    elsewhere = environment(tickets) | {"DISPATCH_TICKETS_URL": "http://tickets.example/api"}
    with pytest.raises(SettingsError, match="may be on"):
        await look_up(SYSTEMS, elsewhere, brief(BY_MAIL))


async def test_a_wrong_key_is_a_refusal(tickets: Tickets) -> None:
    """The system's own code is in the error, the key is not."""
    with pytest.raises(RefusedError) as raised:
        await look_up(SYSTEMS, environment(tickets) | {"DISPATCH_TICKETS_KEY": "wrong-one"}, brief(BY_MAIL))
    assert raised.value.code == "no_key"
    assert "wrong-one" not in str(raised.value)


async def test_the_key_is_sent_as_the_system_wants_it(tickets: Tickets) -> None:
    """The header and what comes before the key are declared; no other header holds it."""
    declared = {"tickets": SYSTEMS["tickets"] | {"key_header": "X-Api-Key", "key_prefix": ""}}
    with pytest.raises(RefusedError) as raised:
        await look_up(declared, environment(tickets), brief(BY_MAIL))
    assert raised.value.code == "no_key"
    assert [(name, value) for name, value in tickets.headers if READ_KEY in value] == [
        ("X-Api-Key", READ_KEY)
    ]

"""A whole desk in YAML alone: it reads, proposes, asks a person, acts, verifies and undoes on a real ticket system."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import JsonValue
from temporalio.client import Client

from dispatch.models.people.decision import DecisionType
from dispatch.models.request.status import Ending
from dispatch.models.trail import EntryKind
from runtime import gateway
from runtime.systems import not_set_up
from tests.desk import Case, Desk, at_work, resting_desk, running_desk
from tests.roles.access_desk import GRANT, SYSTEMS, access_playbook, environment
from tests.roles.ticket_api import Tickets, ticket_api
from tests.roles.yaml_desk import DESK, check, write_desk
from tests.servers import settings_from
from tests.signers import Signer, write_approvers
from worker import load_checked

pytestmark = pytest.mark.usefixtures("_test_roles")

MAIL = "May I borrow the keys to the shed?"


@pytest.fixture
def tickets(monkeypatch: pytest.MonkeyPatch) -> Iterator[Tickets]:
    with ticket_api() as api:
        api.accounts["kim"] = {"id": "kim", "email": "kim@club.example", "state": "open"}
        for name, value in environment(api).items():
            monkeypatch.setenv(name, value)
        yield api


async def ask(desk: Desk, sender: str = "kim@club.example") -> Case:
    write_approvers(desk.settings.approvers_path, Signer("ana"))
    return await desk.submit(MAIL, sender=sender, desk=DESK)


def test_the_desk_holds(tmp_path: Path) -> None:
    """`dispatch desk check` finds nothing wrong, and no file of the desk holds code."""
    folder = write_desk(tmp_path / "desks", access_playbook(), SYSTEMS)
    assert check(folder) == ""
    assert {file.name for file in folder.iterdir()} == {"playbook.yaml", "systems.yaml"}


async def test_a_request_is_carried_out_and_verified(
    client: Client, tmp_path: Path, tickets: Tickets
) -> None:
    """The account is looked up, access is granted without a person, and the verifier confirms it."""
    write_desk(tmp_path / "desks", access_playbook(), SYSTEMS)
    async with running_desk(client, tmp_path, desks_dir=tmp_path / "desks") as desk:
        outcome = await (await ask(desk)).outcome()
    assert (outcome.ending, outcome.effects) == (Ending.DONE, ("g-1",))
    (granted,) = tickets.grants
    assert (granted["account"], granted["place"], granted["days"]) == ("kim", "shed", 7)
    assert granted["key"] == f"{outcome.request_id}/grant_access/item-1"


async def test_a_person_decides_and_edits(client: Client, tmp_path: Path, tickets: Tickets) -> None:
    """An approver's edit is what is done; one of another type or beyond the bounds is refused."""
    write_desk(tmp_path / "desks", access_playbook("medium"), SYSTEMS)
    async with running_desk(client, tmp_path, desks_dir=tmp_path / "desks") as desk:
        case = await ask(desk)
        await case.until("waiting_for_approval")
        wrong: list[dict[str, JsonValue]] = [{"days": "3"}, {"days": 31}, {"days": True}, {"place": "vault"}]
        for edits in wrong:
            accepted, _ = await case.decide(DecisionType.EDIT, by="ana", edits=edits)
            assert not accepted
        item = (await gateway.Gateway.over(desk.client).request_detail(case.id)).approval_request
        assert item is not None
        assert item.items[0].choices == {"place": ("shed", "kiln")}
        proposal = (await case.status()).proposal_id
        assert (await case.decide(DecisionType.EDIT, by="ana", edits={"days": 3}))[0]
        while (await case.until("waiting_for_approval")).proposal_id == proposal:
            continue
        assert (await case.decide(DecisionType.APPROVE, by="ana"))[0]
        outcome = await case.outcome()
    assert outcome.ending is Ending.DONE
    assert [grant["days"] for grant in tickets.grants] == [3]


async def test_a_rejected_action_is_not_proposed_again(
    client: Client, tmp_path: Path, tickets: Tickets
) -> None:
    """After a rejection nothing is done and nothing more is asked."""
    write_desk(tmp_path / "desks", access_playbook("medium"), SYSTEMS)
    async with running_desk(client, tmp_path, desks_dir=tmp_path / "desks") as desk:
        case = await ask(desk)
        await case.until("waiting_for_approval")
        assert (await case.decide(DecisionType.REJECT, by="ana"))[0]
        outcome = await case.outcome()
    assert outcome.ending is Ending.REJECTED
    assert tickets.changes() == []


async def test_a_lost_answer_ends_as_done(client: Client, tmp_path: Path, tickets: Tickets) -> None:
    """The answer to the change is lost; the effect is found by its key, and stands once."""
    tickets.faults = ["lost"]
    write_desk(tmp_path / "desks", access_playbook(), SYSTEMS)
    async with running_desk(client, tmp_path, desks_dir=tmp_path / "desks") as desk:
        case = await ask(desk)
        outcome = await case.outcome()
    assert outcome.ending is Ending.DONE
    assert len(tickets.grants) == 1
    effects = [entry.why for entry in outcome.trail if entry.kind is EntryKind.EFFECT]
    assert effects == ["found by its key, done by an earlier attempt: g-1"]


async def test_who_is_not_found_is_a_persons(client: Client, tmp_path: Path, tickets: Tickets) -> None:
    """A requester without an account goes to a person by the routing rule; nothing is proposed."""
    write_desk(tmp_path / "desks", access_playbook(), SYSTEMS)
    async with running_desk(client, tmp_path, desks_dir=tmp_path / "desks") as desk:
        case = await ask(desk, sender="stranger@club.example")
        status = await case.until("escalated")
    assert "nobody with this address is a member" in f"{status}"
    assert tickets.changes() == []


async def test_a_lookup_that_fails_is_unavailable(client: Client, tmp_path: Path, tickets: Tickets) -> None:
    """A system that refuses makes the specialist unavailable, under its declared name; a person takes the request."""
    tickets.reads = ["html"] * 10
    write_desk(tmp_path / "desks", access_playbook(), SYSTEMS)
    async with running_desk(client, tmp_path, desks_dir=tmp_path / "desks") as desk:
        case = await ask(desk)
        await case.until("escalated")
        trail = await case.trail()
    assert [entry.sender for entry in trail if entry.what == "unavailable"] == ["specialist.find_account"]


async def test_a_changed_playbook_changes_nothing_that_waits(
    client: Client, tmp_path: Path, tickets: Tickets
) -> None:
    """A request that waits for approval is carried out as the playbook of its history declares it."""
    folder = write_desk(tmp_path / "desks", access_playbook("medium"), SYSTEMS)
    async with resting_desk(client, tmp_path, desks_dir=tmp_path / "desks") as desk:
        async with at_work(desk):
            case = await ask(desk)
            await case.until("waiting_for_approval")
        changed = _changed()
        (folder / "playbook.yaml").write_text(yaml.safe_dump(changed, sort_keys=False), encoding="utf-8")
        catalogue, playbooks = load_checked(desk.settings)
        newer = replace(desk, catalogue=catalogue, playbooks=playbooks)
        async with at_work(newer):
            assert (await case.decide(DecisionType.APPROVE, by="ana"))[0]
            outcome = await case.outcome()
    assert outcome.ending is Ending.DONE
    assert tickets.changes() == ["POST /api/grants"]
    assert tickets.grants[0]["note"] == "for kim"


async def test_an_action_that_is_removed_while_a_request_waits_is_still_done(
    client: Client, tmp_path: Path, tickets: Tickets
) -> None:
    """The request carries how the action is done, and a person approved exactly that: a playbook without it changes nothing."""
    folder = write_desk(tmp_path / "desks", access_playbook("medium"), SYSTEMS)
    async with resting_desk(client, tmp_path, desks_dir=tmp_path / "desks") as desk:
        async with at_work(desk):
            case = await ask(desk)
            await case.until("waiting_for_approval")
        removed = access_playbook()
        del removed["actions"]
        del removed["guardian"]["actions"]["grant_access"]
        removed["specialists"]["find_account"]["config"].pop("recommend")
        (folder / "playbook.yaml").write_text(yaml.safe_dump(removed, sort_keys=False), encoding="utf-8")
        catalogue, playbooks = load_checked(desk.settings)
        async with at_work(replace(desk, catalogue=catalogue, playbooks=playbooks)):
            assert (await case.decide(DecisionType.APPROVE, by="ana"))[0]
            outcome = await case.outcome()
    assert outcome.ending is Ending.DONE
    assert tickets.changes() == ["POST /api/grants"]


def _changed() -> dict[str, Any]:
    content = access_playbook("medium") | {"version": "1.0.1"}
    body = {"account": "{account}", "place": "{place}", "days": "{days}", "note": "as changed"}
    content["actions"]["grant_access"]["http_call"] = GRANT | {
        "request": {"path": "/elsewhere", "body": body}
    }
    return content


def _wrong(**changes: Any) -> dict[str, Any]:
    content = access_playbook()
    content["actions"]["grant_access"]["http_call"] = GRANT | changes
    return content


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"system": "billing"}, "there is no system 'billing'"),
        ({"request": {"path": "/grants/{whom}"}}, "{whom}, which is no parameter"),
        ({"request": {"path": "/grants?x={account}"}}, "put a query into query"),
        ({"parameters": GRANT["parameters"] | {"key": {}}}, "the engine's own value"),
        (
            {"read_back": GRANT["read_back"] | {"equals": {"/account": "whom"}}},
            "'whom', which is no parameter",
        ),
        ({"compensation": None}, "compensable"),
        ({"pays": {"minor": "days", "currency": "EUR"}}, "requires_intent"),
        ({"parameters": GRANT["parameters"] | {"extra": {}}}, "Give each parameter of the action once"),
    ],
)
def test_check_names_what_is_wrong_with_an_action(tmp_path: Path, changes: dict[str, Any], told: str) -> None:
    """Each mistake in a declared action is told before a worker begins."""
    folder = write_desk(tmp_path / "desks", _wrong(**changes), SYSTEMS)
    assert told in check(folder)


@pytest.mark.parametrize(
    ("system", "told"),
    [
        ({"kind": "ftp"}, "systems.tickets"),
        (SYSTEMS["tickets"] | {"base_url_variable": "HOME"}, "base_url_variable"),
        (SYSTEMS["tickets"] | {"base_url": "http://x.example"}, "base_url"),
        (SYSTEMS["tickets"] | {"acting_key_variable": None}, "has no key to act with"),
        ({"kind": "mcp", "command_variable": "DISPATCH_X", "tools": ["t"]}, "of kind mcp"),
    ],
)
def test_check_names_what_is_wrong_with_a_system(tmp_path: Path, system: dict[str, Any], told: str) -> None:
    """An address in the file, a variable of another program, and a system that cannot act are told."""
    folder = write_desk(tmp_path / "desks", access_playbook(), {"tickets": system})
    assert told in check(folder)


def test_check_names_an_address_book_that_is_none(tmp_path: Path) -> None:
    """A policy that names who knows people's addresses names a system that tells them, or nothing personal could be mailed."""
    content = access_playbook()
    content["guardian"]["actions"]["send_reply"]["policy"] = {"address_book": "tickets"}
    told = check(write_desk(tmp_path / "desks", content, SYSTEMS))
    assert "guardian.actions.send_reply.policy.address_book" in told
    assert "no system 'tickets' tells people's addresses" in told


def test_what_is_not_set_up_is_told(
    tickets: Tickets, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """`worker.py --check` names the variables of a declared system that are empty, and nothing where all are set."""
    write_desk(tmp_path / "desks", access_playbook(), SYSTEMS)
    catalogue = load_checked(settings_from({"DISPATCH_DESKS_DIR": str(tmp_path / "desks")})).catalogue

    def told() -> list[str]:
        return [one for one in not_set_up(catalogue.systems(acting=True)) if "loans" in one]

    assert told() == []
    monkeypatch.delenv("DISPATCH_TICKETS_WRITE_KEY")
    assert told() == ["the system loans.tickets to act is not set up: set DISPATCH_TICKETS_WRITE_KEY"]


async def test_two_desks_may_declare_the_same_names(
    client: Client, tmp_path: Path, tickets: Tickets, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A copy of a desk beside it has actions and roles of the same names; each acts on its own desk's system."""
    copy = access_playbook() | {"desk": "kiln_loans", "routing": {"phrases": ["kiln"]}}
    copy["actions"]["grant_access"]["http_call"] = GRANT | {
        "parameters": GRANT["parameters"] | {"days": {"type": "integer", "minimum": 100}},
        "request": GRANT["request"]
        | {"body": {"account": "{account}", "place": "{place}", "days": "{days}"}},
    }
    copy["specialists"]["find_account"]["config"]["recommend"][0]["parameters"]["days"] = {"value": 100}
    write_desk(tmp_path / "desks", access_playbook(), SYSTEMS)
    with ticket_api() as other:
        other.accounts["kim"] = {"id": "kim", "email": "kim@club.example", "state": "open"}
        monkeypatch.setenv("DISPATCH_KILN_URL", other.url)
        system = SYSTEMS["tickets"] | {"base_url_variable": "DISPATCH_KILN_URL"}
        write_desk(tmp_path / "desks", copy, {"tickets": system})
        async with running_desk(client, tmp_path, desks_dir=tmp_path / "desks") as desk:
            first = await (await ask(desk)).outcome()
            mail = await desk.submit(MAIL, sender="kim@club.example", desk="kiln_loans")
            second = await mail.outcome()
    assert {first.ending, second.ending} == {Ending.DONE}
    assert [grant["days"] for grant in tickets.grants] == [7]
    assert [grant["days"] for grant in other.grants] == [100]
    assert "note" not in other.grants[0]

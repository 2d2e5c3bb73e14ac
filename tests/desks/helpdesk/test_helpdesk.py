"""The helpdesk on the real server, against the stand-in for its systems: every sample, and what goes wrong."""

from collections.abc import AsyncIterator, Mapping
from typing import Any, Final

import pytest
from temporalio.client import Client

from devstack.approvers import make_people
from devstack.script import Sample, load_script
from runtime.settings import SHIPPED_DESKS
from tests.desk import Desk, running_desk
from tests.desks.playing import played, write_quick_playbook
from tests.servers import HelpdeskService, running_helpdesk

DESK: Final = SHIPPED_DESKS / "helpdesk"
SAMPLES = {sample.file: sample for sample in load_script(DESK / "samples" / "script.yaml")}
JONAS: Final = {"sender": "j.brandt@kestrel.example", "name": "Jonas Brandt", "desk": "helpdesk"}
KINDS: Final = ("reset", "grant", "order", "ticket")


class Helpdesk:
    """The running desk with the stand-in for its systems."""

    def __init__(self, desk: Desk, systems: HelpdeskService) -> None:
        self.desk, self.systems = desk, systems

    def standing(self) -> set[tuple[str, str]]:
        """Return what was done for whom and still stands."""
        gone = {"cancelled", "revoked"}
        return {
            (row["kind"], row["effect_id"])
            for kind in KINDS
            for row in self.systems.effects(kind)
            if row["status"] not in gone
        }

    def letters_to(self, address: str) -> list[str]:
        return [mail["text"] for mail in self.desk.mail_sink.messages() if mail["recipient"] == address]


@pytest.fixture(scope="module")
async def helpdesk(client: Client, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Helpdesk]:
    tmp_path = tmp_path_factory.mktemp("helpdesk")
    write_quick_playbook("helpdesk", tmp_path / "playbooks")
    async with running_helpdesk(tmp_path) as systems:
        environment: dict[str, Any] = {
            name.removeprefix("DISPATCH_").lower(): value
            for name, value in systems.environment.items()
            if "HELPDESK" in name
        }
        async with running_desk(client, tmp_path, **environment) as desk:
            make_people(desk.settings)
            yield Helpdesk(desk, systems)


async def _played(helpdesk: Helpdesk, sample: Sample) -> Any:
    async def arm(fault: Mapping[str, Any]) -> None:
        await helpdesk.systems.arm(**{name: value for name, value in fault.items() if name != "at"})

    return await played(helpdesk.desk, "helpdesk", sample, arm)


@pytest.mark.parametrize("sample", SAMPLES.values(), ids=lambda sample: sample.file)
async def test_a_sample_ends_as_it_must(helpdesk: Helpdesk, sample: Sample) -> None:
    """Each mail finds the desk by itself and comes to its ending; what stands in the systems is what the outcome says."""
    before = helpdesk.standing()
    outcome = await _played(helpdesk, sample)
    assert outcome.ending == sample.ending, outcome.why
    if outcome.ending == "done":
        assert all(item.disposition != "open" for item in outcome.items), outcome.items
    made = {effect for _, effect in helpdesk.standing() - before}
    told = {effect for effect in outcome.effects if effect[2:3] == "-"}
    # Of an unknown one the desk does not claim that it stands.
    assert (made == told) if outcome.ending != "unknown" else (made > told)


async def test_an_edited_level_is_what_is_granted_and_said(helpdesk: Helpdesk) -> None:
    """The approver's edit is what the system is told and what the letter says."""
    outcome = await _played(helpdesk, SAMPLES["04-access-edited.eml"])
    assert outcome.ending == "done"
    row = helpdesk.systems.effects("grant")[-1]
    assert (row["login"], '"level": "read"' in row["details"]) == ("svalente", True)
    assert any("(level: read)" in letter for letter in helpdesk.letters_to("s.valente@kestrel.example"))


async def test_a_password_is_never_in_a_letter_and_the_link_goes_to_the_owner(helpdesk: Helpdesk) -> None:
    """The reset is for the writer's own login, and the letter says where the link went."""
    case = await helpdesk.desk.submit("I forgot my password, please reset my password.", **JONAS)
    outcome = await case.outcome()
    assert outcome.ending == "done", outcome.why
    assert helpdesk.systems.effects("reset")[-1]["login"] == "jbrandt"
    assert "one-time link" in helpdesk.letters_to(JONAS["sender"])[-1]


async def test_a_lost_answer_is_found_under_its_key(helpdesk: Helpdesk) -> None:
    """Where the answer to a reset is lost after it was made, the next attempt finds it: one effect, and done."""
    await helpdesk.systems.arm("POST /resets", "drop_after_commit")
    before = len(helpdesk.systems.effects("reset"))
    case = await helpdesk.desk.submit("I am locked out of my account, unlock my account please.", **JONAS)
    outcome = await case.outcome()
    assert outcome.ending == "done", outcome.why
    assert len(helpdesk.systems.effects("reset")) == before + 1


async def test_a_system_that_is_away_is_a_person_s(helpdesk: Helpdesk) -> None:
    """A directory that refuses every read is unavailable, never a person who does not exist."""
    await helpdesk.systems.arm("GET /people", "status", status=400, times=-1)
    try:
        case = await helpdesk.desk.submit("I forgot my password, please reset my password.", **JONAS)
        await case.until("escalated")
        status = await case.status()
        assert status.review_point.owner == "service-desk" or "sam" in status.review_point.owner
    finally:
        await helpdesk.systems.disarm()


async def test_an_outage_that_nobody_knows_opens_a_ticket(helpdesk: Helpdesk) -> None:
    """Where the status page shows nothing, a ticket holds the requester's own words."""
    case = await helpdesk.desk.submit(
        "Is there an outage of the Wiki? It does not load for any of us.", **JONAS
    )
    outcome = await case.outcome()
    assert outcome.ending == "done", outcome.why
    assert "does not load" in helpdesk.systems.effects("ticket")[-1]["details"]

"""Specialists and reviewers that a playbook declares, done by generic roles: no file of the desk holds code."""

from pathlib import Path
from typing import Any

import pytest
from temporalio.client import Client

from dispatch.audit.models import AuditKind
from dispatch.models.request.status import Ending
from runtime.histories import trail_of_history
from tests.desk import running_desk
from tests.roles.yaml_desk import DESK, check, playbook, write_desk

pytestmark = pytest.mark.usefixtures("_test_roles")


async def test_a_declared_role_acts_under_its_own_name(client: Client, tmp_path: Path) -> None:
    """The generic role runs under its own activity type; the trail, the report and Temporal's UI show the declared name."""
    write_desk(tmp_path / "desks", playbook())
    async with running_desk(client, tmp_path, desks_dir=tmp_path / "desks") as desk:
        case = await desk.submit("May I borrow a saw?", sender="kim@club.example", desk=DESK)
        outcome = await case.outcome()
        trail = await case.trail()
        history = await case.handle.fetch_history()
        exported = await trail_of_history(client, case.id)
    assert outcome.ending is Ending.DONE
    assert {"specialist.opening_hours", "reviewer.short_letter"} <= {entry.receiver for entry in trail}
    assert not [entry for entry in trail if "role." in entry.receiver + entry.sender]
    told = {entry.sender for entry in exported.entries if entry.kind in {AuditKind.FINDING, AuditKind.RESULT}}
    assert {"specialist.opening_hours", "reviewer.short_letter"} <= told
    assert "role." not in "".join(entry.sender + entry.receiver for entry in exported.entries)
    local = b"".join(event.SerializeToString() for event in history.events)
    assert b"role.repeat" in local
    assert b"the plan calls opening_hours" in local
    assert b"short_letter: check the draft" in local


def _spoiled(**changes: Any) -> dict[str, Any]:
    content = playbook()
    content["specialists"]["opening_hours"] |= changes
    return content


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"role": "repeater"}, "there is no generic role 'repeater' for a specialist"),
        ({"config": {"tells": "it"}}, "specialists.opening_hours.config.says"),
        ({"backend": "examples"}, "the role repeat cannot work by examples"),
        ({"role": "shortness"}, "Name one of: "),
        ({"backend": "model"}, "backend: model needs a model"),
    ],
)
def test_check_names_what_is_wrong_with_a_declared_role(
    tmp_path: Path, changes: dict[str, Any], told: str
) -> None:
    """`dispatch desk check` says the place and the remedy."""
    folder = write_desk(tmp_path / "desks", _spoiled(**changes))
    assert told in check(folder)


def test_check_tells_all_problems_of_a_config(tmp_path: Path) -> None:
    """Every field of a config that is wrong has a sentence of its own."""
    folder = write_desk(tmp_path / "desks", _spoiled(config={"tells": "it", "loudly": True}))
    told = check(folder)
    assert all(f"config.{name}" in told for name in ("says", "tells", "loudly"))


def test_a_declared_role_may_not_hide_a_class(tmp_path: Path) -> None:
    """A declared role with the name of a class that exists is refused: the trail would not say which one acted."""
    content = playbook()
    content["specialists"]["order_history"] = content["specialists"].pop("opening_hours")
    content["intents"]["borrow"]["specialists"] = ["order_history"]
    content["plan"]["groups"] = [["order_history"]]
    folder = write_desk(tmp_path / "desks", content)
    assert "there is a class of this name, OrderHistory" in check(folder)

"""Who may decide what at a moment."""

from datetime import timedelta
from typing import Any

import pytest

from dispatch.approval.authority import is_own, key_problem, may_decide, people_for, stands_for
from dispatch.models.moments import format_stamp
from dispatch.models.people.approvers import Approver, Approvers
from tests.bound import NOW
from tests.signers import Signer

DAY = timedelta(days=1)


def person(name: str, *roles: str, **more: Any) -> Approver:
    return Approver.model_validate({"name": name, "full_name": name.title(), "roles": roles, **more})


def during(begins: timedelta, ends: timedelta) -> dict[str, Any]:
    return {"begins_at": NOW + begins, "ends_at": NOW + ends}


def test_a_person_decides_by_name_and_by_role() -> None:
    """A gate may name either, and neither stands for the other."""
    ana = person("ana", "refunds")
    file = Approvers(approvers=(ana,))
    assert may_decide(file, ana, ("refunds",), NOW)
    assert may_decide(file, ana, ("ana", "ben"), NOW)
    assert not may_decide(file, ana, ("ben", "refunds-lead"), NOW)


@pytest.mark.parametrize(
    ("begins", "ends", "counts"),
    [(-DAY, DAY, True), (timedelta(), DAY, True), (-DAY, timedelta(), False), (DAY, 2 * DAY, False)],
)
def test_a_delegation_counts_while_it_lasts(begins: timedelta, ends: timedelta, *, counts: bool) -> None:
    """From its beginning on, and no more at its end; only for the roles that it names."""
    lead = person(
        "lead",
        "refunds-lead",
        "boss",
        delegations=[{"to": "ana", "roles": ["refunds-lead"], **during(begins, ends)}],
    )
    ana = person("ana")
    file = Approvers(approvers=(lead, ana))
    assert may_decide(file, ana, ("refunds-lead",), NOW) is counts
    assert not may_decide(file, ana, ("boss", "lead"), NOW)


def test_nobody_hands_on_what_is_not_theirs() -> None:
    """A role that the delegator does not hold, or no longer holds, goes to nobody; and nothing is handed on twice."""
    lead = person("lead", delegations=[{"to": "ana", "roles": ["refunds-lead"], **during(-DAY, DAY)}])
    ana = person("ana", delegations=[{"to": "ben", "roles": ["refunds-lead"], **during(-DAY, DAY)}])
    ben = person("ben")
    file = Approvers(approvers=(lead, ana, ben))
    assert people_for(file, ("refunds-lead",), NOW) == ()
    held = Approvers(approvers=(lead.model_copy(update={"roles": ("refunds-lead",)}), ana, ben))
    assert [one.name for one in people_for(held, ("refunds-lead",), NOW)] == ["lead", "ana"]


@pytest.mark.parametrize(("ends", "counts"), [(DAY, True), (timedelta(), False)])
def test_a_deputy_stands_in_while_somebody_is_absent(ends: timedelta, *, counts: bool) -> None:
    """For the roles and for the name, and for as long as the absence lasts."""
    lead = person("lead", "refunds-lead", deputy="ana", absences=[during(-DAY, ends)])
    ana = person("ana", "refunds")
    file = Approvers(approvers=(lead, ana))
    assert may_decide(file, ana, ("refunds-lead",), NOW) is counts
    assert may_decide(file, ana, ("lead",), NOW) is counts
    assert set(stands_for(file, ana, NOW)) == {
        "ana",
        "refunds",
        *(("lead", "refunds-lead") if counts else ()),
    }


@pytest.mark.parametrize(
    ("requester", "own"),
    [
        ("ana@desk.example", True),
        ("ANA@Desk.Example", True),
        (" ana+refund@desk.example", True),
        ("ana.private@mail.example", True),
        ("\uff41na@desk.example", True),
        ("ana@desk.example.", True),
        ("ana@other.example", False),
        ("hanna@desk.example", False),
        ("", False),
    ],
)
def test_an_alias_is_the_same_person(requester: str, *, own: bool) -> None:
    """Case, plus-tags, width of the letters and further addresses do not make somebody else of a person."""
    ana = person("ana", addresses=["ana@desk.example", "Ana.Private@mail.example"])
    assert is_own(ana, requester) is own


def test_a_key_counts_until_it_is_revoked_or_expires() -> None:
    """From the moment of revocation or expiry on it does not, and the reason names the key and the moment."""
    key = Signer("ana").key
    assert key_problem(key, NOW) is None
    revoked = key.model_copy(update={"revoked_at": NOW})
    assert key_problem(revoked, NOW - DAY) is None
    assert key_problem(revoked, NOW) == f"key {key.key_id} was revoked at {format_stamp(NOW)}"
    assert key_problem(key.model_copy(update={"expires_at": NOW}), NOW) == (
        f"key {key.key_id} expired at {format_stamp(NOW)}"
    )

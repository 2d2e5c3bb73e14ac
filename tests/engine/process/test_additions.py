"""Which messages an open request may take."""

from dispatch.models.request.automatic import AutomaticMail, AutomaticSign
from dispatch.process.additions import addition_of, why_not_added
from tests.asked import submission


def test_machines_leave_room_for_the_requester() -> None:
    """Anybody may send automatic mail that names a request; the requester can still write after a flood of it."""
    asked = submission("Where is it?")
    own = addition_of(asked)
    machine = own.model_copy(
        update={"automatic": AutomaticMail(sign=AutomaticSign.AUTO_SUBMITTED, shown="auto-replied")}
    )
    assert why_not_added(machine, asked.sender, [machine] * 9) == ""
    assert "automatic" in why_not_added(machine, asked.sender, [machine] * 10)
    assert why_not_added(own, asked.sender, [machine] * 10) == ""
    assert "20 messages" in why_not_added(own, asked.sender, [own] * 20)

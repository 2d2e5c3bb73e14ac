"""How far an edit may go: what the records leave of it, said before anything is recorded."""

from tests.desk import Desk
from tests.workflows.requests_made import held_refund


async def test_an_edit_beyond_what_can_be_done_is_refused_with_the_most_that_can(desk: Desk) -> None:
    """It would be cut when the next proposal is made, after it was recorded as if it stood; now nothing is recorded."""
    case = await held_refund(desk)
    assert await case.decide("edit", edits={"amount_minor": 9_900}) == (
        False,
        "edits.amount_minor: EUR 99.00 (9900) is more than can be done, which is EUR 49.90 (4990)",
    )
    assert (await case.status()).proposal_id == "p1"
    assert (await case.decide("edit", edits={"amount_minor": 4_990}))[0]

"""Who is called again when a reviewer flags something."""

import pytest

from dispatch.models.work.finding import Finding, FindingStatus, ReviewException, Statement
from dispatch.models.work.playbook import ReviewPolicy
from dispatch.models.work.severity import Severity
from dispatch.process.mending import groups_to_mend
from tests.asked import HANDOFF

GROUPS = (("reader",), ("hours_writer", "price_writer"), ("closer",))


def finding(specialist: str, *item_ids: str) -> Finding:
    """Return a finding with one statement for each item."""
    return Finding(
        handoff=HANDOFF,
        specialist=specialist,
        status=FindingStatus.FOUND,
        summary="-",
        statements=tuple(Statement(text=f"On {each}.", item_ids=(each,)) for each in item_ids),
    )


FINDINGS = (
    finding("reader"),
    finding("hours_writer", "item-1"),
    finding("price_writer", "item-2"),
    finding("closer"),
)


def flagged(*item_ids: str) -> tuple[ReviewException, ...]:
    return (
        ReviewException(reviewer="r", standard="s", severity=Severity.MINOR, text="-", item_ids=item_ids),
    )


@pytest.mark.parametrize(
    ("mend", "about", "called"),
    [
        ((), ("item-2",), (("price_writer",), ("closer",))),
        ((), (), (("hours_writer", "price_writer"), ("closer",))),
        ((), ("item-9",), (("hours_writer", "price_writer"), ("closer",))),
        (("closer",), ("item-2",), (("closer",),)),
        (("reader",), ("item-2",), (("reader",), *GROUPS[1:])),
        (("nobody",), ("item-2",), ()),
    ],
)
def test_who_mends(
    mend: tuple[str, ...], about: tuple[str, ...], called: tuple[tuple[str, ...], ...]
) -> None:
    """The playbook's word first, else who wrote on the items; later groups read what is mended, so they follow."""
    policy = ReviewPolicy.model_validate({"reviewers": {"r": {}}, "mend": mend})
    assert groups_to_mend(policy, GROUPS, FINDINGS, flagged(*about)) == called


def test_where_nobody_wrote_nobody_mends() -> None:
    """What is flagged then goes to the guardian and to people as it is."""
    policy = ReviewPolicy.model_validate({"reviewers": {"r": {}}})
    assert groups_to_mend(policy, GROUPS, (finding("reader"),), flagged("item-1")) == ()

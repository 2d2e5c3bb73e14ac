"""What the digest of a handoff covers."""

from typing import ClassVar

from dispatch.models.canonical import digest_of
from dispatch.models.handoff import PENDING_HANDOFF, StageInput
from workflows.parts.activity_dispatcher import recorded_content


class Errand(StageInput):
    """A brief of this test."""

    noun: ClassVar[str] = "an errand"

    goal: str
    stops: tuple[str, ...]
    note: str = ""


def test_each_field_of_a_brief_moves_the_digest_of_its_handoff() -> None:
    """Two briefs that differ anywhere are told apart by their record."""
    errand = Errand(handoff=PENDING_HANDOFF, goal="fetch bread", stops=())
    others: list[dict[str, object]] = [{"goal": "fetch milk"}, {"stops": ("mill",)}, {"note": "before noon"}]
    digests = {digest_of(recorded_content(errand.model_copy(update=change))) for change in ({}, *others)}
    assert len(digests) == 1 + len(others)


def test_a_default_and_the_handoff_itself_are_not_digested() -> None:
    """A field that is added with a default, and the place of the handoff in the record, move no digest."""
    errand = Errand(handoff=PENDING_HANDOFF, goal="fetch bread", stops=(), note="")
    later = errand.model_copy(update={"handoff": PENDING_HANDOFF.model_copy(update={"seq": 9})})
    assert recorded_content(errand) == recorded_content(later) == {"goal": "fetch bread", "stops": []}

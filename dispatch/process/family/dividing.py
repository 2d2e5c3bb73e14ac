"""What each part of a request is started with, and how it is called."""

import hashlib
import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from dispatch.models.request.family import FAILED, Family, FamilyPart, PlannedPart
from dispatch.models.request.item import Item
from dispatch.models.request.part import PART_KIND, EarlierPart, Part
from dispatch.models.request.submission import RECEPTION, Submission
from dispatch.process.family.ending import is_done

_DIGITS: Final = 16
_OWN_DIGITS: Final = re.compile(rf"-([0-9a-f]{{{_DIGITS}}})\Z")


def part_id(parent: str, desk: str | None) -> str:
    """Return the id of a part: '<desk>-part-<digits>', with the digits of the whole request's own id.

    It has the form of any request's id, so that a mail of the part names it and an answer finds it.
    """
    own = _OWN_DIGITS.search(parent)
    digits = own[1] if own else hashlib.sha256(parent.encode()).hexdigest()[:_DIGITS]
    return f"{desk or RECEPTION}-{PART_KIND}-{digits}"


def family_of(parent: str, planned: Iterable[PlannedPart], answer_by: datetime) -> Family:
    """Return the family at its beginning; no part has begun."""
    parts = tuple(FamilyPart(planned=one, request_id=part_id(parent, one.desk)) for one in planned)
    return Family(parts=parts, answer_by=answer_by)


def due_parts(family: Family) -> tuple[FamilyPart, ...]:
    """Return the parts that may begin now: those before them, as the playbook says, have ended."""
    ended = {part.planned.desk for part in family.parts if part.ended}
    return tuple(
        part
        for part in family.parts
        if not part.begun and not part.ended and all(desk in ended for desk in part.planned.after)
    )


def submission_of(
    part: FamilyPart, family: Family, parent: str, submission: Submission, items: Sequence[Item]
) -> Submission:
    """Return what a part is started with: the whole message, its own items, and what ended before it."""
    earlier = [one for one in family.parts if one.planned.desk in part.planned.after]
    failed = [one for one in earlier if not is_done(one)]
    held = ""
    if failed and part.planned.after_failure == "person":
        ended = ", ".join(f"{one.name} ended as {_ending(one)}" for one in failed)
        held = f"it needs what another desk does first, and {ended}"
    own = tuple(item for item in items if item.item_id in part.planned.item_ids)
    return submission.model_copy(
        update={
            "desk": part.planned.desk,
            # Mails that answer one of ours come to the whole; a part is found by its own mails.
            "thread": (),
            "part": Part(
                parent=parent, items=own, earlier=tuple(_earlier(one) for one in earlier), held=held
            ),
        }
    )


def _ending(part: FamilyPart) -> str:
    return part.report.ending or FAILED if part.report is not None else FAILED


def _earlier(part: FamilyPart) -> EarlierPart:
    answer = part.report.answer if part.report is not None else None
    return EarlierPart(
        request_id=part.request_id,
        desk=part.name,
        ending=_ending(part),
        paragraphs=answer.paragraphs if answer is not None else (),
    )

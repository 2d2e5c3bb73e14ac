"""How a request for several desks ends: as its parts, the most serious first."""

from collections.abc import Iterable
from typing import Final

from dispatch.models.request.family import FAILED, Family, FamilyPart
from dispatch.models.request.item import Disposition, Item, ItemOutcome
from dispatch.models.request.status import Ending
from dispatch.models.trail import PartOutcome

_MOST_SERIOUS_FIRST: Final = (
    Ending.UNKNOWN,
    Ending.ESCALATED,
    Ending.BLOCKED,
    Ending.COMPENSATED,
    Ending.CANCELLED,
    Ending.ABANDONED,
    Ending.REJECTED,
    Ending.PARTLY_DONE,
    Ending.SET_APART,
    Ending.WITHDRAWN,
    Ending.DONE,
)
_NOBODY: Final = "nobody"


def ending_of_family(family: Family) -> tuple[Ending, str]:
    """Return how the whole ends and why, with the ending of each part: done only where every part is done.

    Where an answer could not be sent, or a part ended without an outcome, a person has the whole.
    """
    endings = [_ending(part) for part in family.parts]
    each = "; ".join(f"{part.name}: {_words(part)}" for part in family.parts)
    if family.problem:
        return Ending.ESCALATED, f"{family.problem}; {each}"
    return min(endings, key=_MOST_SERIOUS_FIRST.index), each


def owner_of_family(family: Family) -> str:
    """Return who has what is left of the parts: nobody, or the first person that a part was left with."""
    owners = (part.report.owner for part in family.parts if part.report is not None)
    return next((owner for owner in owners if owner not in {_NOBODY, "coordinator"}), _NOBODY)


def items_of_family(family: Family, items: Iterable[Item]) -> tuple[ItemOutcome, ...]:
    """Return how each item ended, as its part says; what a part says nothing of is open with a person."""
    known = {one.item_id: one for part in family.parts if part.report for one in part.report.items}
    places = {item_id: part for part in family.parts for item_id in part.planned.item_ids}
    return tuple(known.get(item.item_id) or _open(item, places.get(item.item_id)) for item in items)


def outcomes_of_family(family: Family) -> tuple[PartOutcome, ...]:
    """Return how each part ended, for the outcome of the whole."""
    return tuple(
        PartOutcome(
            request_id=part.request_id,
            desk=(part.report.desk if part.report else None) or part.planned.desk,
            ending=part.report.ending or FAILED if part.report else FAILED,
            why=part.report.why if part.report else "",
            owner=part.report.owner if part.report else _NOBODY,
        )
        for part in family.parts
    )


def is_done(part: FamilyPart) -> bool:
    """Return whether a part did all that was asked of it."""
    return part.report is not None and part.report.ending is Ending.DONE


def _ending(part: FamilyPart) -> Ending:
    ending = part.report.ending if part.report is not None else None
    return Ending.ESCALATED if ending is None else ending


def _words(part: FamilyPart) -> str:
    report = part.report
    if report is None:
        return "never begun"
    how = report.ending or FAILED
    return f"{how}: {report.why}" if report.why and report.ending is not Ending.DONE else str(how)


def _open(item: Item, part: FamilyPart | None) -> ItemOutcome:
    how = f"{part.name}: {_words(part)}" if part is not None else "in no part"
    refused = part is not None and part.report is not None and part.report.ending is Ending.WITHDRAWN
    disposition = Disposition.REFUSED if refused else Disposition.OPEN
    return ItemOutcome(item_id=item.item_id, text=item.text, disposition=disposition, how=how)

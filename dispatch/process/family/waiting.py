"""What a request for several desks keeps of its parts while it waits, and to which of them a message belongs."""

from collections.abc import Sequence

from dispatch.models.request.addition import Addition
from dispatch.models.request.family import Family, FamilyPart, PartReport
from dispatch.models.request.status import Ending, RequestState


def with_report(part: FamilyPart, report: PartReport) -> FamilyPart:
    """Return a part with a newer report.

    What was settled stays so where the part ends without saying more; where it says otherwise, that is to be told again.
    """
    before = part.report.answer if part.report is not None else None
    if report.answer is None and before is not None:
        report = report.model_copy(update={"answer": before})
    told = part.told and _words(report) == (before.paragraphs if before is not None else ())
    return part.model_copy(update={"report": report, "told": told})


def _words(report: PartReport) -> tuple[str, ...]:
    return report.answer.paragraphs if report.answer is not None else ()


def without(family: Family, ending: Ending, why: str) -> Family:
    """Return the family with the parts that have not begun ended so; nothing was done on them."""
    return family.model_copy(
        update={
            "parts": tuple(
                part
                if part.begun or part.ended
                else part.model_copy(
                    update={
                        "report": PartReport(
                            request_id=part.request_id,
                            desk=part.planned.desk,
                            state=ending,
                            awaiting="nothing",
                            owner="nobody",
                            ended=True,
                            ending=ending,
                            why=why,
                        )
                    }
                )
                for part in family.parts
            )
        }
    )


def targets(family: Family) -> tuple[FamilyPart, ...]:
    """Return the parts that a later message of the requester belongs to: those that asked something, else all that are open."""
    open_parts = tuple(part for part in family.parts if part.begun and not part.ended)
    asked = tuple(
        part
        for part in open_parts
        if part.report is not None and part.report.state == RequestState.WAITING_FOR_INFORMATION
    )
    return asked or open_parts


def unheard(family: Family, additions: Sequence[Addition]) -> tuple[Addition, ...]:
    """Return the requester's messages that no part has taken."""
    taken = {key for part in family.parts if part.report is not None for key in part.report.added}
    return tuple(one for one in additions if one.automatic is None and one.key not in taken)


def where_they_stand(family: Family) -> str:
    """Return in a line where each part stands, and with whom."""
    return "its parts: " + ", ".join(f"{part.name} {_stand(part)}" for part in family.parts)


def _stand(part: FamilyPart) -> str:
    report = part.report
    if report is None:
        return "is at work" if part.begun else f"begins after {' and '.join(part.planned.after)}"
    if report.ended:
        return f"has ended ({(report.ending or report.state).replace('_', ' ')})"
    if report.owner in {"coordinator", "nobody"}:
        return "is at work"
    return f"waits for {report.owner}"

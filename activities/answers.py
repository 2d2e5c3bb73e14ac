"""Reads what a requester answered; nothing that does not fit its question goes further."""

from temporalio import activity

from dispatch.models.work.plan import AnswerCheck, AnswerCheckResult
from dispatch.process.answers import read_answer as read


@activity.defn(name="read_answer")
async def read_answer(check: AnswerCheck) -> AnswerCheckResult:
    """Check an answer against the questions; good parts are kept even where others are not."""
    raw = check.raw
    fields = raw.get("fields") if isinstance(raw, dict) else None
    problems: tuple[str, ...] = ()
    items = check.items
    if not isinstance(fields, dict) or not fields or not all(isinstance(v, str) for v in fields.values()):
        problems = ('an answer is {"fields": {"<field>": "<text>", ...}} with at least one field',)
    else:
        items, problems = read(check.questions, check.items, {k: str(v) for k, v in fields.items()})
    missing = tuple(
        q for q in check.questions if any(q.field not in i.fields for i in items if i.item_id in q.item_ids)
    )
    return AnswerCheckResult(
        handoff=check.handoff, accepted=items != check.items, problems=problems, items=items, missing=missing
    )

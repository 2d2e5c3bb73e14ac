"""Reads a requester's answer; values that do not fit their question are refused."""

from temporalio import activity

from dispatch.models.work.plan import AnswerCheck, AnswerCheckResult
from dispatch.process.additions import says_more
from dispatch.process.answers import read_answer as read
from dispatch.process.answers import values_told
from dispatch.text.enclosed import enclosing

_SHAPE = 'an answer is {"fields": {"<field>": "<text>", ...}} with at least one field'


@activity.defn(name="read_answer")
async def read_answer(check: AnswerCheck) -> AnswerCheckResult:
    """Check an answer against the questions; valid parts are kept even if others are refused."""
    raw = check.raw
    text = raw.get("text") if isinstance(raw, dict) else None
    fields = raw.get("fields") if isinstance(raw, dict) else None
    problems: tuple[str, ...] = ()
    items, more = check.items, False
    if isinstance(text, str):
        attached = raw.get("attached") if isinstance(raw, dict) else None
        names = [str(name) for name in attached] if isinstance(attached, list) else []
        told = values_told(check.questions, text, names)
        more = says_more(check.questions, enclosing(text).around)
        items, problems = read(check.questions, check.items, told)
    elif not isinstance(fields, dict) or not fields or not all(isinstance(v, str) for v in fields.values()):
        problems = (_SHAPE,)
    else:
        items, problems = read(check.questions, check.items, {k: str(v) for k, v in fields.items()})
    missing = tuple(
        q for q in check.questions if any(q.field not in i.fields for i in items if i.item_id in q.item_ids)
    )
    return AnswerCheckResult(
        handoff=check.handoff,
        accepted=items != check.items,
        problems=problems,
        items=items,
        missing=missing,
        says_more=more,
    )

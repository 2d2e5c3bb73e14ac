"""Reading what a requester answered, held against what was asked."""

from collections.abc import Mapping, Sequence

from dispatch.models.request.item import Item
from dispatch.models.work.plan import Question
from dispatch.process.fields import MAX_VALUE_CHARS, whole_value

_SHOWN = 60


def read_answer(
    questions: Sequence[Question], items: Sequence[Item], fields: Mapping[str, str]
) -> tuple[tuple[Item, ...], tuple[str, ...]]:
    """Return the items with the good values filled in, and one sentence for each value that does not fit.

    A value must match its question's pattern in full and goes to the items that the question concerns, to no other.
    A field that was not asked for changes nothing.
    """
    by_field = {question.field: question for question in questions}
    good: dict[str, str] = {}
    problems: list[str] = []
    for field, raw in fields.items():
        question = by_field.get(field)
        if question is None:
            problems.append(f"{_shown(field)}: not asked for; asked: {', '.join(by_field) or 'nothing'}")
        elif (value := whole_value(question.pattern, raw, question.writings)) is not None:
            good[field] = value
        elif len(raw) > MAX_VALUE_CHARS:
            problems.append(f"{field}: longer than {MAX_VALUE_CHARS:,} characters")
        else:
            problems.append(f"{field}: {_shown(raw)} does not fit; an example is {question.example!r}")
    filled = tuple(
        _filled(item, {f: v for f, v in good.items() if item.item_id in by_field[f].item_ids})
        for item in items
    )
    return filled, tuple(problems)


def _filled(item: Item, values: Mapping[str, str]) -> Item:
    return item.model_copy(update={"fields": {**item.fields, **values}}) if values else item


def _shown(text: str) -> str:
    return ascii(text[:_SHOWN] + "…") if len(text) > _SHOWN else repr(text)

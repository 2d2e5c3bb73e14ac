"""Reads a requester's answer and checks it against the questions."""

from collections.abc import Mapping, Sequence

from dispatch.models.request.item import Item
from dispatch.models.work.plan import Question
from dispatch.models.work.playbook import FieldSpec, Writing
from dispatch.process.fields import MAX_VALUE_CHARS, enclosed_value, field_values, stated_value, whole_value
from dispatch.text.enclosed import enclosing
from dispatch.text.normalise import one_line

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
        elif (value := _value_of(question, raw)) is not None:
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


def _value_of(question: Question, raw: str) -> str | None:
    writings = (*question.writings, *question.answer_writings)
    spec = _spec(question, writings)
    return stated_value(spec, raw) if question.enclosed else whole_value(question.pattern, raw, writings)


def values_told(questions: Sequence[Question], text: str, attached: Sequence[str] = ()) -> dict[str, str]:
    """Return the value of each question that the text of an answer tells, or what it encloses or has `attached`.

    A question with several values in the text gets none, because only the requester can choose. The lines of our own
    question, which some programs quote without a mark, are left out.
    """
    told: dict[str, str] = {}
    around, enclosed = enclosing(text)
    text = _without_our_question(questions, around)
    for question in questions:
        if question.enclosed:
            if value := enclosed or enclosed_value(None, attached):
                told[question.field] = value
            continue
        values = _told(question, question.writings, text) or _told(question, question.answer_writings, text)
        if len(values) == 1:
            told[question.field] = values[0]
    return told


def _without_our_question(questions: Sequence[Question], text: str) -> str:
    flat = one_line(text)
    if all(one_line(question.text) not in flat for question in questions):
        return text
    ours = [words for question in questions for words in (question.text, question.example)]
    return "\n".join(line for line in text.split("\n") if not any(words in line for words in ours))


def tells_value(questions: Sequence[Question], sentence: str) -> bool:
    """Return whether a sentence tells a value of any of the questions."""
    return any(
        _told(question, (*question.writings, *question.answer_writings), sentence) for question in questions
    )


def _told(question: Question, writings: tuple[Writing, ...], text: str) -> tuple[str, ...]:
    return () if question.enclosed else field_values(_spec(question, writings), text)


def _spec(question: Question, writings: tuple[Writing, ...]) -> FieldSpec:
    return FieldSpec(
        question=question.text,
        pattern=question.pattern,
        example=question.example,
        writings=writings,
        is_description=question.is_description,
        enclosed=question.enclosed,
    )


def _filled(item: Item, values: Mapping[str, str]) -> Item:
    return item.model_copy(update={"fields": {**item.fields, **values}}) if values else item


def _shown(text: str) -> str:
    return ascii(text[:_SHOWN] + "…") if len(text) > _SHOWN else repr(text)

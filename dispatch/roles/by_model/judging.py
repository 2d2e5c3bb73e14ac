"""The form of a reviewer: for each standard that a model may judge, the passages of the draft that break it.

What the rules find always stays. A model can only add: each passage is found letter for letter in the draft, and the
exception is the playbook's own words with that passage.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from pydantic import JsonValue

from dispatch.forms import DataBlock, Form
from dispatch.models.contract import Facts
from dispatch.models.work.finding import ReviewException
from dispatch.models.work.proposal import ReviewBrief
from dispatch.roles.judging import Check, JudgeConfig, broken_by_rules, exception_of, part_of
from dispatch.text.prompt_injection import is_order

_MOST_PASSAGES: Final = 5
_SHORTEST: Final = 3
_LONGEST: Final = 300


def form(brief: ReviewBrief, config: JudgeConfig) -> Form | None:
    """Return the checks that a model may judge; None where there are none, or where it might be told what to say."""
    asked = [check for check in config.checks if _is_for_models(check)]
    parts = {check.name: part_of(check.part, brief) for check in asked}
    return passages_form(brief, {check.name: _told(check) for check in asked}, parts)


def filled(brief: ReviewBrief, config: JudgeConfig, value: JsonValue) -> tuple[ReviewException, ...]:
    """Return what the rules find and what a form that holds adds, in the rubric's order."""
    found: list[ReviewException] = []
    for check in config.checks:
        by_rules = [] if check.asks is not None else list(broken_by_rules(check, brief))
        problem = check.asks or "a model finds that this breaks it"
        by_model = (
            []
            if by_rules
            else [exception_of(check, brief, problem, one) for one in passages(value, check.name)]
        )
        found += by_rules + by_model
    return tuple(found)


def passages_form(
    brief: ReviewBrief, standards: Mapping[str, str], parts: Mapping[str, str] | None = None
) -> Form | None:
    """Return a form that wants the passages that break each standard, given by name with what it says.

    `parts` says for a standard in which part of the draft they must be; without, in its text. None where there is no
    standard, and where a text that the model would read gives orders to the machine: then nobody asks it.
    """
    blocks = tuple(_data(brief))
    if not standards or any(is_order(block.text) for block in blocks):
        return None
    passage: Facts = {"type": "string", "minLength": _SHORTEST, "maxLength": _LONGEST}

    def check(value: JsonValue) -> list[str]:
        return [
            f"quote: a passage of {name} is not in the draft, letter for letter"
            for name in standards
            for one in passages(value, name)
            if not one.strip() or one not in (parts or {}).get(name, brief.proposal.draft.text)
        ]

    return Form(
        data=blocks,
        schema={
            "type": "object",
            "properties": {
                name: {"type": "array", "items": passage, "maxItems": _MOST_PASSAGES, "description": told}
                for name, told in standards.items()
            },
            "required": list(standards),
            "additionalProperties": False,
        },
        check=check,
        names=(brief.requester_name,),
    )


def passages(value: JsonValue, standard: str) -> tuple[str, ...]:
    """Return the passages of a form that break a standard, each once."""
    told = value.get(standard) if isinstance(value, dict) else None
    return tuple(dict.fromkeys(one for one in told if isinstance(one, str))) if isinstance(told, list) else ()


def _is_for_models(check: Check) -> bool:
    """Return whether a passage of the draft can show that a check is broken, and the rules may miss it."""
    return bool(check.asks or check.must_not_contain or check.not_pattern or check.cites)


def _told(check: Check) -> str:
    forbidden = (
        f"it says something like: {', '.join(check.must_not_contain)}" if check.must_not_contain else ""
    )
    cites = "it says what the evidence does not" if check.cites else ""
    return check.asks or check.why or forbidden or cites or check.name.replace("_", " ")


def _data(brief: ReviewBrief) -> Iterator[DataBlock]:
    draft = brief.proposal.draft
    yield DataBlock("title", draft.title)
    yield DataBlock("draft", draft.text)
    yield from (DataBlock(item.item_id, item.text) for item in brief.items)
    yield DataBlock("evidence", "\n".join(f"- {one.text}" for one in brief.proposal.evidence))

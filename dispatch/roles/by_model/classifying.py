"""The form of a role `classify`: a score for each label of each item; the playbook's thresholds decide, as by rules."""

from pydantic import JsonValue

from dispatch.forms import DataBlock, Form
from dispatch.models.contract import Facts
from dispatch.models.work.finding import Brief, Finding
from dispatch.roles.classifying import ClassifyConfig, classified
from dispatch.roles.facts import own_items


def form(brief: Brief, config: ClassifyConfig) -> Form:
    """Return the items that this role works on as data, with one score between 0 and 1 for each of the labels."""
    labels = tuple(config.labels or config.intents)
    scores: Facts = {
        "type": "object",
        "properties": {label: {"type": "number", "minimum": 0, "maximum": 1} for label in labels},
        "required": list(labels),
        "additionalProperties": False,
    }
    items = own_items(brief)
    return Form(
        data=tuple(DataBlock(item.item_id, item.text) for item in items),
        schema={
            "type": "object",
            "properties": {item.item_id: scores for item in items},
            "required": [item.item_id for item in items],
            "additionalProperties": False,
        },
        names=(brief.requester.name,),
    )


def filled(brief: Brief, config: ClassifyConfig, value: JsonValue) -> Finding:
    """Return the labels of a form that holds; `ambiguous` where one is not sure enough, as by rules."""
    by_item = value if isinstance(value, dict) else {}
    return classified(brief, config, {item_id: _scores(scores) for item_id, scores in by_item.items()})


def _scores(scores: JsonValue) -> dict[str, float]:
    if not isinstance(scores, dict):
        return {}
    numbers = {label: float(score) for label, score in scores.items() if isinstance(score, int | float)}
    return {label: score for label, score in numbers.items() if score > 0}

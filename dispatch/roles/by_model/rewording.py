"""The form of a role that writes: the rules have written, and a model only words their paragraphs differently.

It is shown these paragraphs alone, never the request. What announces an action or refuses something is not shown either:
it stays word for word. Evidence, items, actions and refusals are the rules', whatever a paragraph is worded like.
"""

from collections.abc import Iterator

from pydantic import JsonValue

from dispatch.forms import DataBlock, Form
from dispatch.models.contract import Facts
from dispatch.models.work.finding import Brief, Finding, Statement
from dispatch.roles.by_model.fidelity import differences


def form(brief: Brief, written: Finding) -> Form | None:
    """Return the paragraphs that may be worded differently; None where there are none, and where a draft is mended.

    What a reviewer flagged is mended by the rules, which know what they were told.
    """
    paragraphs = {} if brief.exceptions else dict(_rewordable(brief, written))
    if not paragraphs:
        return None

    def check(value: JsonValue) -> list[str]:
        texts = value if isinstance(value, dict) else {}
        return [
            problem
            for name, statement in paragraphs.items()
            for problem in _problems(name, statement, texts.get(name), brief.language)
        ]

    text: Facts = {"type": "string", "minLength": 1}
    return Form(
        data=tuple(DataBlock(name, statement.text) for name, statement in paragraphs.items()),
        schema={
            "type": "object",
            "properties": dict.fromkeys(paragraphs, text),
            "required": list(paragraphs),
            "additionalProperties": False,
        },
        check=check,
        names=(brief.requester.name,),
    )


def reworded(brief: Brief, written: Finding, value: JsonValue) -> Finding:
    """Return what the rules wrote with the paragraphs of a form that holds; nothing else of it changes."""
    texts = value if isinstance(value, dict) else {}
    anew = {
        statement.text: statement.model_copy(update={"text": str(texts[name]).strip()})
        for name, statement in _rewordable(brief, written)
        if isinstance(texts.get(name), str)
    }
    statements = tuple(anew.get(statement.text, statement) for statement in written.statements)
    return written.model_copy(update={"statements": statements})


def _rewordable(brief: Brief, written: Finding) -> Iterator[tuple[str, Statement]]:
    """Yield the paragraphs on items of which nothing is done, refused or declined, each with its name in the form."""
    findings = (*brief.findings, written)
    weighty = {
        *(item_id for finding in findings for refusal in finding.refusals for item_id in [refusal.item_id]),
        *(item_id for finding in findings for action in finding.recommended for item_id in action.item_ids),
        *(item_id for declined in brief.declined for item_id in declined.item_ids),
    }
    for number, statement in enumerate(written.statements, 1):
        if statement.item_ids and weighty.isdisjoint(statement.item_ids):
            yield f"paragraph-{number}", statement


def _problems(name: str, statement: Statement, anew: JsonValue, language: str) -> Iterator[str]:
    """Yield what is wrong with a paragraph in other words; one that is left out stays the rules'."""
    if isinstance(anew, str) and anew.strip() != statement.text:
        for difference in differences(statement.text, anew.strip(), language):
            check, _, what = difference.partition(": ")
            yield f"{check}: in {name}, {what}"

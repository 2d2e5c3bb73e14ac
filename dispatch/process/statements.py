"""Merges equal statements: a paragraph occurs once, for all the items that it answers."""

from collections.abc import Iterable

from dispatch.models.work.finding import Statement


def merged(statements: Iterable[Statement]) -> tuple[Statement, ...]:
    """Return each different text once, where it came first, with the items and evidence of all that say it."""
    by_text: dict[str, Statement] = {}
    for statement in statements:
        first = by_text.get(statement.text)
        by_text[statement.text] = statement if first is None else _joined(first, statement)
    return tuple(by_text.values())


def _joined(one: Statement, other: Statement) -> Statement:
    return Statement(
        text=one.text,
        item_ids=tuple(dict.fromkeys((*one.item_ids, *other.item_ids))),
        evidence_ids=tuple(dict.fromkeys((*one.evidence_ids, *other.evidence_ids))),
    )

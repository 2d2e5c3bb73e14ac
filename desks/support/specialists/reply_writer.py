"""Writes what the reply says, item by item, from findings only; reaches nothing."""

from typing import ClassVar

from pydantic import JsonValue

from activities.contracts import System, Systems
from desks.support.models.facts import ReplyTerms
from desks.support.rules.replies import WRITER, write
from dispatch.forms import Form
from dispatch.models.contract import Contract
from dispatch.models.work.finding import Brief, Finding, FindingStatus
from dispatch.roles.by_model import rewording


class ReplyWriter:
    """Covers every item that something is known of with an answer, an announcement or a stated refusal.

    The wording and its rules are in desks/support/rules/replies.py. `nothing` means that there is nothing to say, which is
    never a reply: what is left over goes to a person. A model may word what the rules wrote, but for what is announced and
    refused.
    """

    backends: ClassVar[tuple[str, ...]] = ("rules", "model")
    uses: ClassVar[tuple[type[System], ...]] = ()
    needs: ClassVar[tuple[str, ...]] = ("order_history", "refund_policy")
    Config: ClassVar[type[Contract]] = ReplyTerms

    def __init__(self, systems: Systems) -> None:
        del systems  # writes from findings only

    def form(self, brief: Brief) -> Form | None:
        """Return the paragraphs that a model may word differently; None where there are none."""
        return rewording.form(brief, _written(brief))

    def filled(self, brief: Brief, value: JsonValue) -> Finding:
        """Return what the rules wrote, in the words of a form that holds."""
        return rewording.reworded(brief, _written(brief), value)

    async def examine(self, brief: Brief) -> Finding:
        return _written(brief)


def _written(brief: Brief) -> Finding:
    written = write(brief, ReplyTerms.model_validate(brief.config))
    covered = {item_id for statement in written.statements for item_id in statement.item_ids}
    return Finding(
        handoff=brief.handoff,
        specialist=WRITER,
        status=FindingStatus.FOUND if written.statements else FindingStatus.NOTHING,
        summary=f"{len(written.statements)} paragraphs on {len(covered)} of {len(brief.items)} items",
        evidence=written.evidence,
        statements=written.statements,
        refusals=written.refusals,
    )

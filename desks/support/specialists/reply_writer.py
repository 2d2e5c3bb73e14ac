"""Writes the reply, item by item, from findings only; uses no system."""

from typing import ClassVar

from activities.contracts import System, Systems
from desks.support.models.facts import ReplyTerms
from desks.support.rules.replies import WRITER, write
from dispatch.models.contract import Contract
from dispatch.models.work.finding import Brief, Finding, FindingStatus


class ReplyWriter:
    """Covers every item with a finding by an answer, an announcement or a refusal.

    The wording and its rules are in desks/support/rules/replies.py. `nothing` means that there is no text, which is
    never a reply: the remaining items go to a person.
    """

    uses: ClassVar[tuple[type[System], ...]] = ()
    needs: ClassVar[tuple[str, ...]] = ("order_history", "refund_policy")
    Config: ClassVar[type[Contract]] = ReplyTerms

    def __init__(self, systems: Systems) -> None:
        del systems  # writes from findings only

    async def examine(self, brief: Brief) -> Finding:
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

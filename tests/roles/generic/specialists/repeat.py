"""A generic specialist for tests: states a sentence of its config for each item."""

from typing import ClassVar

from activities.roles.contracts import GenericDefaults
from dispatch.models.contract import Contract
from dispatch.models.work.finding import Brief, Evidence, Finding, FindingStatus, Statement


class _Config(Contract):
    says: str


class Repeat(GenericDefaults):
    """State the config's sentence for each item."""

    Config: ClassVar[type[Contract]] = _Config

    async def examine(self, brief: Brief) -> Finding:
        says, name = _Config.model_validate(brief.config).says, brief.specialist
        return Finding(
            handoff=brief.handoff,
            specialist=name,
            status=FindingStatus.FOUND,
            summary=f"{name} of {brief.desk} says it",
            evidence=(Evidence(evidence_id=f"{name}.says", source="playbook", reference="says", text=says),),
            statements=tuple(
                Statement(text=says, item_ids=(item.item_id,), evidence_ids=(f"{name}.says",))
                for item in brief.items
            ),
        )

"""The generic reviewer `judge`: a rubric of declared checks."""

from collections.abc import Iterator
from typing import ClassVar

from pydantic import JsonValue

from activities.roles.contracts import GenericDefaults, RoleContext, RoleProblem
from dispatch.forms import Form
from dispatch.models.contract import Contract
from dispatch.models.work.proposal import Review, ReviewBrief
from dispatch.playbooks.field_checks import searched_pattern_problem
from dispatch.roles.by_model import judging as by_model
from dispatch.roles.judging import JudgeConfig, judge


class Judge(GenericDefaults):
    """Checks the draft by its rubric; the rules are in dispatch/roles/judging.py, and a model may find more."""

    backends: ClassVar[tuple[str, ...]] = ("rules", "model")
    Config: ClassVar[type[Contract]] = JudgeConfig

    @staticmethod
    def check(config: JudgeConfig, context: RoleContext) -> Iterator[RoleProblem]:
        """Check the patterns, which run on texts that may hold a stranger's words, and that no two checks share a name."""
        del context
        seen: set[str] = set()
        for index, one in enumerate(config.checks):
            if one.name in seen:
                yield RoleProblem(
                    f"checks.{index}.name", f"another check is {one.name!r} too", "Rename one of them."
                )
            seen.add(one.name)
            for name, pattern in (("pattern", one.pattern), ("not_pattern", one.not_pattern)):
                problem = None if pattern is None else searched_pattern_problem(pattern)
                if problem is not None:
                    yield RoleProblem(f"checks.{index}.{name}", *problem)

    def form(self, brief: ReviewBrief) -> Form | None:
        """Return what a model fills in; None where there is nothing that it could find."""
        return by_model.form(brief, JudgeConfig.model_validate(brief.config))

    def filled(self, brief: ReviewBrief, value: JsonValue) -> Review:
        """Return the rules' exceptions with those of a form that holds."""
        exceptions = by_model.filled(brief, JudgeConfig.model_validate(brief.config), value)
        return Review(handoff=brief.handoff, reviewer=brief.reviewer, exceptions=exceptions)

    async def review(self, brief: ReviewBrief) -> Review:
        config = JudgeConfig.model_validate(brief.config)
        return Review(handoff=brief.handoff, reviewer=brief.reviewer, exceptions=judge(brief, config))

"""The generic role `classify`: a label for each item."""

from collections.abc import Iterator
from typing import ClassVar

from pydantic import JsonValue

from activities.roles.contracts import GenericDefaults, RoleContext, RoleProblem
from dispatch.forms import Form
from dispatch.models.contract import Contract
from dispatch.models.work.finding import Brief, Finding
from dispatch.roles.by_model import classifying as by_model
from dispatch.roles.classifying import ClassifyConfig, classify


class Classify(GenericDefaults):
    """Labels items by phrases, or by what the desk's classifier takes them for (backend examples), or by a model."""

    backends: ClassVar[tuple[str, ...]] = ("rules", "examples", "model")
    Config: ClassVar[type[Contract]] = ClassifyConfig

    @staticmethod
    def check(config: ClassifyConfig, context: RoleContext) -> Iterator[RoleProblem]:
        """Check the labels against the backend, and the intents against the playbook."""
        by_examples = context.role.backend == "examples"
        if by_examples and not config.intents:
            yield RoleProblem("intents", "backend examples needs intents", "Name the intents of each label.")
        if context.role.backend == "rules" and not config.labels:
            yield RoleProblem("labels", "backend rules needs labels", "Name the phrases of each label.")
        if context.role.backend == "rules" and config.unphrased:
            yield RoleProblem(
                "labels",
                f"no phrase tells {', '.join(config.unphrased)}",
                "Write phrases, set backend to model, or name the label in otherwise.",
            )
        if by_examples and context.playbook.triage.backend != "examples":
            yield RoleProblem(
                "intents", "the desk has no classifier", "Set triage.backend to examples, or use labels."
            )
        for label, intents in config.intents.items():
            for intent in intents:
                if intent not in context.playbook.intents:
                    known = ", ".join(context.playbook.intents)
                    yield RoleProblem(
                        f"intents.{label}",
                        f"the playbook has no intent {intent!r}",
                        f"Name some of: {known}.",
                    )

    def form(self, brief: Brief) -> Form:
        """Return what a model fills in."""
        return by_model.form(brief, ClassifyConfig.model_validate(brief.config))

    def filled(self, brief: Brief, value: JsonValue) -> Finding:
        """Return the labels from a valid form."""
        return by_model.filled(brief, ClassifyConfig.model_validate(brief.config), value)

    async def examine(self, brief: Brief) -> Finding:
        return classify(brief, ClassifyConfig.model_validate(brief.config))

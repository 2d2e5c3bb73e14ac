"""The generic role `extract`: fields out of a request's text, each with its quote."""

from collections.abc import Iterator
from typing import ClassVar

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError
from pydantic import JsonValue

from activities.roles.contracts import GenericDefaults, RoleContext, RoleProblem
from dispatch.forms import Form
from dispatch.models.contract import Contract
from dispatch.models.work.finding import Brief, Finding
from dispatch.playbooks.field_checks import searched_pattern_problem
from dispatch.roles.by_model import extracting as by_model
from dispatch.roles.extraction import ExtractConfig, extract


class Extract(GenericDefaults):
    """Finds declared fields by pattern, and what those do not find by a model; the rules are in dispatch/roles/extraction.py."""

    backends: ClassVar[tuple[str, ...]] = ("rules", "model")
    Config: ClassVar[type[Contract]] = ExtractConfig

    @staticmethod
    def check(config: ExtractConfig, context: RoleContext) -> Iterator[RoleProblem]:
        """Check each pattern as those of the playbook's fields, and each schema against JSON Schema 2020-12."""
        for name, spec in config.fields.items():
            if spec.pattern is None and context.role.model is None:
                yield RoleProblem(
                    f"fields.{name}.pattern",
                    "it has no pattern, and no model that could find it",
                    "Write a pattern, or set backend to model.",
                )
            problem = None if spec.pattern is None else searched_pattern_problem(spec.pattern)
            if problem is not None:
                yield RoleProblem(f"fields.{name}.pattern", *problem)
            try:
                Draft202012Validator.check_schema(spec.json_schema)
            except SchemaError as error:
                yield RoleProblem(
                    f"fields.{name}.schema", f"it is no JSON schema: {error.message[:200]}", "Correct it."
                )

    def form(self, brief: Brief) -> Form | None:
        """Return what a model fills in; None where the patterns found all."""
        return by_model.form(brief, ExtractConfig.model_validate(brief.config))

    def filled(self, brief: Brief, value: JsonValue) -> Finding:
        """Return what comes of a form that holds."""
        return by_model.filled(brief, ExtractConfig.model_validate(brief.config), value)

    async def examine(self, brief: Brief) -> Finding:
        return extract(brief, ExtractConfig.model_validate(brief.config))

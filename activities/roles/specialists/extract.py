"""The generic role `extract`: fields out of a request's text, each with its quote."""

from collections.abc import Iterator
from typing import ClassVar

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError

from activities.roles.contracts import GenericDefaults, RoleContext, RoleProblem
from dispatch.models.contract import Contract
from dispatch.models.work.finding import Brief, Finding
from dispatch.playbooks.field_checks import searched_pattern_problem
from dispatch.roles.extraction import ExtractConfig, extract


class Extract(GenericDefaults):
    """Finds declared fields by pattern; the rules are in dispatch/roles/extraction.py."""

    Config: ClassVar[type[Contract]] = ExtractConfig

    @staticmethod
    def check(config: ExtractConfig, context: RoleContext) -> Iterator[RoleProblem]:
        """Check each pattern as those of the playbook's fields, and each schema against JSON Schema 2020-12."""
        del context
        for name, spec in config.fields.items():
            if (problem := searched_pattern_problem(spec.pattern)) is not None:
                yield RoleProblem(f"fields.{name}.pattern", *problem)
            try:
                Draft202012Validator.check_schema(spec.json_schema)
            except SchemaError as error:
                yield RoleProblem(
                    f"fields.{name}.schema", f"it is no JSON schema: {error.message[:200]}", "Correct it."
                )

    async def examine(self, brief: Brief) -> Finding:
        return extract(brief, ExtractConfig.model_validate(brief.config))

"""The generic role `write`: paragraphs from findings, by the playbook's templates, with the actions that they announce."""

from collections.abc import Iterator
from typing import ClassVar

from pydantic import JsonValue

from activities.roles.contracts import GenericDefaults, RoleContext, RoleProblem
from dispatch.forms import Form
from dispatch.models.contract import Contract
from dispatch.models.language import in_each_language
from dispatch.models.work.finding import Brief, Finding
from dispatch.models.work.playbook import Playbook
from dispatch.roles.by_model import rewording
from dispatch.roles.scope import ACTION, EACH, OWN_ROOTS, PLACEHOLDER, path_problem, template_problem
from dispatch.roles.writing import ActionTemplate, Paragraph, WriteConfig, write

_REMEDY = "Name what the requester, the item or an earlier specialist has."


class Write(GenericDefaults):
    """Writes from findings alone; the rules are in dispatch/roles/writing.py, and a model may word what they wrote."""

    backends: ClassVar[tuple[str, ...]] = ("rules", "model")
    Config: ClassVar[type[Contract]] = WriteConfig

    @staticmethod
    def needs(config: WriteConfig) -> tuple[str, ...]:
        """Return the specialists that its templates and conditions name."""
        roots = {root for paragraph in config.paragraphs for root in _roots(paragraph)}
        return tuple(sorted(roots - set(OWN_ROOTS)))

    @staticmethod
    def check(config: WriteConfig, context: RoleContext) -> Iterator[RoleProblem]:
        """Check intents, paths and placeholders, and that each action is one that the guardian knows."""
        playbook = context.playbook
        known = (*OWN_ROOTS, *(name for name in playbook.specialists if name != context.name))
        for index, paragraph in enumerate(config.paragraphs):
            path = f"paragraphs.{index}"
            for intent in paragraph.intents:
                if intent not in playbook.intents:
                    names = ", ".join(playbook.intents)
                    yield RoleProblem(
                        f"{path}.intents", f"the playbook has no intent {intent!r}", f"Name some of: {names}."
                    )
            usable = [
                root
                for root in known
                if (root != EACH or paragraph.each) and (root != ACTION or paragraph.action)
            ]
            yield from _misnamed(paragraph, path, usable)
            if paragraph.action is not None:
                yield from _misfit(paragraph.action, f"{path}.action", playbook)

    def form(self, brief: Brief) -> Form | None:
        """Return the paragraphs that a model may word differently; None where there are none."""
        return rewording.form(brief, write(brief, WriteConfig.model_validate(brief.config)))

    def filled(self, brief: Brief, value: JsonValue) -> Finding:
        """Return what the rules wrote, in the words of a form that holds."""
        return rewording.reworded(brief, write(brief, WriteConfig.model_validate(brief.config)), value)

    async def examine(self, brief: Brief) -> Finding:
        return write(brief, WriteConfig.model_validate(brief.config))


def _misfit(action: ActionTemplate, path: str, playbook: Playbook) -> Iterator[RoleProblem]:
    if action.name not in playbook.guardian.actions:
        yield RoleProblem(
            f"{path}.name",
            f"guardian.actions does not list {action.name!r}, so it would be blocked",
            "List it there, or correct the name.",
        )
    declared = playbook.actions.get(action.name)
    if declared is not None and (has := declared.http_call.parameters.keys()) != action.parameters.keys():
        given = ", ".join(action.parameters) or "none"
        yield RoleProblem(
            f"{path}.parameters",
            f"they are {given}, and {action.name} has {', '.join(has)}",
            "Give each parameter of the action once.",
        )


def _misnamed(paragraph: Paragraph, path: str, usable: list[str]) -> Iterator[RoleProblem]:
    tested = [one for test in paragraph.when for one in test.paths] + (
        [paragraph.each] if paragraph.each else []
    )
    problems = [(f"{path}.when", path_problem(one, usable)) for one in tested]
    problems += [(f"{path}.text", template_problem(one, usable)) for one in in_each_language(paragraph.text)]
    if (action := paragraph.action) is not None:
        inner = [root for root in usable if root != ACTION]
        problems += [
            (f"{path}.action.subject", template_problem(action.subject, inner)),
            (f"{path}.action.why", template_problem(action.why, inner)),
            (f"{path}.action.parameters", template_problem(action.parameters, inner)),
        ]
    for place, problem in problems:
        if problem is not None:
            yield RoleProblem(place, problem, _REMEDY)


def _roots(paragraph: Paragraph) -> Iterator[str]:
    templates = [*in_each_language(paragraph.text)]
    if (action := paragraph.action) is not None:
        templates += [action.subject, action.why, action.model_dump_json(include={"parameters"})]
    for template in templates:
        yield from (name.partition(".")[0] for name in PLACEHOLDER.findall(template) if _is_path(name))
    yield from (path.partition(".")[0] for test in paragraph.when for path in test.paths)
    if paragraph.each:
        yield paragraph.each.partition(".")[0]


def _is_path(name: str) -> bool:
    return "." in name and '"' not in name

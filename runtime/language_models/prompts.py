"""The prompts of the roles that playbooks give to language models."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from activities.language_models.asking import Prompts
from dispatch.language_models.prompts import prompt_file, read_prompt
from dispatch.models.work.guardian import GUARDIAN
from dispatch.models.work.playbook import EngineRole, OpinionPolicy, Playbook, Role
from dispatch.playbooks.loader import Playbooks


def prompts_of(playbooks: Playbooks, folders: Mapping[str, Path]) -> Prompts:
    """Return the prompt of each role that a model does. Raises PlaybookError where one cannot be read."""
    return {
        (desk, name): read_prompt(
            prompt_file(folders[desk], name, role.role if isinstance(role, Role) else None)
        )
        for desk, in_force in playbooks.by_desk.items()
        for name, role in _roles(in_force.playbook)
        if role.model is not None
    }


def models_named(playbook: Playbook) -> tuple[str, ...]:
    """Return the models that a playbook names, in order."""
    return tuple(sorted({role.model for _, role in _roles(playbook) if role.model is not None}))


def _roles(playbook: Playbook) -> Iterator[tuple[str, Role | EngineRole | OpinionPolicy]]:
    yield from playbook.reading.roles()
    yield from playbook.specialists.items()
    yield from playbook.review.reviewers.items()
    if playbook.guardian.opinion is not None:
        yield GUARDIAN, playbook.guardian.opinion

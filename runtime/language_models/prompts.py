"""The prompts of the roles that playbooks give to language models."""

from collections.abc import Mapping
from pathlib import Path

from activities.language_models.asking import Prompts
from dispatch.language_models.prompts import prompt_file, read_prompt
from dispatch.models.work.playbook import Playbook
from dispatch.playbooks.loader import Playbooks
from dispatch.playbooks.thinking_roles import thinking_roles


def prompts_of(playbooks: Playbooks, folders: Mapping[str, Path]) -> Prompts:
    """Return the prompt of each role that a model does. Raises PlaybookError where one cannot be read."""
    return {
        (desk, role.name): read_prompt(prompt_file(folders[desk], role.name, role.generic))
        for desk, in_force in playbooks.by_desk.items()
        for role in thinking_roles(in_force.playbook)
        if role.model is not None
    }


def models_named(playbook: Playbook) -> tuple[str, ...]:
    """Return the models that a playbook names, in order."""
    return tuple(sorted({role.model for role in thinking_roles(playbook) if role.model is not None}))

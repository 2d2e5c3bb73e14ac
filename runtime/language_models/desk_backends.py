"""What the roles of a desk run on, for people: rules, examples, or which language model with which prompt."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from activities.catalogue import Catalogue
from dispatch.language_models.prompts import prompt_file, read_prompt
from dispatch.playbooks.loader import survey_playbook
from dispatch.playbooks.thinking_roles import ThinkingRole, thinking_roles
from runtime.desk_check import playbook_file_of
from runtime.desks import discover
from runtime.settings import Settings

_RULES_ALONE: Final = ("rules",)
_OTHERWISE: Final = {"rules": "else by rules", "person": "else a person"}


def backends_of(settings: Settings, folders: Mapping[str, Path], desk: str) -> list[str]:
    """Return a line for each role that thinks, of a desk with which nothing is wrong.

    A role whose class works by rules alone, such as a lookup, is none of them.
    """
    playbook, _ = survey_playbook(desk, playbook_file_of(settings, folders, desk))
    if playbook is None:
        return []
    catalogue = discover(folders, [])
    lines = [f"triage: by {playbook.triage.backend}"]
    for role in thinking_roles(playbook):
        if role.model is not None:
            lines.append(f"{role.path}: {_by_model(role, folders[desk])}")
        elif (others := _backends(role, catalogue)) != _RULES_ALONE:
            can = " or ".join(one for one in others if one != role.backend)
            lines.append(f"{role.path}: by {role.backend}; it can work by {can}")
    if playbook.guardian.opinion is None:
        lines.append("guardian: by rules; it asks no model for an opinion")
    return [f"{desk}: {line}" for line in lines]


def _by_model(role: ThinkingRole, folder: Path) -> str:
    prompt = read_prompt(prompt_file(folder, role.name, role.generic)).ref
    return f"by the model {role.model}, {_OTHERWISE[role.fallback]}; prompt {prompt.name}, version {prompt.version}"


def _backends(role: ThinkingRole, catalogue: Catalogue) -> tuple[str, ...]:
    """Return what a role can work by, as its class says; those of the engine all can by a model."""
    place = role.path.partition(".")[0]
    if place == "reading":
        return ("rules", "model")
    coded: Mapping[str, Any] = (
        catalogue.specialist_classes if place == "specialists" else catalogue.reviewer_classes
    )
    generic: Mapping[str, Any] = (
        catalogue.generic_specialists if place == "specialists" else catalogue.generic_reviewers
    )
    kind = coded.get(role.name) if role.generic is None else generic.get(role.generic)
    backends: tuple[str, ...] = getattr(kind, "backends", _RULES_ALONE)
    return backends

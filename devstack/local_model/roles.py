"""Gives the local model every role that a model can do, in playbooks of a folder of their own; the shipped ones name none."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from dispatch.language_models.prompts import prompt_file
from runtime.desks import discover

MODEL: Final = "local"
"""The model's name in models.yaml and in the playbooks."""
GIVE_UP_AFTER: Final = "45 seconds"
"""How long a role waits: all samples ask one model at the same time, which answers one question after the other. What it has
not answered by then is done by the rules, so that the demo takes minutes on a slow machine too."""
_ENGINE_ROLES: Final = ("intake", "extraction")
"""Of those that read a request. Not triage: its question holds every intent's examples, which this model reads for a minute.
Nor the guardian's opinion: it may raise the risk of an action, and a sample would then wait for a person."""
_BACKEND: Final = "model"


class Kinds(NamedTuple):
    """The classes of specialists and reviewers, those of desks and the generic ones, by name."""

    specialists: Mapping[str, Any]
    generic_specialists: Mapping[str, Any]
    reviewers: Mapping[str, Any]
    generic_reviewers: Mapping[str, Any]


def kinds_of(folders: Mapping[str, Path]) -> Kinds:
    """Return what there is at these desks."""
    found = discover(folders)
    return Kinds(
        found.specialist_classes, found.generic_specialists, found.reviewer_classes, found.generic_reviewers
    )


def give_roles(document: dict[str, Any], folder: Path, kinds: Kinds) -> list[str]:
    """Have the model do each role of a playbook that it can do and that has a prompt; returns their names.

    Where its answer cannot be used the rules take its place, so that every request ends as without it.
    """
    chosen = {"backend": _BACKEND, "model": MODEL, "fallback": "rules"}
    given = []
    for name, role, kind in _roles(document, kinds):
        if _BACKEND in getattr(kind, "backends", ()) and prompt_file(folder, name, role.get("role")).exists():
            role.update(chosen)
            given.append(name)
    readers = [name for name in _ENGINE_ROLES if prompt_file(folder, name).exists()]
    document["reading"] = {name: dict(chosen) for name in readers}
    given += readers
    if given:
        document["models"] = {"give_up_after": GIVE_UP_AFTER}
    return given


def _roles(document: dict[str, Any], kinds: Kinds) -> Iterator[tuple[str, dict[str, Any], Any]]:
    for roles, own, generic in (
        (document.get("specialists", {}), kinds.specialists, kinds.generic_specialists),
        (document.get("review", {}).get("reviewers", {}), kinds.reviewers, kinds.generic_reviewers),
    ):
        for name, role in roles.items():
            kind = generic.get(role["role"]) if "role" in role else own.get(name)
            yield name, role, kind

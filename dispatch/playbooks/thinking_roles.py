"""The roles of a playbook that a language model may do, each with what its entry says of that."""

from collections.abc import Iterator
from typing import NamedTuple

from dispatch.models.work.guardian import GUARDIAN
from dispatch.models.work.playbook import Playbook


class ThinkingRole(NamedTuple):
    """One of them; its prompt is found by `name`, else by the `generic` role that does it."""

    path: str
    """Its place in the playbook."""
    name: str
    generic: str | None
    backend: str
    model: str | None
    fallback: str


def thinking_roles(playbook: Playbook) -> Iterator[ThinkingRole]:
    """Yield those of the engine, of specialists and of reviewers; the guardian where it asks a model."""
    for name, read in playbook.reading.roles():
        yield ThinkingRole(f"reading.{name}", name, None, read.backend, read.model, read.fallback)
    for place, roles in (
        ("specialists", playbook.specialists),
        ("review.reviewers", playbook.review.reviewers),
    ):
        for name, role in roles.items():
            yield ThinkingRole(f"{place}.{name}", name, role.role, role.backend, role.model, role.fallback)
    if (opinion := playbook.guardian.opinion) is not None:
        yield ThinkingRole("guardian.opinion", GUARDIAN, None, "model", opinion.model, opinion.fallback)

"""The roles of a playbook that a language model may do, each with what its entry says of that."""

from collections.abc import Iterator
from typing import NamedTuple

from dispatch.models.work.guardian import GUARDIAN
from dispatch.models.work.playbook import Playbook, Reading, Role


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


def by_rules(playbook: Playbook) -> Playbook:
    """Return a playbook whose roles all work without a model, by the rules that each of them has beside it."""
    review, guardian = playbook.review, playbook.guardian
    return playbook.model_copy(
        update={
            "reading": Reading(),
            "specialists": {name: _by_rules(role) for name, role in playbook.specialists.items()},
            "review": review.model_copy(
                update={"reviewers": {name: _by_rules(role) for name, role in review.reviewers.items()}}
            ),
            "guardian": guardian.model_copy(update={"opinion": None}),
        }
    )


def _by_rules(role: Role) -> Role:
    if role.model is None:
        return role
    return role.model_copy(update={"backend": "rules", "model": None, "fallback": "rules"})

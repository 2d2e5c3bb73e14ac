"""All roles that a language model may do in the desks of a worker."""

from collections.abc import Mapping
from pathlib import Path

from activities.catalogue import Catalogue
from activities.language_models.asking import Thinking
from activities.language_models.reading import ReadDesks, reading_roles
from activities.language_models.thinking import thinkers
from dispatch.playbooks.examples_file import load_examples
from dispatch.playbooks.loader import Playbooks


def roles_of(catalogue: Catalogue, playbooks: Playbooks, folders: Mapping[str, Path]) -> list[Thinking]:
    """Return the roles of the catalogue and those that read a request. Raises PlaybookError for a file of examples."""
    examples = {
        desk: found
        for desk, in_force in playbooks.by_desk.items()
        if (found := load_examples(folders[desk], in_force.playbook)) is not None
    }
    return [*thinkers(catalogue), *reading_roles(ReadDesks(playbooks.by_desk, examples))]

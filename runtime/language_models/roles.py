"""All roles that a language model may do in the desks of a worker."""

from activities.catalogue import Catalogue
from activities.language_models.asking import Thinking
from activities.language_models.reading import ReadDesks, reading_roles
from activities.language_models.thinking import thinkers
from dispatch.playbooks.loader import Playbooks


def roles_of(catalogue: Catalogue, playbooks: Playbooks) -> list[Thinking]:
    """Return the roles of the catalogue and those that read a request."""
    return [*thinkers(catalogue), *reading_roles(ReadDesks(playbooks.by_desk, playbooks.examples))]

"""The classifiers of the desks, as the settings say."""

import os
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from dispatch.classification.classifiers import Classifiers, shared_classifiers
from dispatch.classification.embedder import installed_model
from dispatch.classification.embeddings_endpoint import Endpoint
from dispatch.hosts.private import host_problem
from dispatch.models.errors import SettingsError
from dispatch.playbooks.loader import Playbooks
from runtime.settings import Settings

_FOLDER: Final = "classifiers"


def classifiers_of(settings: Settings, playbooks: Playbooks) -> Classifiers:
    """Return the classifiers of the desks that sort by examples. Raises SettingsError if the embedder is invalid."""
    embedder = _embedder_of(settings) if playbooks.examples else None
    return shared_classifiers(playbooks.examples, embedder, cache_folder())


def _embedder_of(settings: Settings) -> Path | Endpoint | None:
    if settings.embedder == "none":
        return None
    if settings.embedder == "local":
        try:
            return installed_model()
        except ValueError as error:
            raise SettingsError(str(error)) from None
    url, _, model = settings.embedder.partition("#")
    host = urlsplit(url).hostname or ""
    if problem := host_problem(host):
        raise SettingsError(
            f"DISPATCH_EMBEDDER names {host or url}, which {problem}; requesters' texts "
            "would leave the building. Name a model server of your own, or 'local'."
        )
    key = settings.embedder_key.get_secret_value() if settings.embedder_key is not None else ""
    return Endpoint(url.rstrip("/"), model, key)


def cache_folder() -> Path:
    """Return the folder of trained classifiers: beside the temporal program, in the user's cache."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cache / "dispatch-desk" / _FOLDER

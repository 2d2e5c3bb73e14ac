"""The classifiers of the desks, as the settings say."""

import os
from pathlib import Path
from typing import Final

from dispatch.classification.classifiers import Classifiers, shared_classifiers
from dispatch.classification.embedder import installed_model
from dispatch.models.errors import SettingsError
from dispatch.playbooks.loader import Playbooks
from runtime.settings import Settings

_FOLDER: Final = "classifiers"


def classifiers_of(settings: Settings, playbooks: Playbooks) -> Classifiers:
    """Return the classifiers of the desks that sort by examples. Raises SettingsError where the embedder is not what it says."""
    model = None
    if playbooks.examples and settings.embedder == "local":
        try:
            model = installed_model()
        except ValueError as error:
            raise SettingsError(str(error)) from None
    return shared_classifiers(playbooks.examples, model, cache_folder())


def cache_folder() -> Path:
    """Return where classifiers keep what they have learned: beside the temporal program, in the user's cache."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cache / "dispatch-desk" / _FOLDER

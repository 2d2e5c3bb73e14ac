"""The configured language models, and the keys for their servers."""

import os
from collections.abc import Iterable, Mapping
from typing import Final

from pydantic import SecretStr

from dispatch.hosts.private import host_problem
from dispatch.language_models.models_file import LanguageModel, key_of, read_models
from dispatch.models.errors import SettingsError
from runtime.settings import Settings

MODEL_ROLE: Final = "model:"
"""The prefix of the role of a worker that asks one model."""


def models_of(settings: Settings) -> dict[str, LanguageModel]:
    """Return the models by name; none without a file. Raises SettingsError with a line for each error."""
    return read_models(settings.models_file)


def keys_of(
    models: Iterable[LanguageModel], environment: Mapping[str, str] | None = None
) -> dict[str, SecretStr]:
    """Return the key of each server, by the model's name. Raises SettingsError."""
    variables = os.environ if environment is None else environment
    return {model.name: key_of(model, variables) for model in models}


def model_names(settings: Settings, role: str) -> tuple[str, ...]:
    """Return the models that a worker of a role asks: each of the file for `all`, the one named by `model:NAME`."""
    if role == "all":
        return tuple(models_of(settings))
    return (role.removeprefix(MODEL_ROLE),) if role.startswith(MODEL_ROLE) else ()


def model_named(settings: Settings, name: str) -> LanguageModel:
    """Return a model whose host may be reached. Raises SettingsError."""
    models = models_of(settings)
    if name not in models:
        known = ", ".join(sorted(models)) or "none"
        raise SettingsError(f"DISPATCH_MODELS_FILE has no model {name}; known: {known}")
    if problem := host_problem(models[name].host, models[name].allow):
        raise SettingsError(
            f"the model {name} is on {models[name].host}, which {problem}; name a server of your own, or list the host "
            "under allow"
        )
    return models[name]

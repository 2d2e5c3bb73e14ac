"""Opens the outside systems that the open sets declare, each from its own settings."""

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from activities.contracts import System, Systems, SystemSettings, settings_class
from runtime.settings import Settings, settings_of

Environment = Mapping[str, str]
"""Variables that replace the process's environment, for example in a test."""


def settings_for(kind: type[System], environment: Environment | None = None) -> SystemSettings:
    """Read a system's settings; raises SettingsError naming each variable that is wrong."""
    return settings_of(settings_class(kind), environment)


def settings_fields(kinds: Iterable[type[System]]) -> dict[str, FieldInfo]:
    """Return every setting, the product's own first, then those of some systems; for checks and documentation."""
    fields = dict(Settings.model_fields)
    for kind in kinds:
        fields |= {
            name: field for name, field in settings_class(kind).model_fields.items() if name not in fields
        }
    return fields


@asynccontextmanager
async def open_systems(
    kinds: Iterable[type[System]], environment: Environment | None = None
) -> AsyncIterator[Systems]:
    """Open each system once, for the length of the block."""
    async with AsyncExitStack() as stack:
        opened: dict[type[Any], object] = {}
        for kind in dict.fromkeys(kinds):
            opened[kind] = await stack.enter_async_context(kind.open(settings_for(kind, environment)))
        yield Systems(opened)


def not_set_up(kinds: Iterable[type[System]], environment: Environment | None = None) -> list[str]:
    """Return one sentence for each declared system whose variables are empty: requests that need it go to a person."""
    sentences: list[str] = []
    for kind in kinds:
        variables: tuple[str, ...] = getattr(kind, "variables", ())
        settings = settings_for(kind, environment) if variables else None
        empty = [name for name in variables if not _is_set(settings, name)]
        if empty:
            sentences.append(f"the system {kind.__name__} is not set up: set {' and '.join(empty)}")
    return sentences


def _is_set(settings: SystemSettings | None, variable: str) -> bool:
    value = getattr(settings, variable.removeprefix("DISPATCH_").lower(), "")
    return bool(value.get_secret_value() if isinstance(value, SecretStr) else value)

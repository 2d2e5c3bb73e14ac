"""Makes the class of each declared system, so that it is opened and provided as a coded one is."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple, cast

from pydantic import Field, SecretStr, create_model

from activities.contracts import System, Systems, SystemSettings
from activities.declared_systems.contracts import Acting, NotSetUp, Reading
from activities.declared_systems.http import open_http
from activities.declared_systems.mcp import open_mcp
from activities.declared_systems.sql import open_sql
from dispatch.models.declared.systems import DeclaredSystem, HttpSystem, McpSystem, SqlSystem
from dispatch.models.errors import CatalogueError

PREFIX = "DISPATCH_"


class SystemId(NamedTuple):
    """The key of a declared system, which belongs to its desk; another desk may declare one of the same name."""

    desk: str
    name: str


@dataclass(frozen=True)
class SystemClasses:
    """One declared system, with the class of its read-only connection and of its acting one."""

    spec: DeclaredSystem
    reading: type[System]
    acting: type[System] | None


class ReadingSystems:
    """The opened declared systems of all desks, for generic roles; an engine's own part, so that none declares it."""

    def __init__(self, opened: Mapping[SystemId, Reading]) -> None:
        self._opened = dict(opened)

    def of(self, desk: str, name: str) -> Reading:
        """Return a system of a desk; raises CatalogueError if its systems.yaml does not have it (any more)."""
        found = self._opened.get(SystemId(desk, name))
        if found is None:
            raise CatalogueError(f"the desk {desk} has no system {name}; add it to its systems.yaml")
        return found


def reading_systems(classes: Mapping[SystemId, SystemClasses], systems: Systems) -> ReadingSystems:
    """Return the declared systems that are open in a worker of the desk queue."""
    return ReadingSystems({key: cast("Reading", systems.get(each.reading)) for key, each in classes.items()})


def classes_of_systems(desk: str, systems: Mapping[str, DeclaredSystem]) -> dict[SystemId, SystemClasses]:
    """Return the classes of a desk's declared systems."""
    found = {}
    for name, spec in systems.items():
        acts = isinstance(spec, HttpSystem) and spec.acting_key_variable is not None
        found[SystemId(desk, name)] = SystemClasses(
            spec,
            _class(desk, name, spec, acting=False),
            _class(desk, name, spec, acting=True) if acts else None,
        )
    return found


def _class(desk: str, name: str, spec: DeclaredSystem, *, acting: bool) -> type[System]:
    place, key = _variables(spec, acting=acting)
    fields: dict[str, Any] = {
        _field(place): (str, Field(default="", description=f"where the system {name} of the desk {desk} is"))
    }
    if key is not None:
        what = "may change something" if acting else "may only read"
        fields[_field(key)] = (SecretStr, Field(default=SecretStr(""), description=f"of {name}; {what}"))
    settings_class = create_model("Settings", __base__=SystemSettings, **fields)

    @asynccontextmanager
    async def opened(settings: Any) -> AsyncIterator[Reading | Acting]:
        where = str(getattr(settings, _field(place)))
        secret = getattr(settings, _field(key)).get_secret_value() if key is not None else ""
        missing = [variable for variable, value in ((place, where), (key, secret)) if variable and not value]
        if missing:
            yield NotSetUp(f"{desk}.{name}", tuple(missing))
            return
        async with _connection(f"{desk}.{name}", spec, where, secret) as connection:
            yield connection

    def open_class(_cls: type[Any], settings: Any) -> AbstractAsyncContextManager[Any]:
        return opened(settings)

    title = f"{desk}.{name}{' to act' if acting else ''}"
    members = {
        "acting": acting,
        "Settings": settings_class,
        "open": classmethod(open_class),
        "variables": tuple(variable for variable in (place, key) if variable),
    }
    return type(title, (), members)


def _connection(
    name: str, spec: DeclaredSystem, where: str, key: str
) -> AbstractAsyncContextManager[Reading | Acting]:
    if isinstance(spec, HttpSystem):
        return open_http(name, spec, where, key)
    return (
        open_sql(name, spec, where, key) if isinstance(spec, SqlSystem) else open_mcp(name, spec, where, key)
    )


def _variables(spec: DeclaredSystem, *, acting: bool) -> tuple[str, str | None]:
    if isinstance(spec, HttpSystem):
        return spec.base_url_variable, spec.acting_key_variable if acting else spec.key_variable
    if isinstance(spec, McpSystem):
        return spec.command_variable or spec.url_variable or "", spec.key_variable
    return spec.url_variable, spec.key_variable


def _field(variable: str) -> str:
    return variable.removeprefix(PREFIX).lower()

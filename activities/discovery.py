"""Strict reading of open sets: one public class a file, named as the file, with every member of its contract.

Between the sets, no name is shared, and each system that a class uses exists.
"""

import importlib
import importlib.util
import inspect
import pkgutil
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

from pydantic_settings import BaseSettings

from dispatch.models.contract import Contract
from dispatch.models.errors import CatalogueError


@dataclass(frozen=True)
class Member:
    """One required member of a class: a value or Contract subclass of `kind`, or a function; all but one kind async."""

    name: str
    kind: (
        type[Contract]
        | type[tuple[Any, ...]]
        | type[bool]
        | type[str]
        | type[BaseSettings]
        | Literal["method", "function", "static", "class", "rule"]
    )


@dataclass(frozen=True)
class Contracted:
    """An open set: the name of its classes, and their required members."""

    role: str
    members: tuple[Member, ...]


def classes_of(
    homes: Iterable[str], folder: str, contract: Contracted, errors: list[CatalogueError] | None = None
) -> dict[str, type[Any]]:
    """Return file name -> class for the modules in `folder` of every package that has such a folder.

    Raises CatalogueError as `one_class_per_file` does, and for a name that stands in two packages. With `errors`
    nothing is raised: what is wrong is put there and left out.
    """
    found: dict[str, type[Any]] = {}
    for home in homes:
        package = f"{home}.{folder}"
        # A module that is there and cannot be imported must be told, so only what is not there is passed over.
        if importlib.util.find_spec(package) is None:
            continue
        for name, kind in one_class_per_file(package, contract, errors).items():
            if name in found:
                other = found[name].__module__
                _tell(
                    CatalogueError(
                        f"the {contract.role} {name} stands in {package} and as {other}; rename one of them"
                    ),
                    errors,
                )
                continue
            found[name] = kind
    return found


def one_class_per_file(
    package: str, contract: Contracted, errors: list[CatalogueError] | None = None
) -> dict[str, type[Any]]:
    """Return file name -> class for every module of a package, in order of name.

    Raises CatalogueError with one sentence that names the file and the remedy.
    """
    found: dict[str, type[Any]] = {}
    home = importlib.import_module(package)
    # One folder at a time: over all of them together, pkgutil hides the second of two files with one name.
    entries = [entry for folder in home.__path__ for entry in pkgutil.iter_modules([folder])]
    for entry in sorted(entries, key=lambda module: module.name):
        try:
            found[entry.name] = _class_in(entry, package, home, contract, found)
        except CatalogueError as error:
            _tell(error, errors)
    return found


def _tell(error: CatalogueError, errors: list[CatalogueError] | None) -> None:
    if errors is None:
        raise error
    errors.append(error)


def _class_in(
    entry: pkgutil.ModuleInfo, package: str, home: ModuleType, contract: Contracted, found: Iterable[str]
) -> type[Any]:
    if entry.ispkg:
        raise CatalogueError(
            f"{_place(home, entry.name)} is a folder; put the {contract.role} in one file {entry.name}.py"
        )
    if entry.name in found:
        raise CatalogueError(
            f"{_place(home, entry.name)}.py exists twice on the path of {package}; remove one"
        )
    module = _load(package, entry.name, home, contract.role)
    return _only_class(module, entry.name, home, contract)


def class_name(file_name: str) -> str:
    """Return the CamelCase class name that belongs to a file name: order_history -> OrderHistory."""
    return "".join(part.capitalize() for part in file_name.split("_"))


def _place(home: ModuleType, name: str) -> str:
    return str(Path(next(iter(home.__path__))) / name)


def _load(package: str, name: str, home: ModuleType, role: str) -> ModuleType:
    try:
        return importlib.import_module(f"{package}.{name}")
    except Exception as error:
        raise CatalogueError(
            f"{_place(home, name)}.py: cannot be imported ({type(error).__name__}: {error}); "
            f"correct it, or move it out of the {role}s"
        ) from error


def _only_class(module: ModuleType, name: str, home: ModuleType, contract: Contracted) -> type[Any]:
    file, wanted = f"{_place(home, name)}.py", class_name(name)
    classes = [
        value
        for key, value in vars(module).items()
        if inspect.isclass(value)
        and value.__module__ == module.__name__
        and key.isidentifier()  # pydantic also keeps `Listing[Order]` here
        and not key.startswith("_")
    ]
    if not classes:
        raise CatalogueError(f"{file}: holds no class; write the {contract.role} as class {wanted}")
    if len(classes) > 1:
        names = ", ".join(sorted(cls.__name__ for cls in classes))
        raise CatalogueError(
            f"{file}: holds {len(classes)} classes ({names}); keep {wanted} and move or underscore the others"
        )
    (cls,) = classes
    if cls.__name__ != wanted:
        raise CatalogueError(f"{file}: holds class {cls.__name__}; name it {wanted}, as its file")
    for member in contract.members:
        _require(member, cls, file)
    return cls


def _require(member: Member, cls: type[Any], file: str) -> None:
    value = inspect.getattr_static(cls, member.name, None)
    kind = member.kind
    if kind == "static":
        good = isinstance(value, staticmethod) and inspect.iscoroutinefunction(value.__func__)
        remedy = f"write @staticmethod async def {member.name}(...)"
    elif kind == "function":
        good = inspect.isfunction(value) and not inspect.iscoroutinefunction(value)
        remedy = f"write def {member.name}(self, ...)"
    elif kind == "method":
        good, remedy = inspect.iscoroutinefunction(value), f"write async def {member.name}(self, ...)"
    elif kind == "rule":
        good, remedy = isinstance(value, staticmethod), f"write @staticmethod def {member.name}(...)"
    elif kind == "class":
        good = isinstance(value, classmethod)
        remedy = f"write @classmethod @asynccontextmanager async def {member.name}(cls, ...)"
    elif issubclass(kind, (Contract, BaseSettings)):
        good = inspect.isclass(value) and issubclass(value, kind)
        remedy = f"give it a class attribute {member.name}, a {kind.__name__}"
    else:
        good = isinstance(value, kind)
        remedy = f"give it a class attribute {member.name}: {kind.__name__}"
    if not good:
        raise CatalogueError(f"{file}: {cls.__name__} lacks {member.name} as its contract has it; {remedy}")


def shared_names(sets: Sequence[Mapping[str, type[Any]]]) -> Iterator[CatalogueError]:
    """Yield each name that two open sets have."""
    for index, names in enumerate(sets):
        for name in names:
            if any(name in other for other in sets[:index]):
                yield CatalogueError(
                    f"{name}.py exists in two open sets; rename one, so that a name says who acted"
                )


def unknown_systems(
    users: Sequence[Mapping[str, type[Any]]], known: Mapping[str, type[Any]], may_act: Collection[str]
) -> Iterator[CatalogueError]:
    """Yield each class that uses an unknown system, or an acting one although the class may only read."""
    systems = {kind: name for name, kind in known.items()}
    for name, kind in ((name, kind) for each in users for name, kind in each.items()):
        for system in kind.uses:
            if system not in systems:
                names = ", ".join(sorted(each.__name__ for each in systems)) or "none"
                yield CatalogueError(
                    f"{name}.py uses {getattr(system, '__name__', repr(system))}, which is no system that was "
                    f"found; give some of: {names}; or add its file to a folder systems"
                )
            elif system.acting and name not in may_act:
                yield CatalogueError(
                    f"{name}.py uses {system.__name__}, which can act; only an action may, so give it a system "
                    "that reads"
                )

"""Strict reading of one open set: one public class a file, named as the file, with every member of its contract."""

import importlib
import importlib.util
import inspect
import pkgutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

from pydantic_settings import BaseSettings

from dispatch.models.contract import Contract
from dispatch.models.errors import CatalogueError


@dataclass(frozen=True)
class Member:
    """One thing that a class must have: a value or Contract subclass of `kind`, or an async function."""

    name: str
    kind: (
        type[Contract]
        | type[tuple[Any, ...]]
        | type[bool]
        | type[BaseSettings]
        | Literal["method", "static", "class"]
    )


@dataclass(frozen=True)
class Contracted:
    """An open set's word for its classes, and what each must have."""

    role: str
    members: tuple[Member, ...]


def classes_of(homes: Iterable[str], folder: str, contract: Contracted) -> dict[str, type[Any]]:
    """Return file name -> class for the modules in `folder` of every package that has such a folder.

    Raises CatalogueError as `one_class_per_file` does, and for a name that stands in two packages.
    """
    found: dict[str, type[Any]] = {}
    for home in homes:
        package = f"{home}.{folder}"
        # A module that is there and cannot be imported must be told, so only what is not there is passed over.
        if importlib.util.find_spec(package) is None:
            continue
        for name, kind in one_class_per_file(package, contract).items():
            if name in found:
                other = found[name].__module__
                raise CatalogueError(
                    f"the {contract.role} {name} stands in {package} and as {other}; rename one of them"
                )
            found[name] = kind
    return found


def one_class_per_file(package: str, contract: Contracted) -> dict[str, type[Any]]:
    """Return file name -> class for every module of a package, in order of name.

    Raises CatalogueError with one sentence that names the file and the remedy.
    """
    found: dict[str, type[Any]] = {}
    home = importlib.import_module(package)
    # One folder at a time: over all of them at once, pkgutil hides the second of two files of one name.
    entries = [entry for folder in home.__path__ for entry in pkgutil.iter_modules([folder])]
    for entry in sorted(entries, key=lambda module: module.name):
        if entry.ispkg:
            raise CatalogueError(
                f"{_place(home, entry.name)} is a folder; put the {contract.role} in one file {entry.name}.py"
            )
        if entry.name in found:
            raise CatalogueError(
                f"{_place(home, entry.name)}.py exists twice on the path of {package}; remove one"
            )
        module = _load(package, entry.name, home, contract.role)
        found[entry.name] = _only_class(module, entry.name, home, contract)
    return found


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
    elif kind == "method":
        good, remedy = inspect.iscoroutinefunction(value), f"write async def {member.name}(self, ...)"
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

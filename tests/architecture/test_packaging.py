"""What `pip install .` installs: every package, and every file beside the code that the code reads."""

import tomllib
from fnmatch import fnmatch
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).parents[2]
SETUP = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PACKAGES = [pattern.rstrip("*") for pattern in SETUP["tool"]["setuptools"]["packages"]["find"]["include"]]
NOT_SHIPPED = {"tests", "bench"}


def test_every_package_of_the_checkout_is_installed() -> None:
    """A new top-level package that pyproject.toml does not name would be missing after `pip install .`."""
    found = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert found - NOT_SHIPPED == set(PACKAGES)


def test_every_file_beside_the_code_is_installed() -> None:
    """A template or a playbook whose ending is not named would be missing after `pip install .`."""
    patterns = SETUP["tool"]["setuptools"]["package-data"]["*"]
    files = [
        path
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.is_file() and path.suffix not in {".py", ".pyc"}
    ]
    assert files
    missing = [
        str(path.relative_to(ROOT)) for path in files if not any(fnmatch(path.name, p) for p in patterns)
    ]
    assert not missing


def test_the_command_is_there() -> None:
    """What `dispatch` is installed to run can be called."""
    module, _, name = SETUP["project"]["scripts"]["dispatch"].partition(":")
    assert callable(getattr(import_module(module), name))

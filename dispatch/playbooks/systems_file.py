"""Reads a desk's `systems.yaml`, in which it declares the outside systems of its declared roles and actions."""

from pathlib import Path
from typing import Final

from dispatch.models.declared.systems import DeclaredSystem, SystemsFile
from dispatch.models.errors import PlaybookError
from dispatch.playbooks.loader import survey_file, validated_file

SYSTEMS_FILE: Final = "systems.yaml"


def load_systems(desk: Path) -> dict[str, DeclaredSystem]:
    """Return the systems of a desk's folder; none where it has no such file. Raises PlaybookError."""
    file = desk / SYSTEMS_FILE
    return dict(validated_file(file, SystemsFile).systems) if file.is_file() else {}


def survey_systems(desk: Path) -> list[PlaybookError]:
    """Return all errors in the systems of a desk, whereas a worker stops at the first."""
    file = desk / SYSTEMS_FILE
    return survey_file(file, SystemsFile)[1] if file.is_file() else []

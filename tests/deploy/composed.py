"""docker-compose.yml as a fresh clone has it: its services, and the environment that each is given."""

import re
from pathlib import Path
from typing import Any, Final

import yaml

ROOT: Final = Path(__file__).parents[2]
COMPOSE: Final[dict[str, Any]] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: Final[dict[str, dict[str, Any]]] = COMPOSE["services"]
IMAGE: Final = COMPOSE["x-desk"]["image"]
OURS: Final = [name for name, service in SERVICES.items() if service["image"] == IMAGE]


def environment(service: str) -> dict[str, str]:
    """Return what a service is told where there is no .env; a name without a value is then unset."""
    told = SERVICES[service].get("environment", {})
    return {name: _resolved(value) for name, value in told.items() if value is not None}


def passed_on(service: str) -> set[str]:
    """Return the names that .env can set for a service, with a default or without."""
    told = SERVICES[service].get("environment", {})
    return {name for name, value in told.items() if value is None or f"${{{name}:-" in str(value)}


def _resolved(value: str | int) -> str:
    return re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", str(value))

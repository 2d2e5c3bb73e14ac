"""Nothing that a stranger writes may take more than linear time, whatever a pattern is fed with."""

import importlib
import pkgutil
import re
from collections.abc import Iterator

import pytest

import dispatch.clients
import dispatch.rules
from dispatch.playbooks.loader import load_playbooks
from tests.cpu import cpu_seconds
from tests.desk import SHIPPED_PLAYBOOKS
from tests.rules.pattern_units import units_of

CHARS = 50_000
CPU_SECONDS = 0.5
MISMATCHES = ("\x00", "a")


def patterns() -> Iterator[tuple[str, re.Pattern[str]]]:
    """Yield every pattern of the rules and clients, so that a new one is covered too, and the shipped desks' own."""
    for package in (dispatch.rules, dispatch.clients):
        for module in pkgutil.iter_modules(package.__path__, package.__name__ + "."):
            for name, value in vars(importlib.import_module(module.name)).items():
                if isinstance(value, re.Pattern) and isinstance(value.pattern, str):
                    yield f"{module.name.removeprefix('dispatch.')}.{name}", value
    for desk, in_force in load_playbooks(SHIPPED_PLAYBOOKS).by_desk.items():
        for field, spec in in_force.playbook.fields.items():
            yield f"{desk}.fields.{field}", re.compile(spec.pattern)


PATTERNS = dict(patterns())


def test_the_patterns_are_found() -> None:
    """The walk over the modules does not come home empty."""
    assert {"rules.sentences._END_OF_SENTENCE", "clients.mail_file._MESSAGE_ID", "support.fields.damage"} <= set(
        PATTERNS
    )


@pytest.mark.parametrize("name", PATTERNS)
def test_every_pattern_is_linear_in_what_it_feeds_on(name: str) -> None:
    """Fifty thousand characters of each class and word of the pattern, alone and with a misfit at the end."""
    pattern = PATTERNS[name]
    units = units_of(pattern)
    beginnings = ("", max(units, key=len))
    for unit in units:
        many = unit * (CHARS // len(unit))
        with cpu_seconds(CPU_SECONDS, f"{name} over {unit!r}"):
            for _ in pattern.finditer(many):
                pass
        for text in (begin + many + end for begin in beginnings for end in MISMATCHES):
            with cpu_seconds(CPU_SECONDS, f"{name} from the start of {unit!r} and {text[-1:]!r}"):
                pattern.match(text)
                pattern.fullmatch(text)


def test_a_quadratic_pattern_would_be_found() -> None:
    """The bound does end a pattern that runs away, at once and not after minutes."""
    with pytest.raises(pytest.fail.Exception, match="was ended"), cpu_seconds(0.2, "it"):
        re.compile(r"[.!]+ ").search("." * 200_000)

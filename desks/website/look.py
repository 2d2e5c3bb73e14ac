"""What a browser shows of a page."""

from collections.abc import Awaitable, Callable
from typing import NamedTuple


class Violation(NamedTuple):
    """A rule of axe that elements of a page break."""

    rule: str
    impact: str
    text: str
    elements: int
    examples: tuple[str, ...]


class Look(NamedTuple):
    """A page as a phone shows it."""

    picture: bytes
    too_wide: int
    """By how many pixels the page is wider than the screen; 0 where it fits."""
    violations: tuple[Violation, ...]


Files = Callable[[str], Awaitable[bytes | None]]
"""Returns a file of the site by its path; None where there is none."""

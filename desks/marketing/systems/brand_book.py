"""The rules of the brand, read once from brand.yaml."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import ClassVar, Self

import structlog
from pydantic import Field

from activities.contracts import SystemSettings
from desks.marketing.brand_file import BRAND_FILE, load_house
from desks.marketing.rules.house import House

log = structlog.get_logger("brand_book")


class BrandBook:
    """A brand's rules, made ready once for all roles that use them."""

    acting: ClassVar[bool] = False

    class Settings(SystemSettings):
        """Where the brand is described."""

        brand_file: Path | None = Field(
            default=None, description="a brand.yaml of your own, outside the checkout; none: the desk's"
        )

    def __init__(self, house: House) -> None:
        self.house = house

    @classmethod
    @asynccontextmanager
    async def open(cls, settings: Settings) -> AsyncIterator[Self]:
        """Read the brand; raises PlaybookError, which names file, key and remedy. What of a style cannot be run is logged."""
        house = load_house(settings.brand_file or BRAND_FILE)
        for problem in house.not_run:
            log.warning("a rule of a style is not run", where=problem.in_words)
        yield cls(house)

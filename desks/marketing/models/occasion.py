"""For what a text is written: the part of a brief that rules look at."""

from datetime import date

from pydantic import Field

from dispatch.models.contract import Contract


class Occasion(Contract):
    """Where and when copy appears; an empty value is not known, and rules that need it do not speak."""

    channel: str = ""
    language: str = Field(default="en", description="of the copy, ISO 639-1")
    region: str = Field(default="", description="ISO 3166-1, such as DE")
    topics: tuple[str, ...] = ()
    audience: str = ""
    launch: date | None = Field(default=None, description="the day on which it is published")

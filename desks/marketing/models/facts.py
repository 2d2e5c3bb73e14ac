"""The marketing desk's models of Finding.facts, and of its specialists' playbook entries."""

from datetime import date, time

from pydantic import Field

from desks.marketing.copy.text import CopyForm
from desks.marketing.models.flag import Flag
from desks.marketing.models.occasion import Occasion
from dispatch.models.contract import Contract, Moment
from dispatch.models.request.submission import DocumentRef
from dispatch.models.work.severity import Severity


class NoTerms(Contract):
    """Nothing to set in the playbook; brand.yaml says what holds."""


class CopyReaderTerms(Contract):
    """The playbook's entry for `copy_reader`."""

    publish_intents: tuple[str, ...] = Field(min_length=1, description="the intents that ask for publication")
    region: str = Field(default="", pattern=r"^([A-Z]{2})?$", description="where a brief names none")
    time_zone: str = Field(default="UTC", description="of a launch time that names none")
    launch_at: time = Field(default=time(9), description="of a launch day without a time")


class CopyFacts(Contract):
    """The brief and where its copy is; the copy itself is a document."""

    source: DocumentRef
    form: CopyForm
    title: str = Field(default="", max_length=300, description="the first heading, else the mail's subject")
    channel: str = ""
    audience: str = ""
    region: str = ""
    topics: tuple[str, ...] = ()
    language: str = "en"
    reach: int | None = None
    launch: Moment | None = Field(default=None, description="None: once it is approved")
    publish: bool = Field(description="whether publication is asked for, and not only a check")

    def occasion(self, today: date) -> Occasion:
        """Return what the rules look at; copy without a launch appears today."""
        return Occasion(
            channel=self.channel,
            language=self.language,
            region=self.region,
            topics=self.topics,
            audience=self.audience,
            launch=self.launch.date() if self.launch is not None else today,
        )


class Made(Contract):
    """One replacement, for a list."""

    before: str = Field(max_length=200)
    after: str = Field(max_length=200)
    rule: str
    times: int = 1


class EditFacts(Contract):
    """What the editor made of the copy; `diff` is None where nothing changed."""

    edited: DocumentRef
    diff: DocumentRef | None = None
    changes: tuple[Made, ...] = Field(default=(), max_length=100)
    number: int = Field(default=0, description="of all replacements")
    by: str = Field(
        default="", description="the person who wrote this text in place of the desk's, if one did"
    )


class FlagFacts(Contract):
    """What one part of the rules finds in the edited copy, in its order."""

    flags: tuple[Flag, ...] = Field(default=(), max_length=300)
    more: int = Field(default=0, description="beyond those that are listed")
    not_run: tuple[str, ...] = Field(default=(), description="rules of styles that could not be run")


class PublicationTerms(Contract):
    """The playbook's entry for `publication`."""

    most_exceptions: int = Field(
        default=7, ge=1, le=50, description="that a person is shown; the rest is counted"
    )


class ExceptionsTerms(Contract):
    """The playbook's entry for the reviewer `brand_exceptions`."""

    least: Severity = Field(
        default=Severity.MAJOR, description="what is less grave is told to the requester alone"
    )
    most: int = Field(default=7, ge=1, le=50, description="that are shown; the rest is counted")

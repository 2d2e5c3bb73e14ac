"""The shape of brand.yaml: what a marketer says of how their brand writes."""

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, StringConstraints, model_validator

from dispatch.models.contract import Contract
from dispatch.models.language import Text
from dispatch.models.work.severity import Severity

Word = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Words = Annotated[tuple[Word, ...], Field(max_length=2_000)]
ChannelName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z_]{0,39}$")]
Region = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
Host = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$")]


class _Part(Contract):
    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class Term(_Part):
    """A name of the brand and its one spelling; any other capitals of it are wrong."""

    write: Word = Field(description="the one spelling, such as 'Kestrel Cloud'")
    never: Words = Field(default=(), description="other spellings that people use")
    any_capitals: bool = Field(
        default=False, description="whether other capitals are allowed, as for a word of the language"
    )


class WordRule(_Part):
    """Words that are not written, and what is written instead."""

    not_: Words = Field(alias="not", min_length=1, description="words or phrases, in any case")
    use: Words = Field(
        default=(),
        description="what to write instead; one alone is put in the place of each, and of as many as there are words each "
        "in the place of the one beside it",
    )
    why: str = Field(default="", max_length=300, description="shown with the exception")
    fix: bool = Field(
        default=True, description="whether a `use` that is the only one is put in without a person"
    )
    language: str | None = Field(default=None, description="only in copy of this language")
    channels: tuple[ChannelName, ...] = Field(default=(), description="only there; none: everywhere")
    severity: Severity = Severity.MINOR


class Names(_Part):
    """Whose names copy may hold."""

    allowed: Words = Field(default=(), description="people and companies that have agreed")
    never: Words = Field(default=(), description="such as competitors")


class ReadingLevel(_Part):
    """How easy copy must be to read; each is left out where it does not matter."""

    min_ease: float | None = Field(
        default=None, ge=-50, le=121, description="Flesch reading ease; German: Amstad's"
    )
    max_grade: float | None = Field(
        default=None, ge=1, le=30, description="Flesch-Kincaid grade; German: first Wiener Sachtextformel"
    )
    max_sentence_words: int | None = Field(default=None, ge=5, le=200)


class Channel(_Part):
    """What is particular to one channel."""

    min_chars: int | None = Field(default=None, ge=1)
    max_chars: int | None = Field(default=None, ge=1)
    max_heading_chars: int | None = Field(
        default=None, ge=1, description="of the first heading, the subject of a mail"
    )
    max_emoji: int | None = Field(default=None, ge=0)
    max_exclamations: int | None = Field(default=None, ge=0)
    max_hashtags: int | None = Field(default=None, ge=0)
    reading: dict[str, ReadingLevel] | None = Field(
        default=None, description="by language, in the place of the general one"
    )

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.min_chars is not None and self.max_chars is not None and self.min_chars > self.max_chars:
            raise ValueError("min_chars is more than max_chars")
        return self


class Disclaimer(_Part):
    """A sentence that law or the house wants with a topic."""

    topic: Word
    signs: Words = Field(default=(), description="words by which copy shows that it is about the topic")
    regions: tuple[Region, ...] = Field(default=(), description="only there; none: everywhere")
    channels: tuple[ChannelName, ...] = Field(default=(), description="only there; none: everywhere")
    text: Text = Field(description="the sentence, by language")
    why: str = Field(default="", max_length=300)
    regulated: bool = Field(default=True, description="whether copy without it needs a signature")


class Utm(_Part):
    """How links to our own pages are tagged, so that their visits can be counted."""

    required: tuple[Word, ...] = ("utm_source", "utm_medium", "utm_campaign")
    channels: tuple[ChannelName, ...] = Field(default=(), description="only there; none: everywhere")
    values: dict[str, dict[ChannelName, Words]] = Field(
        default_factory=dict, description="parameter -> channel -> the values that it may have"
    )
    pattern: str = Field(
        default="[a-z0-9][a-z0-9_-]*", description="how every value is written; a pattern of RE2"
    )


class Links(_Part):
    """Where links may lead."""

    hosts: tuple[Host, ...] = Field(default=(), description="our own, with all that ends in .<host>")
    others: tuple[Host, ...] = Field(default=(), description="allowed hosts of others")
    utm: Utm | None = None
    check: bool = Field(default=False, description="whether our own links are fetched, to find dead ones")


class ApprovedClaim(_Part):
    """What may be said, because somebody has proved it."""

    text: Word = Field(description="the words of the claim, such as '99.9 % uptime'")
    source: Word = Field(description="where the proof is")
    expires: date = Field(description="the last day on which it may be said")
    regions: tuple[Region, ...] = Field(default=(), description="only there; none: everywhere")
    channels: tuple[ChannelName, ...] = Field(default=(), description="only there; none: everywhere")
    regulated: bool = Field(default=False, description="whether a person must sign each time it is said")


class Claims(_Part):
    """What copy may claim."""

    approved: Annotated[tuple[ApprovedClaim, ...], Field(max_length=5_000)] = ()
    own_names: Words = Field(
        default=(), description="beside the brand's name: who 'we' is, where a claim is made of oneself"
    )


class Style(_Part):
    """A folder of rules in the form of Vale styles."""

    folder: Word = Field(description="beside brand.yaml, such as 'styles/house'")
    leave_out: Words = Field(default=(), description="rules of it that are not used, by file name")
    fix: Words = Field(
        default=(),
        description="rules of it whose single replacement is put in without a person, by file name",
    )


class Brand(_Part):
    """The whole of brand.yaml."""

    brand: Word = Field(description="the name of the brand")
    spelling: Literal["american", "british", "australian", "canadian", "indian"] = "american"
    terms: Annotated[tuple[Term, ...], Field(max_length=1_000)] = ()
    words: Annotated[tuple[WordRule, ...], Field(max_length=2_000)] = ()
    inclusive: Annotated[tuple[WordRule, ...], Field(max_length=2_000)] = ()
    tone: Annotated[tuple[WordRule, ...], Field(max_length=2_000)] = ()
    names: Names = Names()
    reading: dict[str, ReadingLevel] = Field(default_factory=dict, description="by language: en, de")
    channels: Annotated[dict[ChannelName, Channel], Field(max_length=40)] = Field(default_factory=dict)
    disclaimers: Annotated[tuple[Disclaimer, ...], Field(max_length=200)] = ()
    links: Links = Links()
    claims: Claims = Claims()
    styles: Annotated[tuple[Style, ...], Field(max_length=20)] = ()

    @model_validator(mode="after")
    def _channels_are_known(self) -> Self:
        named = {
            channel
            for part in (
                *(rule.channels for rule in (*self.words, *self.inclusive, *self.tone)),
                *(disclaimer.channels for disclaimer in self.disclaimers),
                *(claim.channels for claim in self.claims.approved),
            )
            for channel in part
        }
        if self.links.utm is not None:
            named |= set(self.links.utm.channels)
            named |= {channel for values in self.links.utm.values.values() for channel in values}
        if unknown := sorted(named - set(self.channels)):
            known = ", ".join(sorted(self.channels)) or "none"
            raise ValueError(f"the channel {unknown[0]!r} is none of `channels` ({known})")
        return self

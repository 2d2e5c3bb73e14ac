"""Sentences that must stand with a topic."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from desks.marketing.copy.text import Copy
from desks.marketing.models.brand import Brand, Disclaimer
from desks.marketing.models.flag import Flag
from desks.marketing.models.occasion import Occasion
from desks.marketing.rules.folding import Token, found_in, tokens
from desks.marketing.rules.rule import Rule
from dispatch.models.language import in_each_language, in_language
from dispatch.models.work.severity import Severity


@dataclass(frozen=True)
class Required:
    """A sentence that the topic needs, in some regions and channels, is not there."""

    entry: Disclaimer
    name: str = "disclaimer.missing"

    @cached_property
    def _signs(self) -> tuple[tuple[Token, ...], ...]:
        return tuple(tokens(sign) for sign in self.entry.signs)

    def check(self, copy: Copy, occasion: Occasion) -> Iterator[Flag]:
        """Yield one flag of the whole copy where it is about the topic and the sentence is not in it."""
        entry = self.entry
        if entry.regions and occasion.region and occasion.region not in entry.regions:
            return
        if entry.channels and occasion.channel and occasion.channel not in entry.channels:
            return
        if not self._is_about(copy, occasion):
            return
        sentence = in_language(entry.text, occasion.language)
        if found_in(tokens(sentence), tokens(copy.shown)):
            return
        why = f": {entry.why}" if entry.why else ""
        yield Flag(
            rule=self.name,
            severity=Severity.CRITICAL if entry.regulated else Severity.MAJOR,
            start=len(copy.source),
            end=len(copy.source),
            message=f"copy about {entry.topic} needs a sentence{why}. Add: “{sentence}”",
            replacement=sentence,
            is_regulated=entry.regulated,
        )

    def _is_about(self, copy: Copy, occasion: Occasion) -> bool:
        topic = self.entry.topic.casefold()
        if any(topic == named.casefold() for named in occasion.topics):
            return True
        said = tokens(copy.text)
        return any(found_in(sign, said) for sign in self._signs)


def required_places(brand: Brand, copy: Copy) -> tuple[tuple[int, int], ...]:
    """Return the places in the source of sentences that the brand itself wants: no rule of style is held against them."""
    wanted = {tokens(text) for entry in brand.disclaimers for text in in_each_language(entry.text)}
    said = tokens(copy.shown)
    places = (place for needle in wanted for place in found_in(needle, said))
    return tuple((span.start, span.end) for span in (copy.span(*place) for place in places))


def disclaimer_rules(brand: Brand) -> Sequence[Rule]:
    """Return the rules of required sentences."""
    return tuple(Required(entry) for entry in brand.disclaimers)

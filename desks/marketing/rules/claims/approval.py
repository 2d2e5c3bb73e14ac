"""Which claims the brand has approved, for a day, a region and a channel."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from desks.marketing.copy.text import Copy
from desks.marketing.models.brand import ApprovedClaim, Brand
from desks.marketing.models.flag import Flag
from desks.marketing.models.occasion import Occasion
from desks.marketing.rules.claims.finding import Claim, claims_in
from desks.marketing.rules.folding import Token, found_in, tokens
from desks.marketing.rules.rule import Rule, flag
from dispatch.models.work.severity import Severity

_MOST: Final = 60


@dataclass(frozen=True)
class Approved:
    """Every claim is one that the brand has approved, and still may be made when the copy appears."""

    brand: Brand
    name: str = "claim"

    @cached_property
    def _known(self) -> tuple[tuple[ApprovedClaim, tuple[Token, ...]], ...]:
        return tuple((claim, tokens(claim.text)) for claim in self.brand.claims.approved)

    def check(self, copy: Copy, occasion: Occasion) -> Iterator[Flag]:
        """Yield each claim that is not approved, or not for this day, region and channel; and what a person must sign."""
        for claim in claims_in(copy)[:_MOST]:
            yield from self._check(copy, occasion, claim)

    def _check(self, copy: Copy, occasion: Occasion, claim: Claim) -> Iterator[Flag]:
        place = (claim.start, claim.end)
        said = copy.text[claim.start : claim.end]
        fitting = [known for known in self._fitting(copy, claim) if _is_for(known, occasion)]
        valid = [known for known in fitting if occasion.launch is None or known.expires >= occasion.launch]
        if valid:
            if claim.kind.is_regulated or any(known.regulated for known in valid):
                text = f"“{said}” is approved ({valid[0].source}) and regulated: a person signs"
                yield flag(copy, "claim.regulated", place, text, severity=Severity.MINOR, regulated=True)
            return
        name, regulated = f"claim.{claim.kind.name}", claim.kind.is_regulated
        if fitting:
            last = max(fitting, key=lambda known: known.expires)
            text = f"“{said}” was approved until {last.expires:%d %B %Y} ({last.source}), which is before the launch; have it approved again"
            severity = Severity.CRITICAL if regulated or last.regulated else Severity.MAJOR
            yield flag(
                copy, "claim.expired", place, text, severity=severity, regulated=regulated or last.regulated
            )
            return
        text = f"“{said}” is {claim.kind.why} that nobody has approved; have it approved with its source, or leave it out"
        yield flag(copy, name, place, text, severity=claim.kind.severity, regulated=regulated)

    def _fitting(self, copy: Copy, claim: Claim) -> Iterator[ApprovedClaim]:
        """Yield the approved claims whose words stand in the sentence, around all the figures and words of this claim."""
        begin = claim.sentence.start
        hay = tokens(copy.text[begin : claim.sentence.end])
        own = [token for token in hay if token.start + begin < claim.end and token.end + begin > claim.start]
        if not own:
            return
        first, last = own[0].start, own[-1].end
        for known, needle in self._known:
            for start, end in found_in(needle, hay):
                if (start <= first and end >= last) or _covers_core(own, start, end):
                    yield known
                    break


def _covers_core(own: list[Token], start: int, end: int) -> bool:
    """Return whether an approved text covers all of a claim but small words at its edges, such as 'up to' and 'the'."""
    left = [token.text for token in own if token.start < start or token.end > end]
    return len(left) < len(own) and all(word in _SMALL for word in left)


_SMALL_TEXT: Final = (
    "the a an our its their your is are of to up only just from over more than about around nearly almost at "
    "least der die das den dem ab nur bis zu über mehr als unser unsere rund fast"
)
_SMALL: Final = frozenset(_SMALL_TEXT.split())


def _is_for(known: ApprovedClaim, occasion: Occasion) -> bool:
    region_fits = not known.regions or not occasion.region or occasion.region in known.regions
    return region_fits and (not known.channels or not occasion.channel or occasion.channel in known.channels)


def claim_rules(brand: Brand) -> Sequence[Rule]:
    """Return the rules of claims."""
    return (Approved(brand),)

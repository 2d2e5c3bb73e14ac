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
from desks.marketing.rules.rule import Rule, flag, is_within
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
        found = claims_in(copy)[:_MOST]
        for claim in found:
            yield from self._check(copy, occasion, claim)
        yield from self._regulated(copy, occasion, [(claim.start, claim.end) for claim in found])

    def _regulated(self, copy: Copy, occasion: Occasion, known: list[tuple[int, int]]) -> Iterator[Flag]:
        """Yield each regulated text of the brand that stands in the copy, though no pattern takes it for a claim."""
        hay = tokens(copy.text)
        for approved, needle in self._known:
            places = found_in(needle, hay) if approved.regulated else []
            for place in (one for one in places if not is_within(one, known)):
                said = copy.text[place[0] : place[1]]
                if not _is_for(approved, occasion):
                    text = f"“{said}” is approved for other regions or channels; leave it out here"
                    yield flag(copy, "claim.health", place, text, severity=Severity.CRITICAL, regulated=True)
                elif occasion.launch is not None and approved.expires < occasion.launch:
                    yield _expired(copy, place, said, approved, is_regulated=True)
                else:
                    yield _signed(copy, place, said, approved)

    def _check(self, copy: Copy, occasion: Occasion, claim: Claim) -> Iterator[Flag]:
        place = (claim.start, claim.end)
        said = copy.text[claim.start : claim.end]
        fitting = [known for known in self._fitting(copy, claim) if _is_for(known, occasion)]
        valid = [known for known in fitting if occasion.launch is None or known.expires >= occasion.launch]
        if valid:
            if claim.kind.is_regulated or any(known.regulated for known in valid):
                yield _signed(copy, place, said, valid[0])
            return
        name, regulated = f"claim.{claim.kind.name}", claim.kind.is_regulated
        if fitting:
            last = max(fitting, key=lambda known: known.expires)
            yield _expired(copy, place, said, last, is_regulated=regulated or last.regulated)
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


def _signed(copy: Copy, place: tuple[int, int], said: str, approved: ApprovedClaim) -> Flag:
    text = f"“{said}” is approved ({approved.source}) and regulated: a person signs"
    return flag(copy, "claim.regulated", place, text, severity=Severity.MINOR, regulated=True)


def _expired(
    copy: Copy, place: tuple[int, int], said: str, approved: ApprovedClaim, *, is_regulated: bool
) -> Flag:
    text = (
        f"“{said}” was approved until {approved.expires:%d %B %Y} ({approved.source}), which is before the launch; "
        "have it approved again"
    )
    severity = Severity.CRITICAL if is_regulated else Severity.MAJOR
    return flag(copy, "claim.expired", place, text, severity=severity, regulated=is_regulated)


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

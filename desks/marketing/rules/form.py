"""How copy looks: its length, emoji, exclamation marks, hashtags and capitals, by channel."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from desks.marketing.copy.text import PLACEHOLDER, BlockKind, Copy
from desks.marketing.models.brand import Brand, Channel
from desks.marketing.models.flag import Flag
from desks.marketing.models.occasion import Occasion
from desks.marketing.rules.rule import Rule, flag, is_within, quotes_in, whole
from dispatch.models.work.severity import Severity

_EMOJI: Final = re.compile(
    "(?:[\U0001f1e6-\U0001f1ff]{2}|[\U0001f300-\U0001f5ff\U0001f600-\U0001f64f\U0001f680-\U0001f6ff\U0001f900-\U0001f9ff"
    "\U0001fa70-\U0001faff\u2600-\u26ff\u2705\u2728\u2753-\u2757\u2764\u27a1\u2b50]"
    "(?:\ufe0f|[\U0001f3fb-\U0001f3ff]|\u200d[\U0001f300-\U0001faff\u2600-\u27bf]){0,6})"
)
_EXCLAMATION: Final = re.compile(r"(?<=[^\W_]|[\"'\u201d\u2019)\]?])[!?]{0,20}!(?![=!?\w])")
_REPEATED: Final = re.compile(r"(?<=[^\W_])(?:!{2,}|\?{2,}|(?=[!?]*\?)(?=[!?]*!)[!?]{2,})")
_SHOUTED: Final = re.compile(r"\b[A-Z\u00c0-\u00de]{2,}(?:[ ,]+[A-Z\u00c0-\u00de]{2,}){1,40}\b")
_LOUD_TEXT: Final = (
    "NOW TODAY ONLY FREE NEW SALE BUY SHOP YOU YOUR OUR ALL BEST LAST CHANCE HURRY NOT NEVER THE AND FOR IS "
    "IN WITH JETZT NUR HEUTE GRATIS NEU KAUFEN SALE ALLE DIE DER DAS UND FÜR NICHT SIE"
)
_LOUD: Final = frozenset(_LOUD_TEXT.split())
_HASHTAG: Final = re.compile(r"(?<![\w&/#])#[A-Za-z_\u00c0-\u024f][\w\u00c0-\u024f]*")
_MOST_LISTED: Final = 20
_FEWEST_LOUD: Final = 2
_RUN: Final = re.compile(f"{PLACEHOLDER}{{1,5000}}")
_LINK_CHARS: Final = 23


@dataclass(frozen=True)
class Length:
    """Copy that is too long or too short for its channel; `length.heading`: its heading."""

    brand: Brand
    name: str = "length"

    def check(self, copy: Copy, occasion: Occasion) -> Iterator[Flag]:
        """Yield what is too long or too short; a link or merge field counts 23 characters at most, as social networks count."""
        channel = _channel(self.brand, occasion)
        length = len(copy.text) - sum(max(len(run[0]) - _LINK_CHARS, 0) for run in _RUN.finditer(copy.text))
        if channel.max_chars is not None and length > channel.max_chars:
            over = (min(channel.max_chars, len(copy.text) - 1), len(copy.text))
            text = f"{length:,} characters; {occasion.channel} may have {channel.max_chars:,}. Cut {length - channel.max_chars:,}"
            yield flag(copy, self.name, over, text, severity=Severity.MAJOR)
        if channel.min_chars is not None and length < channel.min_chars:
            text = f"{length:,} characters; {occasion.channel} has {channel.min_chars:,} at least"
            yield whole(self.name, text)
        first = next(copy.blocks_of(BlockKind.HEADING), None)
        if channel.max_heading_chars is not None and first is not None:
            long = first.end - first.start
            if long > channel.max_heading_chars:
                text = f"the heading has {long} characters; {occasion.channel} may have {channel.max_heading_chars}"
                yield flag(copy, "length.heading", (first.start, first.end), text)


@dataclass(frozen=True)
class Emoji:
    """More emoji than the channel takes."""

    brand: Brand
    name: str = "emoji"

    def check(self, copy: Copy, occasion: Occasion) -> Iterator[Flag]:
        """Yield the emoji that are too many, the first of them."""
        most = _channel(self.brand, occasion).max_emoji
        found = [match.span() for match in _EMOJI.finditer(copy.text)] if most is not None else []
        if most is not None and len(found) > most:
            text = f"{_count(len(found), 'emoji', 'emoji')}; {occasion.channel} may have {most}"
            yield flag(copy, self.name, found[most], text)


@dataclass(frozen=True)
class Exclamations:
    """More exclamation marks than the channel takes; `exclamation.repeated`: several in a row, which is one."""

    brand: Brand
    name: str = "exclamation"

    def check(self, copy: Copy, occasion: Occasion) -> Iterator[Flag]:
        """Yield what is too many, and each run of marks."""
        quoted = quotes_in(copy)
        for match in _REPEATED.finditer(copy.text):
            kept = "?" if "?" in match[0] else "!"
            if not is_within(match.span(), quoted):
                text = f"“{match[0]}” is one mark: “{kept}”"
                yield flag(
                    copy,
                    "exclamation.repeated",
                    match.span(),
                    text,
                    replacement=kept,
                    certain="!" in match[0] or "?" in match[0],
                )
        most = _channel(self.brand, occasion).max_exclamations
        if most is None:
            return
        found = [m.span() for m in _EXCLAMATION.finditer(copy.text) if not is_within(m.span(), quoted)]
        if len(found) > most:
            text = f"{_count(len(found), 'exclamation mark', 'exclamation marks')}; {occasion.channel} may have {most}"
            yield flag(copy, self.name, found[most], text)


@dataclass(frozen=True)
class Hashtags:
    """More hashtags than the channel takes."""

    brand: Brand
    name: str = "hashtags"

    def check(self, copy: Copy, occasion: Occasion) -> Iterator[Flag]:
        """Yield what is too many; they stand in the source, for in the prose they are no words."""
        most = _channel(self.brand, occasion).max_hashtags
        if most is None:
            return
        found = list(_HASHTAG.finditer(copy.source))
        if len(found) > most:
            first = found[most]
            yield Flag(
                rule=self.name,
                severity=Severity.MINOR,
                start=first.start(),
                end=first.end(),
                quote=first[0],
                message=f"{len(found)} hashtags; {occasion.channel} may have {most}",
            )


@dataclass(frozen=True)
class Capitals:
    """Words all in capitals, one after another."""

    name: str = "capitals"

    def check(self, copy: Copy, occasion: Occasion) -> Iterator[Flag]:
        """Yield each run of at least two words in capitals with two everyday words among them."""
        del occasion
        for index, match in enumerate(_SHOUTED.finditer(copy.text)):
            if index >= _MOST_LISTED:
                return
            # Two abbreviations side by side ('REST API') are no shouting.
            loud = sum(word in _LOUD for word in re.split(r"[ ,]+", match[0]))
            if PLACEHOLDER not in match[0] and loud >= _FEWEST_LOUD:
                yield flag(
                    copy, self.name, match.span(), f"“{match[0]}” is all in capitals; write it as a sentence"
                )


def form_rules(brand: Brand) -> Sequence[Rule]:
    """Return the rules of form."""
    return Length(brand), Emoji(brand), Exclamations(brand), Hashtags(brand), Capitals()


def _channel(brand: Brand, occasion: Occasion) -> Channel:
    return brand.channels.get(occasion.channel, Channel())


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"

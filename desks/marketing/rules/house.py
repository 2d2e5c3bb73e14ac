"""All rules of a brand, and what they find in a copy."""

from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

from desks.marketing.copy.reading import read_source
from desks.marketing.copy.text import Copy, CopyForm
from desks.marketing.models.brand import Brand
from desks.marketing.models.flag import Flag
from desks.marketing.models.occasion import Occasion
from desks.marketing.rules.claims.approval import claim_rules
from desks.marketing.rules.disclaimers import disclaimer_rules, required_places
from desks.marketing.rules.editing import Edited, edit
from desks.marketing.rules.form import form_rules
from desks.marketing.rules.grammar import Grammar
from desks.marketing.rules.link_rules import link_rules
from desks.marketing.rules.names import name_rules
from desks.marketing.rules.readability import reading_rules
from desks.marketing.rules.rule import Rule, is_within
from desks.marketing.rules.vale.loading import NotRun, load_style
from desks.marketing.rules.words import word_rules

MOST_FLAGS: Final = 300
"""Of one part of the rules; what is beyond is counted and not listed."""


class StyleFiles(NamedTuple):
    """A style: its name, its files as parsed YAML, and which of its rules are left out and which mend by themselves."""

    name: str
    files: Mapping[str, Any]
    leave_out: tuple[str, ...] = ()
    fix: tuple[str, ...] = ()


class House:
    """The rules of one brand, made once; they only compute."""

    def __init__(self, brand: Brand, styles: Iterable[StyleFiles] = ()) -> None:
        """Make the rules; what of the styles cannot be run is in `not_run`."""
        self.brand = brand
        style_rules: list[Rule] = []
        not_run: list[NotRun] = []
        for style in styles:
            rules, problems = load_style(style.name, style.files, style.leave_out, style.fix)
            style_rules += rules
            not_run += problems
        self.not_run = tuple(not_run)
        self.wording = (
            *word_rules(brand),
            *name_rules(brand),
            *form_rules(brand),
            *disclaimer_rules(brand),
            *style_rules,
        )
        self.claims = tuple(claim_rules(brand))
        self.reading = tuple(reading_rules(brand))
        self.links = tuple(link_rules(brand))
        self.grammar = Grammar(brand)

    @property
    def rules(self) -> tuple[Rule, ...]:
        """Every rule."""
        return (*self.wording, *self.claims, *self.reading, *self.links, self.grammar)

    def judged(self, copy: Copy, occasion: Occasion, rules: Iterable[Rule] | None = None) -> tuple[Flag, ...]:
        """Return what some rules find, all if none are named, in the order of the copy.

        What stands in a sentence that the brand itself requires is left alone.
        """
        found = judged_by(self.rules if rules is None else rules, copy, occasion)
        required = required_places(self.brand, copy)
        return tuple(
            one for one in found if one.start == one.end or not is_within((one.start, one.end), required)
        )

    def edited(self, source: str, form: CopyForm, occasion: Occasion) -> Edited:
        """Return a source with all that is certain put in."""

        def find(text: str) -> tuple[Copy, tuple[Flag, ...]]:
            copy = read_source(text, form)
            return copy, self.judged(copy, occasion, (*self.wording, self.grammar))

        return edit(source, find)


def judged_by(rules: Iterable[Rule], copy: Copy, occasion: Occasion) -> tuple[Flag, ...]:
    """Return what some rules find, each place of a rule once, in the order of the copy."""
    found: dict[tuple[str, int, int, str], Flag] = {}
    for rule in rules:
        for one in rule.check(copy, occasion):
            found.setdefault((one.rule, one.start, one.end, one.quote if one.end else one.message), one)
    return tuple(sorted(found.values(), key=lambda one: (one.start, one.end, one.rule)))

"""Judges words, names, form, required sentences and the house's styles."""

from typing import ClassVar

from desks.marketing.judged_copy import CopyJudge
from desks.marketing.rules.rule import Rule


class BrandRules(CopyJudge):
    """Flags terms, words to avoid, inclusive words, tone, names, length, emoji, marks, required sentences and the rules of styles.

    It looks at the copy as the editor left it. Facts: FlagFacts.
    """

    name: ClassVar[str] = "brand_rules"

    def rules(self) -> tuple[Rule, ...]:
        return (*self.house.wording, self.house.grammar)

    def not_run(self) -> tuple[str, ...]:
        return tuple(one.in_words for one in self.house.not_run)

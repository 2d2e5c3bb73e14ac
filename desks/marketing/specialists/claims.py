"""Judges what copy claims."""

from typing import ClassVar

from desks.marketing.judged_copy import CopyJudge
from desks.marketing.rules.rule import Rule


class Claims(CopyJudge):
    """Flags each figure, superlative, comparison, price, deadline, and each claim of health or money that is not approved or has expired.

    It looks at the copy as the editor left it. Facts: FlagFacts.
    """

    name: ClassVar[str] = "claims"

    def rules(self) -> tuple[Rule, ...]:
        return self.house.claims

"""Judges how easy copy is to read."""

from typing import ClassVar

from desks.marketing.judged_copy import CopyJudge
from desks.marketing.rules.rule import Rule


class ReadingLevel(CopyJudge):
    """Flags copy that is harder than the brand wants, and sentences that are too long.

    It looks at the copy as the editor left it. Facts: FlagFacts.
    """

    name: ClassVar[str] = "reading_level"

    def rules(self) -> tuple[Rule, ...]:
        return self.house.reading
